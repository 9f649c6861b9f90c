using System.Globalization;
using System.Text.Json;
using CdcSync.Core.Sync;
using CdcSync.EndToEnd.Tests.Cli;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Reconcile;

/// <summary>A table comes back out of its landing files, without its source.</summary>
public sealed class RebuildTests
{
    private const int Rows = 500;

    [Theory]
    [InlineData(WarehouseKind.Sqlite, KeyKind.Integer)]
    [InlineData(WarehouseKind.Postgres, KeyKind.Text)]
    public async Task It_is_the_source_s_value_for_value_whatever_was_done_to_it_by_hand(WarehouseKind kind, KeyKind key)
    {
        await using var book = await ChangedAsync(kind, key);
        for (var run = 0; run < 2; run++)                                // a rebuild is no part of the history that the next is built from
        {
            await book.EditAsync(300, Rows, seed: 11 + run, key);
            await book.Pipeline.Warehouse.ExecuteAsync($"UPDATE {book.Table} SET weight = 0");
            var rebuilt = await book.WithoutSourceAsync(() => RebuildAsync(book, 0, "--accept-deletes"));
            Assert.Equal("synced", rebuilt.GetProperty("outcome").GetString());
            Assert.InRange(rebuilt.GetProperty("files").GetInt32(), 6, 20);
            await book.Pipeline.AssertEqualAsync();
        }

        Assert.Equal("2/0", await ScalarAsync(book, $"SELECT count(*) || '/' || count(landing_path) FROM {book.Pipeline.Warehouse.Control("ledger")} WHERE kind = 'rebuild'"));
        Assert.Equal(await ScalarAsync(book, $"SELECT count(landing_path) FROM {book.Pipeline.Warehouse.Control("ledger")}"), $"{Files(book).Length}");
        book.Pipeline.Execute("UPDATE entries SET note = 'after it' WHERE account < 20");
        await book.Pipeline.RunAsync(0, "sync");
        await book.Pipeline.AssertEqualAsync();
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite, Failpoints.Landed, Failpoints.Staged, Failpoints.Merged, Failpoints.BeforeCommit)]
    [InlineData(WarehouseKind.Postgres, Failpoints.Gated, Failpoints.BeforePublish, Failpoints.Merged, Failpoints.BeforeCommit)]
    public async Task Killed_at_any_step_it_leaves_the_table_as_it_was_and_the_next_finishes_it(WarehouseKind kind, params string[] steps)
    {
        await using var book = await ChangedAsync(kind);
        await book.EditAsync(90, Rows, seed: 21);
        var before = await ContentAsync(book);
        foreach (var step in steps)
        {
            await using var killed = book.Pipeline.Start(["rebuild", "entries", "--yes"], ("CDCSYNC_FAILPOINT", $"{step}:1"));
            Assert.Equal((step, 137), (step, (await killed.WaitForExitAsync()).ExitCode));
            Assert.Equal((step, before), (step, await ContentAsync(book)));
        }

        await using (var late = book.Pipeline.Start(["rebuild", "entries", "--yes"], ("CDCSYNC_FAILPOINT", $"{Failpoints.AfterCommit}:1")))
            Assert.Equal(137, (await late.WaitForExitAsync()).ExitCode);
        await book.Pipeline.AssertEqualAsync();
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task A_landing_with_a_hole_is_refused_and_the_table_stays_as_it_was(WarehouseKind kind)
    {
        await using var book = await ChangedAsync(kind);
        await book.EditAsync(30, Rows, seed: 31);
        var before = await ContentAsync(book);
        var file = Files(book)[2];
        File.Move(file, $"{file}.away");
        await RefusedAsync("1 are gone or have another length, first ");
        File.Move($"{file}.away", file);
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
        await RefusedAsync("its SHA-256 is not the ledger's");
        File.WriteAllBytes(file, bytes[..^8]);
        await RefusedAsync("1 are gone or have another length");
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
        var ledger = book.Pipeline.Warehouse.Control("ledger");
        await book.Pipeline.Warehouse.ExecuteAsync($"UPDATE {ledger} SET range_ordinal = 1 WHERE range_ordinal = 0");
        await RefusedAsync("does not have every range");
        await book.Pipeline.Warehouse.ExecuteAsync($"DELETE FROM {ledger} WHERE kind = 'plan'");
        await RefusedAsync("does not begin with a whole content");
        // A new whole content is a new beginning: what was landed before it is not asked for.
        foreach (var old in Files(book)) File.Delete(old);
        await book.Pipeline.RunAsync(0, "resync", "entries", "--yes");
        await book.EditAsync(30, Rows, seed: 32);
        await RebuildAsync(book, 0);
        await book.Pipeline.AssertEqualAsync();

        async Task RefusedAsync(string why)
        {
            var error = (await RebuildAsync(book, 6)).GetProperty("error");
            Assert.Equal("CDC6003", error.GetProperty("code").GetString());
            Assert.Contains(why, error.GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.Equal(before, await ContentAsync(book));
        }
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite, WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Sqlite, WarehouseKind.Postgres)]
    [InlineData(WarehouseKind.Postgres, WarehouseKind.Sqlite)]
    public async Task Another_warehouse_gets_the_table_and_goes_on_from_where_it_was_landed_up_to(WarehouseKind from, WarehouseKind to)
    {
        await using var book = await ChangedAsync(from);
        using var folder = new TempFolder();
        await using var other = await WarehouseUnderTest.CreateAsync(to, folder);
        var pipeline = File.ReadAllText(book.Pipeline["cdcsync.yaml"]);
        Assert.Contains(book.Pipeline.Warehouse.Yaml, pipeline, StringComparison.Ordinal);
        File.WriteAllText(book.Pipeline["other.yaml"], $"{pipeline.Replace(book.Pipeline.Warehouse.Yaml, other.Yaml.Replace("./", $"{folder.Root}/", StringComparison.Ordinal), StringComparison.Ordinal)}\n");
        Dictionary<string, string> environment = new(book.Pipeline.Warehouse.Environment.Concat(other.Environment));
        Assert.Contains("each would sweep the other's files", (await RunAsync(2, "rebuild", "entries", "--into", "other.yaml", "--yes")).Error, StringComparison.Ordinal);
        File.AppendAllText(book.Pipeline["other.yaml"], "landing: { path: ./landing2 }\n");
        await RunAsync(0, "migrate", "--config", "other.yaml");

        var rebuilt = await book.WithoutSourceAsync(() => RunAsync(0, "rebuild", "entries", "--into", "other.yaml", "--yes", "--json"));
        var rows = await book.Pipeline.AssertEqualAsync(other);
        Assert.Equal(rows, Only(rebuilt).GetProperty("inserted").GetInt32());
        book.Pipeline.Execute("UPDATE entries SET note = 'after it' WHERE account < 20; DELETE FROM entries WHERE account = 30");
        await RunAsync(0, "sync", "--config", "other.yaml");
        await book.Pipeline.AssertEqualAsync(other);
        Assert.Equal("rebuild window", await other.ScalarAsync($"SELECT min(kind) || ' ' || max(kind) FROM {other.Control("ledger")}"));
        // Its own landing files begin with no whole content.
        Assert.Contains("CDC6003", (await RunAsync(6, "rebuild", "entries", "--config", "other.yaml", "--yes")).Error, StringComparison.Ordinal);

        async Task<ProcessResult> RunAsync(int exitCode, params string[] arguments)
        {
            var result = await CdcsyncProcess.RunAsync(Path.GetDirectoryName(book.Pipeline["cdcsync.yaml"])!, arguments, environment);
            Assert.True(result.ExitCode == exitCode, result.ToString());
            return result;
        }
    }

    [Fact]
    public async Task What_a_gate_kept_out_is_kept_out_again_until_a_later_version_passed()
    {
        using var pipeline = await LoadedAsync();
        Edit(pipeline, "shop.odcs.yaml", "name: note, logicalType: string, physicalType: text", "name: note, logicalType: string, physicalType: text, required: true");
        foreach (var (sql, exit) in new[] { ("INSERT INTO orders VALUES (3, 'kept'), (4, NULL)", 8), ("UPDATE orders SET note = NULL WHERE id = 3", 8), ("UPDATE orders SET note = 'mended' WHERE id = 4", 0), ("INSERT INTO orders VALUES (5, NULL)", 8), ("DELETE FROM orders WHERE id = 5", 0) })
        {
            pipeline.Execute(sql);
            Assert.Equal((sql, exit), (sql, (await pipeline.RunAsync("sync", "orders")).ExitCode));
        }

        const string Content = "SELECT group_concat(id || note, ' ') FROM (SELECT * FROM orders ORDER BY id)";
        const string Quarantine = "SELECT group_concat(row_key) FROM cdcsync_quarantine";
        Assert.Equal(("1a 2b 3kept 4mended", "[\"3\"]"), (pipeline.Warehouse(Content), pipeline.Warehouse(Quarantine)));
        pipeline.ExecuteInWarehouse("DELETE FROM orders; DELETE FROM cdcsync_quarantine; INSERT INTO orders VALUES (9, 'by hand')");
        var result = await pipeline.RunAsync("rebuild", "orders", "--yes", "--json");
        Assert.True(result.ExitCode == 8, result.ToString());
        Assert.Equal(("1a 2b 3kept 4mended", "[\"3\"]"), (pipeline.Warehouse(Content), pipeline.Warehouse(Quarantine)));
    }

    [Fact]
    public async Task Under_a_soft_delete_marks_stay_and_come_back_and_another_warehouse_is_told_to_be_without()
    {
        using var pipeline = new PipelineFolder();
        Edit(pipeline, "cdcsync.yaml", "defaults: { interval: 1s }", "defaults: { interval: 1s, deletes: soft }");
        await pipeline.TrackAsync();
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders", "--migrate")).ExitCode);
        pipeline.Execute("DELETE FROM orders WHERE id = 2; INSERT INTO orders VALUES (3, 'c')");
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        pipeline.Execute("DELETE FROM orders WHERE id = 3");
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        const string Content = "SELECT group_concat(id || note || (_cdc_deleted_at IS NULL), ' ') FROM (SELECT * FROM orders ORDER BY id)";
        Assert.Equal("1a1 2b0 3c0", pipeline.Warehouse(Content));
        pipeline.ExecuteInWarehouse("UPDATE orders SET _cdc_deleted_at = NULL WHERE id = 3; UPDATE orders SET note = 'x' WHERE id = 1");
        Assert.Equal(0, (await pipeline.RunAsync("rebuild", "orders", "--yes")).ExitCode);
        Assert.Equal("1a1 2b0 3c0", pipeline.Warehouse(Content));

        File.WriteAllText(pipeline["other.yaml"], File.ReadAllText(pipeline["cdcsync.yaml"]).Replace("warehouse.db", "other.db", StringComparison.Ordinal).Replace("pipeline: shop", "pipeline: other", StringComparison.Ordinal));
        Assert.Equal(0, (await pipeline.RunAsync("migrate", "--config", "other.yaml")).ExitCode);
        var told = await pipeline.RunAsync("rebuild", "orders", "--into", "other.yaml", "--yes");
        Assert.True(told.ExitCode == 0 && told.Out.Contains("orders: rows that had been deleted are not in it", StringComparison.Ordinal), told.ToString());
    }

    [Fact]
    public async Task A_column_that_older_files_do_not_have_is_refused_or_knowingly_left_empty()
    {
        using var pipeline = await LoadedAsync();
        pipeline.Execute("ALTER TABLE orders ADD COLUMN price INTEGER DEFAULT 7");
        const string Note = "      - { name: note, logicalType: string, physicalType: text }\n";
        Edit(pipeline, "shop.odcs.yaml", Note, $"{Note}      - {{ name: price, logicalType: integer, physicalType: bigint }}\n");
        Assert.Equal(0, (await pipeline.RunAsync("backfill", "orders", "--range", "id=2..3")).ExitCode);
        Assert.Equal("7", pipeline.Warehouse("SELECT group_concat(price) FROM orders"));
        pipeline.ExecuteInWarehouse("UPDATE orders SET note = 'x', price = 1");

        var refused = await pipeline.RunAsync("rebuild", "orders", "--yes");
        Assert.True(refused.ExitCode == 6 && refused.Error.Contains("CDC6004", StringComparison.Ordinal) && refused.Error.Contains("'price'", StringComparison.Ordinal), refused.ToString());
        Assert.Equal("x1 x1", pipeline.Warehouse("SELECT group_concat(note || price, ' ') FROM orders"));
        var accepted = await pipeline.RunAsync("rebuild", "orders", "--yes", "--accept-missing");
        Assert.True(accepted.ExitCode == 0 && accepted.Out.Contains("empty in rows that were not landed since: price", StringComparison.Ordinal), accepted.ToString());
        const string Content = "SELECT group_concat(note || coalesce(price, '-'), ' ') FROM (SELECT * FROM orders ORDER BY id)";
        Assert.Equal("a- b7", pipeline.Warehouse(Content));
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        Assert.Equal("a7 b7", pipeline.Warehouse(Content));
    }

    [Fact]
    public async Task A_full_refresh_is_built_from_its_last_content_and_what_needs_a_resync_still_does()
    {
        using var pipeline = await LoadedAsync();
        Assert.Equal(0, (await pipeline.RunAsync("sync", "returns")).ExitCode);
        pipeline.Execute("DELETE FROM returns; INSERT INTO returns VALUES (8), (9)");
        Assert.Equal(0, (await pipeline.RunAsync("sync", "returns")).ExitCode);
        pipeline.Execute("UPDATE orders SET note = 'in the gap' WHERE id = 2; UPDATE _cdcsync_tracking SET min_valid_version = 1000; DELETE FROM _cdcsync_log_orders");
        Assert.Equal(7, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        pipeline.ExecuteInWarehouse("DELETE FROM orders; DELETE FROM returns");
        Assert.Equal(0, (await pipeline.RunAsync("rebuild", "orders", "returns", "--yes")).ExitCode);
        Assert.Equal("1a 2b", pipeline.Warehouse("SELECT group_concat(id || note, ' ') FROM (SELECT * FROM orders ORDER BY id)"));
        Assert.Equal("8,9", pipeline.Warehouse("SELECT group_concat(id) FROM (SELECT * FROM returns ORDER BY id)"));
        Assert.Equal("resync-required", pipeline.Warehouse("SELECT phase FROM cdcsync_dataset_state WHERE dataset = 'orders'"));
        Assert.Equal(2, (await pipeline.RunAsync("rebuild", "orders")).ExitCode);
    }

    /// <summary>A history of every kind: a first load, windows with changes of the same rows, a repair, a backfill.</summary>
    private static async Task<Ledgerbook> ChangedAsync(WarehouseKind kind, KeyKind key = KeyKind.Integer)
    {
        var book = await Ledgerbook.CreateAsync(kind, Rows, key);
        // A killed worker's lease is waited for; on a busy machine a living one's must not end.
        book.Pipeline.Configure("lease: 2s", "lease: 5s");
        var free = key == KeyKind.Integer ? "account * 3 + 2" : "printf('key-%09d', account * 3 + 2)";
        foreach (var round in new[] { 1, 2, 3 })
        {
            book.Pipeline.Execute($"""
                UPDATE entries SET note = 'round {round}', amount = amount + {round} WHERE account % 7 = {round};
                DELETE FROM entries WHERE account % 11 = {round};
                INSERT OR REPLACE INTO entries SELECT {free}, account, 'new in {round}', NULL, {round} / 3.0, placed_at FROM entries WHERE account BETWEEN {round * 20} AND {round * 20 + 9} GROUP BY account
                """);
            await book.Pipeline.RunAsync(0, "sync");
            if (round == 1)
            {
                await book.EditAsync(20, Rows / 2, seed: 9, key);
                await book.ReconcileAsync(0, "--repair");
            }
            else if (round == 2)
            {
                await book.Pipeline.RunAsync(0, "backfill", "entries");
            }
        }

        await book.Pipeline.AssertEqualAsync();
        return book;
    }

    private static async Task<PipelineFolder> LoadedAsync()
    {
        var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        var result = await pipeline.RunAsync("sync", "orders", "--migrate");
        Assert.True(result.ExitCode == 0, result.ToString());
        return pipeline;
    }

    private static void Edit(PipelineFolder pipeline, string file, string from, string to)
    {
        var text = File.ReadAllText(pipeline[file]);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(pipeline[file], text.Replace(from, to, StringComparison.Ordinal));
    }

    private static async Task<JsonElement> RebuildAsync(Ledgerbook book, int exitCode, params string[] arguments) =>
        Only(await book.Pipeline.RunAsync(exitCode, ["rebuild", "entries", "--yes", "--json", .. arguments]));

    private static JsonElement Only(ProcessResult result) => JsonDocument.Parse(result.Out).RootElement.GetProperty("datasets").EnumerateArray().Single();

    private static string[] Files(Ledgerbook book) => [.. Directory.GetFiles(book.Pipeline["landing"], "*.arrow", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static async Task<string?> ScalarAsync(Ledgerbook book, string sql) => Convert.ToString(await book.Pipeline.Warehouse.ScalarAsync(sql), CultureInfo.InvariantCulture);

    private static async Task<string> ContentAsync(Ledgerbook book)
    {
        await using var connection = await book.Pipeline.Warehouse.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT * FROM {book.Table} ORDER BY id";
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
        return string.Join('\n', rows);
    }
}
