using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary><c>checkpoint export</c> and <c>checkpoint set</c>: positions are kept, gone back to, and never gone on from where the source can't.</summary>
public sealed class CliCheckpointTests
{
    private const string Content = "SELECT group_concat(id || note, ' ') FROM (SELECT * FROM orders ORDER BY id)";

    [Fact]
    public async Task From_an_exported_position_changes_are_read_again_and_mend_what_was_done_by_hand()
    {
        using var pipeline = await LoadedAsync();
        var export = await pipeline.RunAsync("checkpoint", "export", "orders");
        File.WriteAllText(pipeline["kept.json"], export.Out);
        Assert.Equal(0, JsonDocument.Parse(export.Out).RootElement.GetProperty("exitCode").GetInt32());
        pipeline.Execute("UPDATE orders SET note = 'new' WHERE id = 1; INSERT INTO orders VALUES (3, 'c')");
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        pipeline.ExecuteInWarehouse("DELETE FROM orders WHERE id = 3; UPDATE orders SET note = 'by hand' WHERE id = 1");
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        Assert.Equal("1by hand 2b", pipeline.Warehouse(Content));        // nothing changed in the source since

        var set = await pipeline.RunAsync("checkpoint", "set", "orders", "--from", "kept.json", "--yes");
        Assert.True(set.ExitCode == 0 && set.Out.Contains("cdcsync reconcile orders", StringComparison.Ordinal), set.ToString());
        Assert.Equal("", pipeline.Warehouse("SELECT coalesce(complete_up_to, '') FROM cdcsync_checkpoint WHERE dataset = 'orders'"));
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        Assert.Equal("1new 2b 3c", pipeline.Warehouse(Content));
        Assert.NotEqual("", pipeline.Warehouse("SELECT coalesce(complete_up_to, '') FROM cdcsync_checkpoint WHERE dataset = 'orders'"));
    }

    [Fact]
    public async Task What_can_not_be_gone_on_from_is_refused_and_the_checkpoint_stays()
    {
        using var pipeline = await LoadedAsync();
        var before = (await pipeline.RunAsync("checkpoint", "show", "orders")).Out;
        var export = (await pipeline.RunAsync("checkpoint", "export")).Out;
        var checkpoint = JsonDocument.Parse(export).RootElement.GetProperty("checkpoints")[0];
        var (kind, token) = (checkpoint.GetProperty("positionKind").GetString(), checkpoint.GetProperty("position").GetString()!.Split(':')[1]);
        File.WriteAllText(pipeline["other.json"], export.Replace("\"source\": \"", "\"source\": \"another-", StringComparison.Ordinal));
        File.WriteAllText(pipeline["none.json"], "{}");
        pipeline.Execute("UPDATE orders SET note = 'x' WHERE id = 2; UPDATE _cdcsync_tracking SET min_valid_version = 1000");
        foreach (var (exit, code, said, arguments) in new (int, string, string, string[])[]
        {
            (2, "CDC1101", "expected either --position or --from", []),
            (2, "CDC1101", "is no position: expected KIND:POSITION", ["--position", "812"]),
            (2, "CDC1101", "is of kind 'postgres-log'", ["--position", "postgres-log:1"]),
            (2, "CDC1101", "the checkpoint of", ["--from", "other.json"]),
            (2, "CDC1101", "is no export of checkpoints", ["--from", "none.json"]),
            (2, "CDC1101", "is no export of checkpoints", ["--from", "absent.json"]),
            (6, "CDC4005", "can't be understood", ["--position", $"{kind}:812"]),
            (7, "CDC2003", "orders", ["--position", $"{kind}:0:{token}"]),
            (7, "CDC2004", "orders", ["--position", $"{kind}:99999:{token}"]),
        })
        {
            var result = await pipeline.RunAsync(["checkpoint", "set", "orders", "--yes", .. arguments]);
            Assert.True(result.ExitCode == exit && result.Error.Contains(code, StringComparison.Ordinal) && result.Error.Contains(said, StringComparison.Ordinal), $"{string.Join(' ', arguments)}: {result}");
        }

        Assert.Equal(2, (await pipeline.RunAsync("checkpoint", "set", "orders", "--position", $"{kind}:1")).ExitCode);      // not confirmed
        Assert.Contains("there is no checkpoint", (await pipeline.RunAsync("checkpoint", "set", "returns", "--position", $"{kind}:1", "--yes")).Error, StringComparison.Ordinal);
        Assert.Equal(before, (await pipeline.RunAsync("checkpoint", "show", "orders")).Out);
    }

    private static async Task<PipelineFolder> LoadedAsync()
    {
        var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        var result = await pipeline.RunAsync("sync", "orders", "--migrate");
        Assert.True(result.ExitCode == 0, result.ToString());
        return pipeline;
    }
}
