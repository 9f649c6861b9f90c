using CdcSync.Core.Errors;
using CdcSync.EndToEnd.Tests.Harness;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>A way in which the process ends, and the exit code it has.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Name">What happened, as docs/cli.md has it.</param>
/// <param name="EndAsync">Makes it happen.</param>
internal sealed record ExitSituation(ExitCode Code, string Name, Func<PipelineFolder, Task<ProcessResult>> EndAsync);

/// <summary>The one table of situations and exit codes, in the order of docs/cli.md. Those with two faults hold the precedence: the greater one wins.</summary>
internal static class ExitSituations
{
    /// <summary>As long as none is lost on a machine that is busy otherwise.</summary>
    public const string Lease = "lease: 30s";

    public static IReadOnlyList<ExitSituation> All { get; } =
    [
        new(ExitCode.Ok, "all went well, or there was nothing to do", async p => await (await SyncedAsync(p)).RunAsync("sync", "--json")),
        new(ExitCode.Bug, "an exception nobody expected", async p => await BugAsync(await SyncedAsync(p))),
        new(ExitCode.Bug, "an exception nobody expected, beside a state conflict", async p => await BugAsync(OtherSource(await SyncedAsync(p)))),
        new(ExitCode.Usage, "an unknown command, option or value", p => p.RunAsync("status", "--jsn")),
        new(ExitCode.Usage, "no pipeline file, or a wrong one", p => Edited(p, "cdcsync.yaml", "datasets:", "datsets:").RunAsync("validate", "--json")),
        new(ExitCode.Usage, "a contract that is wrong", p => Edited(p, "shop.odcs.yaml", "kind: DataContract", "kind: Contract").RunAsync("status", "--json")),
        new(ExitCode.Usage, "no dataset of that name", p => p.RunAsync("sync", "ordres", "--json")),
        new(ExitCode.Usage, "a question that was not answered with yes", async p => await (await SyncedAsync(p)).RunAsync("resync", "orders", "--json")),
        new(ExitCode.Usage, "an endpoint without a token that others could reach", p => p.RunAsync("run", "--listen", "0.0.0.0:0")),
        new(ExitCode.Differences, "the demo's warehouse differs from its source", TamperedDemoAsync),
        new(ExitCode.Differences, "a comparison found drift", async p => await InWarehouse(await SyncedAsync(p), "UPDATE orders SET note = 'x' WHERE id = 2").RunAsync("reconcile", "orders", "--json")),
        new(ExitCode.Differences, "a check of a contract does not hold", async p => await Edited(await SyncedAsync(p), "shop.odcs.yaml", "physicalType: text }", "physicalType: text, quality: [{ metric: nullValues, mustBeGreaterThan: 0 }] }").RunAsync("contract", "test", "--json")),
        new(ExitCode.Source, "the source is not there", async p => await Without(await SyncedAsync(p), "shop.db").RunAsync("sync", "--json")),
        new(ExitCode.Source, "change tracking is off", p => p.RunAsync("sync", "--migrate", "--json")),
        new(ExitCode.Source, "the source lacks a column of the contract", async p => await Edited(await SyncedAsync(p), "shop.odcs.yaml", "name: note", "name: notes").RunAsync("sync", "--json")),
        new(ExitCode.Source, "a source fault, beside a warehouse fault", async p => await UnexplainedRows(await MigratedAsync(p), "returns").RunAsync("sync", "--json")),
        new(ExitCode.Warehouse, "the warehouse does not answer", p => Edited(p, "cdcsync.yaml", "warehouse: { kind: sqlite, path: ./warehouse.db }", "warehouse: { kind: postgres, connection: \"Host=127.0.0.1;Port=1;Username=u;Database=d;Timeout=2\" }").RunAsync("status", "--json")),
        new(ExitCode.Warehouse, "the target holds rows that nothing explains", async p => await UnexplainedRows(await MigratedAsync(p), "returns").RunAsync("sync", "returns", "--json")),
        new(ExitCode.Warehouse, "the landing folder can't be written", LandingBlockedAsync),
        new(ExitCode.Warehouse, "a warehouse fault, beside quarantined rows", async p => await UnexplainedRows(BadValue(await TrackedAsync(p)), "returns").RunAsync("sync", "--json")),
        new(ExitCode.StateConflict, "the control schema is missing", p => p.RunAsync("status", "--json")),
        new(ExitCode.StateConflict, "the control schema is newer than this binary may use", async p => await InWarehouse(await MigratedAsync(p), "INSERT INTO cdcsync_schemaversions (scriptname, applied, oldest_binary) VALUES ('9999-from-tomorrow.sql', '2099-01-01T00:00:00.000000Z', '99.0.0')").RunAsync("status", "--json")),
        new(ExitCode.StateConflict, "another worker holds the lease", LeaseHeldAsync),
        new(ExitCode.StateConflict, "a checkpoint was made on another source", async p => await OtherSource(await SyncedAsync(p)).RunAsync("sync", "--json")),
        new(ExitCode.StateConflict, "a checkpoint can't be understood", async p => await InWarehouse(await SyncedAsync(p), "UPDATE cdcsync_checkpoint SET snapshot = 'scribble'").RunAsync("checkpoint", "show", "--json")),
        new(ExitCode.StateConflict, "a state conflict, beside a resync that is required", async p => await OtherSource(Expired(await SyncedAsync(p))).RunAsync("sync", "--json")),
        new(ExitCode.ResyncRequired, "the source no longer has the changes", async p => await Expired(await SyncedAsync(p)).RunAsync("sync", "--json")),
        new(ExitCode.ResyncRequired, "the source was restored to an older state", RestoredAsync),
        new(ExitCode.ResyncRequired, "a resync that is required, beside a source fault", async p => await NoReturns(Expired(await SyncedAsync(p))).RunAsync("sync", "--json")),
        new(ExitCode.Partial, "rows were quarantined", async p => await BadValue(await SyncedAsync(p)).RunAsync("sync", "--json")),
        new(ExitCode.Partial, "the delete breaker stopped a batch", DeleteBreakerAsync),
        new(ExitCode.Interrupted, "SIGINT (Ctrl-C)", p => SignalledAsync(p, Signal.Interrupt)),
        new(ExitCode.Terminated, "SIGTERM", p => SignalledAsync(p, Signal.Terminate)),
    ];

    private static async Task<PipelineFolder> TrackedAsync(PipelineFolder pipeline)
    {
        await pipeline.TrackAsync();
        return await MigratedAsync(pipeline);
    }

    private static async Task<PipelineFolder> MigratedAsync(PipelineFolder pipeline)
    {
        var result = await pipeline.RunAsync("migrate");
        Assert.True(result.ExitCode == 0, result.ToString());
        return pipeline;
    }

    private static async Task<PipelineFolder> SyncedAsync(PipelineFolder pipeline)
    {
        await pipeline.TrackAsync();
        var result = await pipeline.RunAsync("sync", "--migrate");
        Assert.True(result.ExitCode == 0, result.ToString());
        return pipeline;
    }

    private static Task<ProcessResult> BugAsync(PipelineFolder pipeline)
    {
        pipeline.Execute("INSERT INTO orders VALUES (3, 'c')");
        return CdcsyncProcess.RunAsync(pipeline.Root, ["sync", "--json"], new Dictionary<string, string> { ["CDCSYNC_FAILPOINT"] = "chunk-read:1:bug" });
    }

    private static PipelineFolder Edited(PipelineFolder pipeline, string file, string right, string wrong)
    {
        var text = File.ReadAllText(pipeline[file]);
        Assert.Contains(right, text, StringComparison.Ordinal);
        File.WriteAllText(pipeline[file], text.Replace(right, wrong, StringComparison.Ordinal));
        return pipeline;
    }

    private static PipelineFolder Without(PipelineFolder pipeline, string file)
    {
        File.Delete(pipeline[file]);
        return pipeline;
    }

    private static PipelineFolder InWarehouse(PipelineFolder pipeline, string sql)
    {
        pipeline.ExecuteInWarehouse(sql);
        return pipeline;
    }

    private static PipelineFolder UnexplainedRows(PipelineFolder pipeline, string table) => InWarehouse(pipeline, $"CREATE TABLE {table} (id INTEGER NOT NULL PRIMARY KEY); INSERT INTO {table} VALUES (99)");

    private static PipelineFolder OtherSource(PipelineFolder pipeline) => InWarehouse(pipeline, "UPDATE cdcsync_checkpoint SET source_id = 'elsewhere' WHERE dataset = 'returns'");

    private static PipelineFolder BadValue(PipelineFolder pipeline)
    {
        pipeline.Execute("INSERT INTO orders VALUES (9, x'ff00')");
        return pipeline;
    }

    private static PipelineFolder Expired(PipelineFolder pipeline)
    {
        pipeline.Execute("INSERT INTO orders VALUES (3, 'c'); UPDATE _cdcsync_tracking SET min_valid_version = 1000000");
        return pipeline;
    }

    private static PipelineFolder NoReturns(PipelineFolder pipeline)
    {
        pipeline.Execute("DROP TABLE returns");
        return pipeline;
    }

    private static async Task<ProcessResult> RestoredAsync(PipelineFolder pipeline)
    {
        await SyncedAsync(pipeline);
        File.Copy(pipeline["shop.db"], pipeline["backup.db"]);
        pipeline.Execute("INSERT INTO orders VALUES (3, 'c'), (4, 'd')");
        Assert.Equal(0, (await pipeline.RunAsync("sync")).ExitCode);
        File.Copy(pipeline["backup.db"], pipeline["shop.db"], overwrite: true);
        return await pipeline.RunAsync("sync", "--json");
    }

    private static async Task<ProcessResult> LandingBlockedAsync(PipelineFolder pipeline)
    {
        await TrackedAsync(pipeline);
        File.WriteAllText(pipeline["landing"], "a file where the folder should be");
        return await pipeline.RunAsync("sync", "--json");
    }

    private static async Task<ProcessResult> DeleteBreakerAsync(PipelineFolder pipeline)
    {
        pipeline.Execute("WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO orders SELECT i, 'x' FROM n");
        await SyncedAsync(pipeline);
        pipeline.Execute("DELETE FROM orders");
        return await pipeline.RunAsync("sync", "--json");
    }

    private static async Task<ProcessResult> LeaseHeldAsync(PipelineFolder pipeline)
    {
        await TrackedAsync(Edited(pipeline, "cdcsync.yaml", Lease, "lease: 2s"));    // a second worker waits for as long before it gives up
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--listen", "127.0.0.1:0"]);
        await daemon.WaitForLineAsync("lease taken");
        return await pipeline.RunAsync("sync", "--json");
    }

    private static async Task<ProcessResult> SignalledAsync(PipelineFolder pipeline, Signal signal)
    {
        await TrackedAsync(pipeline);
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--listen", "127.0.0.1:0"]);
        await daemon.WaitForLineAsync("lease taken");
        daemon.Send(signal);
        return await daemon.WaitForExitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>A row that nobody synced is put into the demo's warehouse while it runs.</summary>
    private static async Task<ProcessResult> TamperedDemoAsync(PipelineFolder pipeline)
    {
        await using var demo = CdcsyncProcess.Start(pipeline.Root, ["demo", "--seconds", "2", "--folder", pipeline["demo"], "--json"]);
        await demo.WaitForLineAsync("\"event\":\"batch\".*\"dataset\":\"returns\"");
        await using var warehouse = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = pipeline["demo/warehouse.db"], Pooling = false, DefaultTimeout = 30 }.ToString());
        await warehouse.OpenAsync();
        await using var tamper = warehouse.CreateCommand();
        tamper.CommandText = "CREATE TEMP TABLE one AS SELECT * FROM returns LIMIT 1; UPDATE one SET return_id = -1; INSERT INTO returns SELECT * FROM one";
        await tamper.ExecuteNonQueryAsync();
        return await demo.WaitForExitAsync();
    }
}
