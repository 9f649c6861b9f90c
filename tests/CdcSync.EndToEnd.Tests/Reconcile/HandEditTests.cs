using System.Text.Json;
using CdcSync.Core.Sync;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Reconcile;

/// <summary>What people do to a warehouse by hand is found, all of it, and mended.</summary>
public sealed class HandEditTests(ITestOutputHelper output)
{
    private const int Rows = 20_000;

    [Theory]
    [InlineData(WarehouseKind.Sqlite, KeyKind.Integer)]
    [InlineData(WarehouseKind.Postgres, KeyKind.Integer)]
    [InlineData(WarehouseKind.Postgres, KeyKind.Text)]
    public async Task Hundreds_of_edits_are_all_found_and_mended_and_of_one_in_a_thousand_less_than_one_row_in_a_hundred_moves(WarehouseKind kind, KeyKind key)
    {
        var seed = TestSeed.Next();
        output.WriteLine($"seed {seed}");
        await using var book = await Ledgerbook.CreateAsync(kind, Rows, key);
        var edits = await book.EditAsync(200, Rows, seed, key);

        var found = await book.ReconcileAsync(3);
        Assert.Equal(edits, Counts(found));
        Assert.Equal((Rows, 0), (found.GetProperty("sourceRows").GetInt32(), found.GetProperty("repaired").GetInt32()));

        var mended = await book.ReconcileAsync(0, "--repair");
        Assert.Equal((edits, 200), (Counts(mended), mended.GetProperty("repaired").GetInt32()));
        Assert.Equal(Rows, await book.Pipeline.AssertEqualAsync());

        edits = await book.EditAsync(Rows / 1_000, Rows, seed + 1, key);
        mended = await book.ReconcileAsync(0, "--repair");
        Assert.Equal((edits, Rows / 1_000), (Counts(mended), mended.GetProperty("repaired").GetInt32()));
        Assert.InRange(mended.GetProperty("rowsTravelled").GetInt32(), Rows / 1_000, (Rows / 100) - 1);
        Assert.Equal(Rows, await book.Pipeline.AssertEqualAsync());
    }

    /// <summary>What was mended before the kill stays, and the next run mends the rest.</summary>
    [Theory]
    [InlineData(WarehouseKind.Sqlite, Failpoints.Narrowed, Failpoints.Landed, Failpoints.Merged, Failpoints.AfterCommit)]
    [InlineData(WarehouseKind.Postgres, Failpoints.BeforeCommit, Failpoints.AfterCommit)]
    public async Task A_repair_that_is_killed_at_any_step_is_finished_by_the_next(WarehouseKind kind, params string[] steps)
    {
        const int Few = 500;
        await using var book = await Ledgerbook.CreateAsync(kind, Few);
        foreach (var step in steps)
        {
            var edits = await book.EditAsync(40, Few, seed: 3);
            await using (var killed = book.Pipeline.Start(["reconcile", "entries", "--repair"], ("CDCSYNC_FAILPOINT", $"{step}:1")))
                Assert.Equal((step, 137), (step, (await killed.WaitForExitAsync()).ExitCode));
            var left = Counts(await book.ReconcileAsync(0, "--repair"));
            Assert.Equal((step, step == Failpoints.AfterCommit ? (0, 0, 0) : edits), (step, left));
            Assert.Equal(Few, await book.Pipeline.AssertEqualAsync());
        }
    }

    /// <summary>Entry n was placed n seconds after 22:13:20: in the minute there are the entries 100 to 159, whose keys are 300 to 477.</summary>
    [Fact]
    public async Task Of_a_range_in_time_or_of_keys_what_differs_is_found_and_mended_or_read_again_and_nothing_beside_it()
    {
        await using var book = await Ledgerbook.CreateAsync(WarehouseKind.Postgres, 500);
        await book.Pipeline.Warehouse.ExecuteAsync($"UPDATE {book.Table} SET placed_at = placed_at - interval '1 year' WHERE id IN (330, 630); DELETE FROM {book.Table} WHERE id IN (450, 900); INSERT INTO {book.Table} (id, account) VALUES (901, 1), (902, 1)");
        string[] minute = ["--range", "placed_at=2023-11-14T22:15..2023-11-14T22:16"];
        Assert.Equal((1, 1, 0), Counts(await book.ReconcileAsync(3, minute)));
        var mended = await book.ReconcileAsync(0, [.. minute, "--repair"]);
        Assert.Equal((60, 58, 2), (mended.GetProperty("sourceRows").GetInt32(), mended.GetProperty("targetRows").GetInt32(), mended.GetProperty("repaired").GetInt32()));

        var result = await book.Pipeline.RunAsync(0, "backfill", "entries", "--range", "id=600..902", "--json");
        var outcome = JsonDocument.Parse(result.Out).RootElement.GetProperty("datasets")[0];
        Assert.Equal((101, 1, 1, 1), (outcome.GetProperty("rowsRead").GetInt32(), outcome.GetProperty("inserted").GetInt32(), outcome.GetProperty("updated").GetInt32(), outcome.GetProperty("deleted").GetInt32()));
        Assert.Equal((0, 0, 1), Counts(await book.ReconcileAsync(0, "--repair")));
        Assert.Equal(500, await book.Pipeline.AssertEqualAsync());
    }

    internal static (int Missing, int Different, int Extra) Counts(JsonElement report) =>
        (report.GetProperty("missing").GetInt32(), report.GetProperty("different").GetInt32(), report.GetProperty("extra").GetInt32());
}
