using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;

namespace CdcSync.EndToEnd.Tests.Replication;

/// <summary>A PostgreSQL source that sees no more connections of a daemon than it was told, counted by the server.</summary>
public sealed class ConnectionBudgetTests(ITestOutputHelper output)
{
    private const int Limit = 6;
    private static readonly string[] Tracked = [.. Enumerable.Range(0, 6).Select(i => $"tracked_{i}")];
    private static readonly string[] All = [.. Tracked, "marked", "whole"];
    private static readonly HttpClient Client = new();

    [Fact]
    public async Task The_server_sees_no_more_connections_than_the_budget_has_though_every_table_is_locked_and_all_come_to_their_end()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var server = await PostgresServer.StartAsync(["wal_level=logical", "fsync=off", "full_page_writes=off", "max_replication_slots=20"]);
        await using var shop = await server.CreateDatabaseAsync();
        using var folder = new TempFolder();
        await PrepareAsync(shop, folder);
        Dictionary<string, string> environment = new() { ["SHOP"] = shop.ConnectionString, ["TOKEN"] = Token };
        await RunAsync("discover", "shop", "tracked_*", "--enable-tracking", "--apply");
        await RunAsync("migrate");

        CdcsyncProcess daemon;
        await using (var locks = await shop.OpenAsync())
        {
            // Whoever reads a row waits, and holds its connection meanwhile.
            await using (var command = locks.CreateCommand())
            {
                command.CommandText = $"BEGIN; LOCK TABLE {string.Join(", ", Tracked)} IN ACCESS EXCLUSIVE MODE";
                await command.ExecuteNonQueryAsync();
            }

            daemon = CdcsyncProcess.Start(folder.Root, ["run"], environment);
            var metrics = await MetricsAsync(daemon);
            await UntilAsync(async () => await shop.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cdcsync/shop' AND wait_event_type = 'Lock'") == 2
                && await ReadAsync(metrics, "cdcsync_source_connections_waiting") >= Tracked.Length - 2, daemon);
            Assert.Equal(Limit, await ReadAsync(metrics, "cdcsync_source_connections_limit"));
            var seen = await CountAsync(shop);
            output.WriteLine($"{seen} connections while all tables are locked");
            Assert.InRange(seen, 3, Limit);                              // the copy of the slot, and two tables
        }

        await using (daemon)
        {
            // The locks are gone: the loads go on, and polls, backfills and comparisons beside them.
            var metrics = await MetricsAsync(daemon);
            await UntilAsync(async () => await LoadedAsync(metrics), daemon);
            for (var round = 0; round < 3; round++)
            {
                await shop.ExecuteAsync(string.Join(';', All.Select(t => $"UPDATE {t} SET note = note || 'x', at = clock_timestamp() WHERE id % 7 = {round}")));
                foreach (var (i, table) in All.Index())
                    (await PostAsync(metrics, $"{((i + round) % 2 == 0 ? "backfill" : "reconcile")}?dataset={table}{((i + round) % 2 == 0 ? "" : "&repair=true")}")).EnsureSuccessStatusCode();
                await UntilAsync(async () =>
                {
                    Assert.InRange(await CountAsync(shop), 0, Limit);
                    using var worker = await Client.SendAsync(Request(HttpMethod.Get, metrics, "worker"));
                    return JsonDocument.Parse(await worker.Content.ReadAsStringAsync()).RootElement.GetProperty("datasets").EnumerateArray().All(HasDone);
                }, daemon);
            }

            // The copy of the slot is kept from poll to poll, with its connection.
            var before = await PidsAsync(shop);
            var polled = await LastPollAsync(metrics);
            await UntilAsync(async () => await LastPollAsync(metrics) >= polled + 1, daemon);
            Assert.NotEmpty(before.Intersect(await PidsAsync(shop)));

            daemon.Send(Signal.Terminate);
            Assert.Equal(143, (await daemon.WaitForExitAsync()).ExitCode);
        }

        await RunAsync("sync");
        await RunAsync("reconcile");

        async Task RunAsync(params string[] arguments)
        {
            var result = await CdcsyncProcess.RunAsync(folder.Root, arguments, environment);
            Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result}");
        }
    }

    private static bool HasDone(JsonElement dataset) => dataset.GetProperty("waiting").ValueKind == JsonValueKind.Null && dataset.GetProperty("activity").GetString() is "idle" or "syncing"
        && dataset.GetProperty("lastOrder") is { ValueKind: JsonValueKind.Object } last && (last.GetProperty("error").ValueKind == JsonValueKind.Null ? true : throw new InvalidOperationException($"{dataset}"));

    private static async Task PrepareAsync(PostgresDatabase shop, TempFolder folder)
    {
        var contract = new StringBuilder("""
            apiVersion: v3.1.0
            kind: DataContract
            id: shop
            version: 1.0.0
            status: active
            team: { name: shop, members: [{ username: owner@example.com, role: Owner }] }
            schema:

            """);
        foreach (var table in All)
        {
            await shop.ExecuteAsync($"CREATE TABLE {table} (id bigint PRIMARY KEY, note text, at timestamptz NOT NULL DEFAULT clock_timestamp()); INSERT INTO {table} SELECT i, 'note ' || i FROM generate_series(1, 3000) AS i");
            contract.AppendLine(CultureInfo.InvariantCulture, $"  - name: {table}").AppendLine("    properties:")
                .AppendLine("      - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }")
                .AppendLine("      - { name: note, logicalType: string, physicalType: text }").AppendLine("      - { name: at, logicalType: timestamp, physicalType: timestamptz }");
        }

        File.WriteAllText(folder["shop.odcs.yaml"], contract.ToString());
        File.WriteAllText(folder["cdcsync.yaml"], $$"""
            pipeline: shop
            sources:
              shop: { kind: postgres, connection: "${env:SHOP}", budget: { connections: {{Limit}} } }
            warehouse: { kind: sqlite, path: ./warehouse.db }
            http: { listen: "127.0.0.1:0", token: "${env:TOKEN}" }
            engine: { rowsPerRange: 1000 }
            defaults: { interval: 200ms }
            datasets:
            {{string.Join('\n', Tracked.Select(t => $"  {t}: {{ source: shop, object: {t}, contract: shop.odcs.yaml#{t} }}"))}}
              marked: { source: shop, object: marked, contract: shop.odcs.yaml#marked, capture: { highWaterMark: at, kind: timestamp, overlap: 1s }, acceptMissedDeletes: true }
              whole: { source: shop, object: whole, contract: shop.odcs.yaml#whole, capture: full-refresh }
            """);
    }

    private const string Token = "a-right-token-0123456789";

    /// <summary>The daemon's connections as the server counts them. One that was closed may be there a moment longer: those count that are still there when it has been looked at again.</summary>
    private static async Task<int> CountAsync(PostgresDatabase shop)
    {
        var first = await PidsAsync(shop);
        return first.Count <= Limit ? first.Count : first.Intersect(await PidsAsync(shop)).Count();
    }

    private static async Task<List<int>> PidsAsync(PostgresDatabase shop) =>
        [.. (await shop.QueryAsync("SELECT pid FROM pg_stat_activity WHERE application_name = 'cdcsync/shop' AND backend_type = 'client backend'")).Select(r => (int)r[0]!)];

    private static async Task<Uri> MetricsAsync(CdcsyncProcess daemon) => new(Regex.Match(await daemon.WaitForLineAsync("^ready:"), @"http://\S+").Value);

    private static HttpRequestMessage Request(HttpMethod method, Uri metrics, string path) => new(method, new Uri(metrics, path == "metrics" ? "/metrics" : $"/api/v1/{path}")) { Headers = { Authorization = new("Bearer", Token) } };

    private static Task<HttpResponseMessage> PostAsync(Uri metrics, string path) => Client.SendAsync(Request(HttpMethod.Post, metrics, path));

    private static async Task<double> ReadAsync(Uri metrics, string name) => (await SeriesAsync(metrics, name)).Single();

    private static async Task<double> LastPollAsync(Uri metrics) => (await SeriesAsync(metrics, "cdcsync_last_poll_success_timestamp_seconds")).Min();

    private static async Task<bool> LoadedAsync(Uri metrics) => (await SeriesAsync(metrics, "cdcsync_watermark_timestamp_seconds")) is var marks && marks.Count == All.Length && marks.TrueForAll(m => m > 0);

    private static async Task<List<double>> SeriesAsync(Uri metrics, string name)
    {
        using var answer = await Client.SendAsync(Request(HttpMethod.Get, metrics, "metrics"));
        return [.. Regex.Matches(await answer.Content.ReadAsStringAsync(), $@"^{name}\{{[^}}]*\}} (\S+)$", RegexOptions.Multiline).Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, CdcsyncProcess daemon)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await HoldsAsync())
        {
            Assert.False(daemon.HasExited, daemon.Snapshot().ToString());
            Assert.True(Stopwatch.GetElapsedTime(began) < CdcsyncProcess.Patience, daemon.Snapshot().ToString());
            await Task.Delay(20);
        }

        async Task<bool> HoldsAsync()
        {
            try
            {
                return await holds();
            }
            catch (HttpRequestException e)
            {
                throw new InvalidOperationException($"{daemon.Snapshot()}", e);
            }
        }
    }
}
