using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Landing;
using CdcSync.Core.Shaping;
using CdcSync.Core.Sync;

namespace CdcSync.Core.Tests.Fakes;

/// <summary>A source, a warehouse and an engine between them, all in memory but the landing.</summary>
internal sealed class World : IDisposable
{
    private readonly string _landing = Path.Combine(Path.GetTempPath(), $"cdcsync-test-{Guid.CreateVersion7():N}");

    public World(params Dataset[] datasets)
        : this(new FastTime(), datasets)
    {
    }

    public World(TimeProvider time, Dataset[] datasets)
    {
        Time = time;
        Other = new FakeSource(Time, Faults);
        Source = new FakeSource(Time, Faults);
        Warehouse = new FakeWarehouse(Time, Faults);
        Pipeline = new Pipeline("test", datasets.Length == 0 ? [Orders] : datasets);
    }

    public static Dataset Orders { get; } = Of("orders");

    public TimeProvider Time { get; }

    public FaultPlan Faults { get; } = new();

    public FakeSource Source { get; }

    /// <summary>A second source, for datasets that name it <c>other</c>.</summary>
    public FakeSource Other { get; }

    public FakeWarehouse Warehouse { get; }

    public Pipeline Pipeline { get; set; }

    public RecordingObserver Observer { get; } = new();

    /// <summary>How many ranges of the source's first loads are read side by side.</summary>
    public int ParallelRanges
    {
        init => Pipeline = Pipeline with { ParallelRanges = new Dictionary<string, int> { ["fake"] = value } };
    }

    /// <summary>What the engine is given instead of the source.</summary>
    public Func<Core.Sources.IChangeSource, Core.Sources.IChangeSource> Around { get; set; } = source => source;

    public EngineOptions Options { get; set; } = new() { SnapshotRowsPerRange = 4, Holder = "one", LeaseDuration = TimeSpan.FromHours(1) };

    public static Dataset Of(string id, GapPolicy gap = GapPolicy.Fail, string? group = null) => new()
    {
        Id = new DatasetId(id),
        SourceName = "fake",
        Object = new SourceObject.Table(null, id),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, id),
        Columns =
        [
            new DatasetColumn("id", "id", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0, Required: true),
            new DatasetColumn("value", "value", StringType.Default, StringType.Default),
        ],
        Contract = new ContractReference("test", "1.0.0", "owner@example.com"),
        GapPolicy = gap,
        Group = group,
        Interval = TimeSpan.FromSeconds(1),
    };

    /// <summary>A new engine, as a new process would make it: it knows nothing but what the warehouse says.</summary>
    public SyncEngine Engine() => new(Pipeline, new Dictionary<string, Core.Sources.IChangeSource> { ["fake"] = Around(Source), ["other"] = Other }, Warehouse,
        new LandingZone(new LandingOptions(_landing, TimeSpan.FromDays(1), 1L << 30), "test", Time), new Keyring(new Dictionary<string, byte[]>()), Observer, Time, Options);

    public Task<PassReport> SyncAsync() => Engine().SyncOnceAsync(null, CancellationToken.None);

    /// <summary>True if the warehouse holds exactly the source's rows.</summary>
    public bool Equal(Dataset dataset) =>
        Source[dataset.Id].Rows.OrderBy(r => r.Key).Select(r => (r.Key, (string?)r.Value)).SequenceEqual(Warehouse.Published(dataset.Id).OrderBy(r => r.Key).Select(r => (r.Key, r.Value)));

    /// <summary>The files in the landing, relative to it.</summary>
    public IEnumerable<string> LandedFiles() => Directory.Exists(_landing)
        ? Directory.EnumerateFiles(_landing, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(_landing, f).Replace('\\', '/'))
        : [];

    public void Dispose()
    {
        if (Directory.Exists(_landing))
            Directory.Delete(_landing, recursive: true);
    }
}
