using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;

namespace CdcSync.EndToEnd.Tests.Reconcile;

/// <summary>From PostgreSQL to PostgreSQL, by a high-water mark: what a mark does not see, a comparison does.</summary>
public sealed class PostgresPairTests
{
    private const int Rows = 20_000;

    [Fact]
    public async Task Deletes_that_a_mark_does_not_see_back_dated_updates_and_edits_by_hand_are_found_and_mended()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        using var folder = new TempFolder();
        var server = await PostgresServer.SharedAsync();
        await using var source = await server.CreateDatabaseAsync();
        await using var warehouse = await server.CreateDatabaseAsync();
        Write(folder, "capture: { highWaterMark: updated_at, kind: timestamp, overlap: 1m }", "acceptMissedDeletes: true");
        await source.ExecuteAsync($"""
            CREATE TABLE entries (id bigint PRIMARY KEY, note text, amount numeric(12,2), weight double precision, paid boolean, updated_at timestamptz NOT NULL);
            INSERT INTO entries SELECT i * 3, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'note ' || i END, i * 0.37, i / 3.0, i % 2 = 0, timestamptz '2026-01-01' + i * interval '1 second' FROM generate_series(1, {Rows}) AS i
            """);
        Dictionary<string, string> environment = new() { ["SHOP"] = source.ConnectionString, ["WAREHOUSE"] = warehouse.ConnectionString };
        await RunAsync(0, "sync", "--migrate");

        await source.ExecuteAsync("DELETE FROM entries WHERE id IN (SELECT g * 30 FROM generate_series(1, 8) AS g); UPDATE entries SET amount = amount + 1 WHERE id IN (SELECT 30000 + g * 30 FROM generate_series(1, 6) AS g)");
        await warehouse.ExecuteAsync("""
            DELETE FROM landed.entries WHERE id IN (SELECT 42000 + g * 30 FROM generate_series(1, 2) AS g);
            UPDATE landed.entries SET paid = NOT paid WHERE id IN (SELECT 51000 + g * 30 FROM generate_series(1, 2) AS g);
            INSERT INTO landed.entries (id, updated_at) VALUES (1, now()), (-5, now()), (9000001, now())
            """);
        await RunAsync(0, "sync");                                       // sees none of it

        var found = Only(await RunAsync(3, "reconcile", "--json")).GetProperty("report");
        Assert.Equal((2, 8, 11), HandEditTests.Counts(found));
        var mended = Only(await RunAsync(0, "reconcile", "--repair", "--json")).GetProperty("report");
        Assert.Equal((2, 8, 11, 21), HandEditTests.Counts(mended) is var (m, d, e) ? (m, d, e, mended.GetProperty("repaired").GetInt32()) : default);
        Assert.InRange(mended.GetProperty("rowsTravelled").GetInt32(), 21, (Rows / 100) - 1);

        const string Content = "SELECT count(*) || md5(string_agg(e::text, '' ORDER BY id)) FROM";
        Assert.Equal(await source.ScalarAsync<string>($"{Content} entries AS e"), await warehouse.ScalarAsync<string>($"{Content} landed.entries AS e"));

        async Task<ProcessResult> RunAsync(int exitCode, params string[] arguments)
        {
            var result = await CdcsyncProcess.RunAsync(folder.Root, arguments, environment);
            Assert.True(result.ExitCode == exitCode, result.ToString());
            return result;
        }
    }

    [Fact]
    public async Task By_its_log_a_source_is_compared_beside_a_daemon_and_a_writer_without_a_false_alarm()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var server = await PostgresServer.StartAsync(["wal_level=logical", "fsync=off", "full_page_writes=off", "max_replication_slots=20"]);
        using var folder = new TempFolder();
        await using var source = await server.CreateDatabaseAsync();
        await using var warehouse = await server.CreateDatabaseAsync();
        Write(folder, "interval: 300ms", "gapPolicy: reconcile");
        await source.ExecuteAsync("""
            CREATE TABLE entries (id bigint PRIMARY KEY, note text, amount numeric(12,2), weight double precision, paid boolean, updated_at timestamptz NOT NULL);
            INSERT INTO entries SELECT i * 3, 'note ' || i, i * 0.37, i / 3.0, i % 2 = 0, timestamptz '2026-01-01' + i * interval '1 second' FROM generate_series(1, 5000) AS i
            """);
        Dictionary<string, string> environment = new() { ["SHOP"] = source.ConnectionString, ["WAREHOUSE"] = warehouse.ConnectionString };
        await RunAsync(0, "discover", "shop", "entries", "--enable-tracking", "--apply");
        await RunAsync(0, "sync", "--migrate");
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(() => WriteAsync(source, stop.Token));
        try
        {
            await using var daemon = CdcsyncProcess.Start(folder.Root, ["run", "--listen", "127.0.0.1:0"], environment);
            await daemon.WaitForLineAsync("lease taken");
            for (var run = 0; run < 3; run++)
                Assert.Equal((0, 0, 0), HandEditTests.Counts(Only(await RunAsync(0, "reconcile", "--json")).GetProperty("report")));
            await warehouse.ExecuteAsync("DELETE FROM landed.entries WHERE id = 30");
            Assert.Equal((1, 0, 0), HandEditTests.Counts(Only(await RunAsync(3, "reconcile", "--json")).GetProperty("report")));
            daemon.Send(Signal.Terminate);
            await daemon.WaitForExitAsync();
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
        }

        await warehouse.ExecuteAsync("UPDATE landed.entries SET paid = NOT paid WHERE id = 60; INSERT INTO landed.entries (id, updated_at) VALUES (1, now())");
        Assert.Equal((1, 1, 1), HandEditTests.Counts(Only(await RunAsync(0, "reconcile", "--repair", "--json")).GetProperty("report")));
        await RunAsync(0, "sync");
        await AssertEqualAsync();

        // Changes that no log has any more: the gap policy compares, and publishes what differs.
        await source.ExecuteAsync("""
            ALTER PUBLICATION cdcsync_book_shop DROP TABLE entries;
            UPDATE entries SET note = 'in the gap' WHERE id <= 30; DELETE FROM entries WHERE id = 90; INSERT INTO entries VALUES (100000, 'in the gap', 1, 1, true, now());
            ALTER PUBLICATION cdcsync_book_shop ADD TABLE entries
            """);
        await RunAsync(0, "sync");
        await AssertEqualAsync();
        Assert.Equal("gap 12 1 10 1", await warehouse.ScalarAsync<string>("SELECT concat_ws(' ', kind, rows_read, inserted, updated, deleted) FROM cdcsync.ledger WHERE kind IN ('gap', 'refresh')"));
        await source.ExecuteAsync("UPDATE entries SET note = 'after the gap' WHERE id = 33");
        await RunAsync(0, "sync");
        await AssertEqualAsync();

        async Task AssertEqualAsync()
        {
            const string Content = "SELECT count(*) || md5(string_agg(e::text, '' ORDER BY id)) FROM";
            Assert.Equal(await source.ScalarAsync<string>($"{Content} entries AS e"), await warehouse.ScalarAsync<string>($"{Content} landed.entries AS e"));
        }

        async Task<ProcessResult> RunAsync(int exitCode, params string[] arguments)
        {
            var result = await CdcsyncProcess.RunAsync(folder.Root, arguments, environment);
            Assert.True(result.ExitCode == exitCode, result.ToString());
            return result;
        }
    }

    /// <summary>Keys that a language sorts otherwise than their bytes, and that differ in case or accents alone: places and hashes are of their bytes, on both sides.</summary>
    [Fact]
    public async Task Text_keys_under_a_languages_collation_are_told_apart_by_their_bytes()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        using var folder = new TempFolder();
        var server = await PostgresServer.SharedAsync();
        await using var source = await server.CreateDatabaseAsync();
        await using var warehouse = await server.CreateDatabaseAsync();
        Write(folder, "capture: { highWaterMark: updated_at, kind: timestamp, overlap: 1m }", "acceptMissedDeletes: true", "interval: 1s");
        File.WriteAllText(folder["book.odcs.yaml"], File.ReadAllText(folder["book.odcs.yaml"]).Replace("""
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
            """, """
                  - { name: code, logicalType: string, physicalType: text, primaryKey: true, primaryKeyPosition: 1, required: true, customProperties: [{ property: fold, value: none }] }
                  - { name: line, logicalType: integer, physicalType: int, primaryKey: true, primaryKeyPosition: 2, required: true }
            """, StringComparison.Ordinal));
        await source.ExecuteAsync("""
            CREATE TABLE entries (code text COLLATE "en-x-icu", line int, note text, amount numeric(12,2), weight double precision, paid boolean, updated_at timestamptz NOT NULL, PRIMARY KEY (code, line));
            INSERT INTO entries SELECT (ARRAY['a', 'A', 'ä', 'Ä', 'a b', 'ab', 'a-b', 'Z', 'z', 'ß', 'ss', 'é', E'e\u0301', '', ' ', '中'])[1 + i % 16] || i / 16, i % 7, 'note ' || i, i, i, true, timestamptz '2026-01-01' + i * interval '1 minute' FROM generate_series(0, 799) AS i
            """);
        // The target was made by hand, under yet another collation.
        await warehouse.ExecuteAsync("""
            CREATE SCHEMA landed; CREATE TABLE landed.entries (code text COLLATE "sv-x-icu", line int, note text, amount numeric(12,2), weight double precision, paid boolean, updated_at timestamptz, PRIMARY KEY (code, line))
            """);
        Dictionary<string, string> environment = new() { ["SHOP"] = source.ConnectionString, ["WAREHOUSE"] = warehouse.ConnectionString };
        await RunAsync(0, "sync", "--migrate");
        await warehouse.ExecuteAsync("DELETE FROM landed.entries WHERE code IN ('ä1', 'é2', E'e\u03013'); UPDATE landed.entries SET note = 'x' WHERE code IN ('Ä1', 'é3', '中4'); UPDATE landed.entries SET code = upper(code) WHERE code = 'z5'; INSERT INTO landed.entries (code, line, updated_at) VALUES ('Ss1', 1, now())");
        var found = Only(await RunAsync(3, "reconcile", "--json")).GetProperty("report");
        Assert.Equal((4, 3, 2, true), HandEditTests.Counts(found) is var (m, d, e) ? (m, d, e, found.GetProperty("isHashedBySource").GetBoolean()) : default);
        await RunAsync(0, "reconcile", "--repair");
        const string Content = "SELECT count(*) || md5(string_agg(e::text, '' ORDER BY e::text COLLATE \"C\")) FROM";
        Assert.Equal(await source.ScalarAsync<string>($"{Content} entries AS e"), await warehouse.ScalarAsync<string>($"{Content} landed.entries AS e"));

        async Task<ProcessResult> RunAsync(int exitCode, params string[] arguments)
        {
            var result = await CdcsyncProcess.RunAsync(folder.Root, arguments, environment);
            Assert.True(result.ExitCode == exitCode, result.ToString());
            return result;
        }
    }

    /// <summary>Flags that are set and cleared, rows that come and go: in the upper half of the keys.</summary>
    private static async Task WriteAsync(PostgresDatabase source, CancellationToken stop)
    {
        var random = new Random(5);
        await using var connection = await source.OpenAsync();
        while (!stop.IsCancellationRequested)
        {
            var key = 3 * random.Next(3_500, 3_800);
            await using var command = connection.CreateCommand();
            command.CommandText = random.Next(4) switch
            {
                0 => $"DELETE FROM entries WHERE id = {key}",
                1 => $"INSERT INTO entries VALUES ({key}, 'new', 1, 1, true, now()) ON CONFLICT DO NOTHING",
                _ => $"UPDATE entries SET paid = NOT paid WHERE id = {key}",
            };
            await command.ExecuteNonQueryAsync(CancellationToken.None);
            await Task.Delay(2, CancellationToken.None);
        }
    }

    private static JsonElement Only(ProcessResult result) => JsonDocument.Parse(result.Out).RootElement.GetProperty("datasets").EnumerateArray().Single();

    private static void Write(TempFolder folder, params string[] more)
    {
        File.WriteAllText(folder["cdcsync.yaml"], $$"""
            pipeline: book
            sources: { shop: { kind: postgres, connection: "${env:SHOP}" } }
            warehouse: { kind: postgres, connection: "${env:WAREHOUSE}", schema: landed }
            datasets:
              entries:
                source: shop
                object: entries
                contract: book.odcs.yaml
                {{string.Join("\n    ", more)}}
            """);
        File.WriteAllText(folder["book.odcs.yaml"], """
            apiVersion: v3.1.0
            kind: DataContract
            id: book
            version: 1.0.0
            status: active
            team: { name: book, members: [{ username: owner@example.com, role: Owner }] }
            schema:
              - name: entries
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
                  - { name: note, logicalType: string, physicalType: text }
                  - { name: amount, logicalType: number, physicalType: "decimal(12,2)" }
                  - { name: weight, logicalType: number, physicalType: double }
                  - { name: paid, logicalType: boolean, physicalType: boolean }
                  - { name: updated_at, logicalType: timestamp, physicalType: timestamptz, required: true }
            """);
    }
}
