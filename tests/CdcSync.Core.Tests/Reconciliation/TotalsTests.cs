using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Reconciliation;

/// <summary>Control totals: counts and sums by group, on both sides.</summary>
public sealed class TotalsTests : IDisposable
{
    private static readonly Dataset Orders = World.Orders with { Totals = [new("ids by value", "id", ["value"]), new("rows", null, [])] };
    private readonly World _world = new(Orders);

    private FakeTable Source => _world.Source[Orders.Id];

    private Dictionary<long, string?> Target => _world.Warehouse.Rows(Orders.Id);

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Groups_that_differ_are_told_with_both_sides_and_nothing_is_mended()
    {
        await LoadAsync();
        Assert.Equal(ReconcileOutcome.Equal, (await CompareAsync()).Outcome);
        Target.Remove(5);
        Target[6] = "moved";
        var report = await CompareAsync();
        Assert.Equal((ReconcileOutcome.Drift, 20L, 19L, 0L), (report.Outcome, report.SourceRows, report.TargetRows, report.InFlight));
        Assert.Equal(("ids by value", 4L, 3L), (report.Totals[0].Name, report.Totals[0].Groups, report.Totals[0].Differing));
        Assert.Equal([new("[\"moved\"]", default, new(1, "6")), new("[\"value 0\"]", new(7, "63"), new(6, "57")), new("[\"value 2\"]", new(6, "57"), new(5, "52"))],
            report.Totals[0].Differences.OrderBy(d => d.Group, StringComparer.Ordinal));
        Assert.Equal([new TotalDifference("[]", new(20, null), new(19, null))], report.Totals[1].Differences);
        Assert.Equal(19, Target.Count);
        Assert.DoesNotContain(_world.Warehouse.Ledger, l => l.Draft.Kind == BatchKind.Repair);
        Assert.Equal(ErrorCodes.WrongUsage, (await Assert.ThrowsAsync<CdcSyncException>(() => CompareAsync(isRepair: true))).Code);
    }

    [Fact]
    public async Task While_changes_are_in_flight_nothing_is_called_drift()
    {
        await LoadAsync();
        Source.Put(100, "value 0");
        var report = await CompareAsync();
        Assert.Equal((ReconcileOutcome.Equal, 2L), (report.Outcome, report.InFlight));
        await _world.SyncAsync();
        Assert.Equal(0, (await CompareAsync()).InFlight);
    }

    [Fact]
    public async Task A_range_is_summed_alone()
    {
        await LoadAsync();
        Target.Remove(5);
        Assert.Equal(ReconcileOutcome.Equal, (await CompareAsync(new RowRange("id=6..", 0, 6, null))).Outcome);
        Assert.Equal(ReconcileOutcome.Drift, (await CompareAsync(new RowRange("id=..6", 0, null, 6))).Outcome);
    }

    [Fact]
    public async Task Without_any_declared_there_is_nothing_to_compare()
    {
        using var world = new World();
        Assert.Equal(ErrorCodes.NotComparable, (await Assert.ThrowsAsync<CdcSyncException>(() => world.Engine().ReconcileAsync(World.Orders.Id, new ReconcileRequest(ReconcileMode.Totals, false), default))).Code);
    }

    [Fact]
    public async Task Timestamps_are_grouped_by_their_day_in_utc_and_decimals_are_summed_exactly()
    {
        var dataset = World.Orders with
        {
            Columns =
            [
                new DatasetColumn("id", "id", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0, Required: true),
                new DatasetColumn("at", "at", new TimestampType(TimeUnit.Second, "UTC"), new TimestampType(TimeUnit.Second, "UTC")),
                new DatasetColumn("amount", "amount", new Decimal128Type(38, 2), new Decimal128Type(38, 2)),
            ],
        };
        var builder = new RecordBatchBuilder(dataset.TargetSchema);
        foreach (var (at, amount) in new (long?, Int128?)[] { (-1, 1), (0, Int128.Parse("99999999999999999999999999999999999999")), (86_399, 1), (86_400, null), (null, -150), (null, 50) })
        {
            ((FixedWidthBuilder<long>)builder[0]).Append(1);
            Append((FixedWidthBuilder<long>)builder[1], at);
            Append((FixedWidthBuilder<Int128>)builder[2], amount);
        }

        var scope = new TotalScope(dataset, new ControlTotal("t", "amount", ["at"]), null);
        var totals = TotalResult.Of(scope, await LocalTotals.OfAsync(new Rows(builder.Build()), scope, default), new Dictionary<CanonicalKey, GroupTotal>());
        Assert.Equal(["[\"1969-12-31\"] 1 0.01", "[\"1970-01-01\"] 2 1000000000000000000000000000000000000", "[\"1970-01-02\"] 1 ", "[null] 2 -1"],
            totals.Differences.Select(d => $"{d.Group} {d.Source.Rows} {d.Source.Sum}").Order(StringComparer.Ordinal));
    }

    private static void Append<T>(FixedWidthBuilder<T> to, T? value) where T : unmanaged
    {
        if (value is { } v)
            to.Append(v);
        else
            to.AppendNull();
    }

    private async Task LoadAsync()
    {
        for (var key = 0; key < 20; key++)
            Source.Put(key, $"value {key % 3}");
        await _world.SyncAsync();
    }

    private Task<ReconcileReport> CompareAsync(RowRange? range = null, bool isRepair = false) =>
        _world.Engine().ReconcileAsync(Orders.Id, new ReconcileRequest(ReconcileMode.Totals, isRepair) { Range = range }, default);

    private sealed class Rows(RecordBatch rows) : IRowSide
    {
        public ValueTask<Survey> SurveyAsync(CancellationToken ct) => default;

        public async IAsyncEnumerable<ChangeChunk> ReadAsync(IReadOnlyList<PlaceSpan>? places, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
        {
            await Task.Yield();
            ct.ThrowIfCancellationRequested();
            yield return ChangeChunk.Upserts(rows);
        }

        public IAsyncEnumerable<ChangeChunk> FindAsync(RecordBatch keys, CancellationToken ct) => ReadAsync(null, ct);
    }
}
