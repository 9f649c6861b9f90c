using CdcSync.Core.Sync;
using CdcSync.EndToEnd.Tests.Cli;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Quarantine;

/// <summary>The real process against a warehouse with a unique index of the user's: rows that it refuses are kept out, the others arrive.</summary>
public sealed class RefusedRowsTests
{
    /// <summary>Killed in a rehearsal, and in the publication of the rest.</summary>
    [Theory]
    [InlineData(WarehouseKind.Sqlite, "{ kind: sqlite, path: ./warehouse.db }", Failpoints.Merged + ":2", "SQLite refused it: UNIQUE constraint failed: orders.note")]
    [InlineData(WarehouseKind.Postgres, "{ kind: postgres, connection: \"${env:WAREHOUSE}\", schema: landed }", Failpoints.BeforeCommit + ":1", "PostgreSQL refused it: SQLSTATE 23505, constraint 'one_note'")]
    public async Task Killed_in_the_middle_it_still_keeps_out_exactly_the_rows_that_a_unique_index_refuses(WarehouseKind kind, string yaml, string failpoint, string reason)
    {
        using var pipeline = new PipelineFolder(yaml);
        await using var warehouse = await WarehouseUnderTest.CreateAsync(kind, pipeline.Folder);
        await pipeline.TrackAsync();
        Assert.Equal(0, (await CdcsyncProcess.RunAsync(pipeline.Root, ["sync", "--migrate"], warehouse.Environment)).ExitCode);
        await warehouse.ExecuteAsync($"CREATE UNIQUE INDEX one_note ON {warehouse.Table("orders")} (note)");
        // The second takes a value that is in the target, the third one that another row of the batch has before it.
        pipeline.Execute("""
            WITH RECURSIVE n (id) AS (SELECT 10 UNION ALL SELECT id + 1 FROM n WHERE id < 200) INSERT INTO orders SELECT id, 'note ' || id FROM n;
            UPDATE orders SET note = 'a' WHERE id = 50;
            UPDATE orders SET note = 'note 52' WHERE id = 51;
            DELETE FROM orders WHERE id = 2;
            """);

        var killed = await CdcsyncProcess.RunAsync(pipeline.Root, ["sync", "orders"], new Dictionary<string, string>(warehouse.Environment) { ["CDCSYNC_FAILPOINT"] = failpoint });
        Assert.Equal(137, killed.ExitCode);
        Assert.Equal("2", $"{await warehouse.ScalarAsync($"SELECT count(*) FROM {warehouse.Table("orders")}")}");
        var synced = await CdcsyncProcess.RunAsync(pipeline.Root, ["sync", "orders"], warehouse.Environment);

        Assert.True(synced.ExitCode == 8, synced.ToString());
        Assert.Contains("the warehouse refuses 2 rows of a batch", synced.Error, StringComparison.Ordinal);
        Assert.Equal("190", $"{await warehouse.ScalarAsync($"SELECT count(*) FROM {warehouse.Table("orders")}")}");
        foreach (var key in new[] { 50, 51 })
            Assert.Equal($"warehouse {reason}", await warehouse.ScalarAsync($"SELECT rule || ' ' || reason FROM {warehouse.Control("quarantine")} WHERE row_key = '[\"{key}\"]'"));
    }
}
