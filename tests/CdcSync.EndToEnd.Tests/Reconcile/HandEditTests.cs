using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Reconcile;

/// <summary>What people do to a warehouse by hand is found, all of it, and mended.</summary>
public sealed class HandEditTests(ITestOutputHelper output)
{
    private const int Rows = 100_000;

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task A_thousand_edits_of_a_large_table_are_all_found_and_all_mended(WarehouseKind kind)
    {
        var seed = TestSeed.Next();
        output.WriteLine($"seed {seed}");
        await using var book = await Ledgerbook.CreateAsync(kind, Rows);
        var edits = await book.EditAsync(1_000, Rows, seed);

        var found = await book.ReconcileAsync(3);
        Assert.Equal(edits, Counts(found));
        Assert.Equal((Rows, 0), (found.GetProperty("sourceRows").GetInt32(), found.GetProperty("repaired").GetInt32()));

        var mended = await book.ReconcileAsync(0, "--repair");
        Assert.Equal((edits, 1_000), (Counts(mended), mended.GetProperty("repaired").GetInt32()));
        Assert.Equal(Rows, await book.Pipeline.AssertEqualAsync());
        Assert.Equal((0, 0, 0), Counts(await book.ReconcileAsync(0)));
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite, KeyKind.Integer)]
    [InlineData(WarehouseKind.Postgres, KeyKind.Integer)]
    [InlineData(WarehouseKind.Postgres, KeyKind.Text)]
    public async Task A_hundred_differences_move_less_than_one_row_in_a_hundred(WarehouseKind kind, KeyKind key)
    {
        await using var book = await Ledgerbook.CreateAsync(kind, Rows, key);
        var edits = await book.EditAsync(100, Rows, seed: 7, key);
        var mended = await book.ReconcileAsync(0, "--repair");
        Assert.Equal((edits, 100), (Counts(mended), mended.GetProperty("repaired").GetInt32()));
        Assert.InRange(mended.GetProperty("rowsTravelled").GetInt32(), 100, (Rows / 100) - 1);
        Assert.Equal(Rows, await book.Pipeline.AssertEqualAsync());
    }

    internal static (int Missing, int Different, int Extra) Counts(JsonElement report) =>
        (report.GetProperty("missing").GetInt32(), report.GetProperty("different").GetInt32(), report.GetProperty("extra").GetInt32());
}
