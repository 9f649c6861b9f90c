using System.Diagnostics;
using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Reconcile;

/// <summary>While rows change and are synced, what is on its way is no drift, and what is drift is found.</summary>
public sealed class InFlightTests(ITestOutputHelper output)
{
    private const int Rows = 5_000;
    private const int Runs = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task What_is_on_its_way_is_never_called_drift_and_edits_by_hand_are_all_found_beside_it(WarehouseKind kind)
    {
        var seed = TestSeed.Next();
        await using var book = await Ledgerbook.CreateAsync(kind, Rows);
        await using var writer = new Writer(book.Pipeline.Source, Rows, seed);
        (int, int, int) edits;
        await using (var daemon = book.Pipeline.Start(["run", "--listen", "127.0.0.1:0"]))
        {
            await daemon.WaitForLineAsync("lease taken");
            var (began, runs, judged) = (Stopwatch.StartNew(), 0, 0L);
            while (runs < Runs || (judged == 0 && began.Elapsed < Patience))
            {
                var report = await book.ReconcileAsync(0);
                Assert.True((0, 0, 0) == HandEditTests.Counts(report), report.ToString());
                judged += report.GetProperty("rowsTravelled").GetInt64();
                runs++;
            }

            output.WriteLine($"seed {seed}: {runs} comparisons during {writer.Changes} changes, {judged} rows travelled");
            Assert.True(judged > 0, "no comparison met a change on its way");

            // Rows that nobody else writes: all that is done to them is drift.
            edits = await book.EditAsync(200, Rows / 2, seed);
            Assert.Equal(edits, HandEditTests.Counts(await book.ReconcileAsync(3)));
            daemon.Send(Signal.Terminate);
            await daemon.WaitForExitAsync();
        }

        var mended = await book.ReconcileAsync(0, "--repair");
        Assert.Equal((edits, 200), (HandEditTests.Counts(mended), mended.GetProperty("repaired").GetInt32()));
        await writer.StopAsync();
        await book.Pipeline.RunAsync(0, "sync");
        await book.Pipeline.AssertEqualAsync();
    }
}
