using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>The real process: sync, and what it leaves to be seen.</summary>
public sealed class CliSyncTests
{
    [Fact]
    public async Task A_first_sync_loads_and_the_next_one_brings_the_changes()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        var first = await pipeline.RunAsync("sync", "--migrate");
        Assert.True(first.ExitCode == 0, first.ToString());
        Assert.Matches(@"(?m)^orders +synced +2 +2 +0 +0 +0 +0$", first.Out);
        Assert.Matches(@"(?m)Z info  orders: range \d+ committed: 2 read, 2 inserted", first.Error);

        pipeline.Execute("INSERT INTO orders VALUES (3, 'c'); UPDATE orders SET note = 'bb' WHERE id = 2; DELETE FROM orders WHERE id = 1");
        var next = await pipeline.RunAsync("sync", "--json");
        var orders = Dataset(next, "orders");
        Assert.Equal(("synced", 1, 1, 1), (orders.GetProperty("outcome").GetString(), orders.GetProperty("inserted").GetInt32(), orders.GetProperty("updated").GetInt32(), orders.GetProperty("deleted").GetInt32()));
        Assert.Equal(JsonValueKind.Null, orders.GetProperty("error").ValueKind);
        Assert.Equal("2=bb 3=c", pipeline.Warehouse("SELECT group_concat(id || '=' || note, ' ') FROM (SELECT * FROM orders ORDER BY id)"));
        Assert.Equal("7", pipeline.Warehouse("SELECT group_concat(id) FROM returns"));
        Assert.Equal("unchanged", Dataset(await pipeline.RunAsync("sync", "--json"), "orders").GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Only_the_datasets_named_are_synced()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        var result = await pipeline.RunAsync("sync", "--migrate", "--dataset", "orders", "--json");
        Assert.Equal(["orders"], Datasets(result).Select(d => d.GetProperty("dataset").GetString()));
    }

    [Fact]
    public async Task A_dry_run_counts_and_writes_nothing()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        await pipeline.RunAsync("migrate");
        var before = Control(pipeline);
        var result = await pipeline.RunAsync("sync", "--dry-run", "--json", "--dataset", "orders");
        Assert.Equal(2, Dataset(result, "orders").GetProperty("rowsRead").GetInt32());
        Assert.True(JsonDocument.Parse(result.Out).RootElement.GetProperty("isDryRun").GetBoolean());
        Assert.Equal(before, Control(pipeline));
        Assert.Equal("0", pipeline.Warehouse("SELECT count(*) FROM sqlite_schema WHERE name = 'orders'"));
    }

    [Fact]
    public async Task What_was_done_can_be_looked_at_afterwards()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        await pipeline.RunAsync("sync", "--migrate");

        var status = Datasets(await pipeline.RunAsync("status", "--json")).First();
        Assert.Equal("streaming", status.GetProperty("state").GetString());
        Assert.True(status.GetProperty("isFresh").GetBoolean());
        Assert.InRange(status.GetProperty("lagSeconds").GetDouble(), 0, 60);

        var entries = JsonDocument.Parse((await pipeline.RunAsync("history", "--dataset", "orders", "--json")).Out).RootElement.GetProperty("entries").EnumerateArray().ToArray();
        Assert.Contains(entries, e => e.GetProperty("kind").GetString() == "range" && e.GetProperty("inserted").GetInt32() == 2 && e.GetProperty("landing").GetProperty("rows").GetInt32() == 2);
        Assert.Single(JsonDocument.Parse((await pipeline.RunAsync("history", "--limit", "1", "--json")).Out).RootElement.GetProperty("entries").EnumerateArray());

        var checkpoints = JsonDocument.Parse((await pipeline.RunAsync("checkpoint", "show", "--dataset", "orders", "--json")).Out).RootElement.GetProperty("checkpoints").EnumerateArray().ToArray();
        var orders = Assert.Single(checkpoints);
        Assert.Equal(JsonValueKind.Null, orders.GetProperty("snapshot").ValueKind);
        Assert.NotEqual("", orders.GetProperty("position").GetString());
    }

    [Fact]
    public async Task A_dataset_that_fails_is_exit_code_4_and_the_others_are_synced()
    {
        using var pipeline = new PipelineFolder();                       // tracking is off
        var result = await pipeline.RunAsync("sync", "--migrate", "--json");
        Assert.Equal(4, result.ExitCode);
        Assert.Equal(4, JsonDocument.Parse(result.Out).RootElement.GetProperty("exitCode").GetInt32());
        Assert.Equal("CDC2008", Dataset(result, "orders").GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("synced", Dataset(result, "returns").GetProperty("outcome").GetString());
        Assert.Matches(@"(?m)^CDC2008 dataset orders.*Run: cdcsync discover shop --enable-tracking", result.Error);

        var status = Datasets(await pipeline.RunAsync("status", "--json")).First();
        Assert.Equal("failing", status.GetProperty("state").GetString());
        Assert.StartsWith("cdcsync discover", status.GetProperty("nextAction").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_tracking_that_was_never_switched_on_is_named_with_the_command_that_does_it()
    {
        using var folder = new PipelineFolder();
        await folder.RunAsync("migrate");
        var result = await folder.RunAsync("sync", "--dataset", "orders");
        Assert.Equal(4, result.ExitCode);
        Assert.Contains("CDC2008", result.Error, StringComparison.Ordinal);
        Assert.Contains("cdcsync discover", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_with_rows_that_nobody_can_explain_is_left_as_it_is()
    {
        using var folder = new PipelineFolder();
        await folder.TrackAsync();
        await folder.RunAsync("migrate");
        folder.ExecuteInWarehouse("CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, note TEXT); INSERT INTO orders VALUES (99, 'whose?')");
        var result = await folder.RunAsync("sync", "--dataset", "orders");
        Assert.Equal(5, result.ExitCode);
        Assert.Contains("CDC3005", result.Error, StringComparison.Ordinal);
        Assert.Equal("whose?", folder.Warehouse("SELECT note FROM orders"));
    }

    [Fact]
    public async Task A_source_that_is_gone_is_exit_code_4()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        await pipeline.RunAsync("sync", "--migrate");
        File.Delete(pipeline["shop.db"]);
        var result = await pipeline.RunAsync("sync");
        Assert.True(result.ExitCode == 4, result.ToString());
        Assert.Matches("(?m)^CDC2001 ", result.Error);
    }

    [Fact]
    public async Task A_warehouse_in_a_folder_that_is_not_there_is_exit_code_5()
    {
        using var pipeline = new PipelineFolder("{ kind: sqlite, path: ./nowhere/warehouse.db }");
        var result = await pipeline.RunAsync("sync", "--migrate");
        Assert.True(result.ExitCode == 5, result.ToString());
        Assert.Matches("(?m)^CDC300[12] ", result.Error);
    }

    [Fact]
    public async Task A_resync_makes_equal_what_someone_changed_by_hand_once_it_is_confirmed()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        await pipeline.RunAsync("sync", "--migrate");
        pipeline.Warehouse("DELETE FROM orders WHERE id = 1; UPDATE orders SET note = 'x' WHERE id = 2; INSERT INTO orders VALUES (9, 'y')");
        var unconfirmed = await pipeline.RunAsync("resync", "orders");
        Assert.Equal((2, "CDC1101 nothing was done: it was not confirmed. To confirm beforehand, run: cdcsync resync orders --yes"), (unconfirmed.ExitCode, unconfirmed.Error));
        var result = await pipeline.RunAsync("resync", "orders", "--yes", "--json");
        Assert.True(result.ExitCode == 0, result.ToString());
        var orders = Dataset(result, "orders");
        Assert.Equal((1, 1, 1), (orders.GetProperty("inserted").GetInt32(), orders.GetProperty("updated").GetInt32(), orders.GetProperty("deleted").GetInt32()));
        Assert.Equal("1=a 2=b", pipeline.Warehouse("SELECT group_concat(id || '=' || note, ' ') FROM (SELECT * FROM orders ORDER BY id)"));
    }

    [Fact]
    public async Task An_interrupt_ends_a_sync_with_130()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        pipeline.Execute("WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) INSERT INTO orders SELECT i, 'note ' || i FROM n");
        await pipeline.RunAsync("migrate");
        await using var process = CdcsyncProcess.Start(pipeline.Root, ["sync"]);
        await process.WaitForLineAsync("orders: range .* committed");
        process.Send(Signal.Interrupt);
        var result = await process.WaitForExitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(130, result.ExitCode);
        Assert.Contains("Stopping:", result.Error, StringComparison.Ordinal);

        var resumed = await pipeline.RunAsync("sync");                   // and it goes on where it stopped
        Assert.True(resumed.ExitCode == 0, resumed.ToString());
        Assert.Equal("399993", pipeline.Warehouse("SELECT count(*) FROM orders"));
    }

    private static string Control(PipelineFolder pipeline) => string.Join(' ', new[] { "checkpoint", "ledger", "lease" }.Select(t => pipeline.Warehouse($"SELECT count(*) FROM cdcsync_{t}")));

    private static IEnumerable<JsonElement> Datasets(ProcessResult result)
    {
        Assert.True(result.Out.Length > 0, result.ToString());
        return JsonDocument.Parse(result.Out).RootElement.GetProperty("datasets").EnumerateArray();
    }

    private static JsonElement Dataset(ProcessResult result, string name) => Datasets(result).Single(d => d.GetProperty("dataset").GetString() == name);
}
