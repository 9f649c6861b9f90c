using CdcSync.Arrow;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Metrics;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Metrics;

/// <summary>A pipeline of two datasets, its metrics, and a clock that stands still until it is moved.</summary>
internal sealed class MetricsWorld : IDisposable
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public MetricsWorld()
    {
        Orders = Dataset("orders") with { FreshnessTarget = TimeSpan.FromMinutes(15), Interval = TimeSpan.FromSeconds(5), LatencyTarget = TimeSpan.FromMinutes(1), FrequencyTarget = TimeSpan.FromHours(1), Totals = [new("revenue", "amount", [])] };
        Returns = Dataset("returns") with { Totals = [new("rows", null, [])] };
        Pipeline = new Pipeline("shop", [Orders, Returns]);
        Metrics = new SyncMetrics(Pipeline, "1.2.3", Clock);
        Observer = new MetricsObserver(Metrics, Pipeline);
    }

    public StoppedClock Clock { get; } = new();

    public Dataset Orders { get; }

    public Dataset Returns { get; }

    public Pipeline Pipeline { get; }

    public SyncMetrics Metrics { get; }

    public MetricsObserver Observer { get; }

    /// <summary>The value of a series, as a scraper sees it.</summary>
    public double Read(string family, params (string Name, string Value)[] labels)
    {
        var samples = StrictExpositionParser.ParsePrometheusText(Exposition.Write(Metrics.Registry, ExpositionFormat.PrometheusText)).Values.SelectMany(f => f.Samples);
        return samples.Single(s => s.Name == family && labels.All(l => s[l.Name] == l.Value)).Value;
    }

    public double ReadOrders(string family) => Read(family, ("dataset", "orders"));

    public void CommitOneBatch(DateTimeOffset? completeUpTo = null, DateTimeOffset? newestCommit = null, BatchKind kind = BatchKind.Window, ResyncCause? resync = null) =>
        Observer.BatchCommitted(Orders, new BatchReport(2, kind, Checkpoint(completeUpTo ?? Clock.Now), new MergeStats(1, 2, 3, 4), 11, 1, null, newestCommit,
            new Dictionary<string, TimeSpan> { ["read"] = TimeSpan.FromSeconds(0.2), ["land"] = TimeSpan.FromSeconds(0.3), ["stage"] = TimeSpan.FromSeconds(0.4), ["publish"] = TimeSpan.FromSeconds(2) })
        {
            Resync = resync,
        });

    public static Checkpoint Checkpoint(DateTimeOffset? completeUpTo) => new(2, new SourceIdentity("test", "1"), new Position("test", "2"), null, completeUpTo);

    public static CdcSyncException Fault(ErrorCode code) => new(code, "orders: something.", "Run: cdcsync status");

    public void Dispose() => Metrics.Dispose();

    private static Dataset Dataset(string name) => new()
    {
        Id = new DatasetId(name),
        SourceName = "erp",
        Object = new SourceObject.Table(null, name),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, name),
        Columns = [new DatasetColumn("id", "id", Int64Type.Default, Int64Type.Default, 0)],
        Checks = [new ContractCheck("present", CheckSeverity.Error, new RowCountMeasure(), new RuleCondition(RuleOperator.NotBe, 0)), new ContractCheck("gated", CheckSeverity.Error, new RowCountMeasure(), new RuleCondition(RuleOperator.NotBe, 0)) { Occasion = CheckOccasion.Demand },
            new ContractCheck("ready_by_0600", CheckSeverity.Warning, new DeadlineMeasure(new Deadline(new TimeOnly(6, 0), TimeOnly.MinValue, Enum.GetValues<DayOfWeek>(), TimeZoneInfo.Utc)), new RuleCondition(RuleOperator.Be, 0))],
        Contract = new ContractReference(name, "1.0.0", "team"),
    };
}

internal sealed class StoppedClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = MetricsWorld.Noon;

    public override DateTimeOffset GetUtcNow() => Now;
}
