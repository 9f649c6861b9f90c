using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Pacing;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Sources;

/// <summary>A source to which the engine never has more connections than were allowed, whatever it does side by side.</summary>
public sealed class BudgetedSourceTests
{
    private const int Rows = 40;

    [Theory]
    [InlineData(1, 0, 4, 1)]
    [InlineData(3, 1, 4, 4)]
    [InlineData(2, 1, 1, 4)]
    public async Task First_loads_polls_backfills_and_comparisons_of_many_datasets_go_on_with_the_fewest_connections_there_can_be(int session, int kept, int slots, int ranges)
    {
        Dataset[] datasets = [.. Enumerable.Range(0, 8).Select(i => World.Of($"d{i}") with { Interval = TimeSpan.FromMilliseconds(20) })];
        using var world = new World(TimeProvider.System, datasets) { ParallelRanges = ranges };
        var need = new ConnectionNeed(session, kept, 1);
        var (counted, budget) = (new Counted(world.Source, need), new ConnectionBudget(need.Least, need));
        world.Around = _ => new BudgetedSource(counted, budget);
        world.Options = world.Options with { MaxParallel = slots };
        foreach (var dataset in datasets)
            Fill(world, dataset, Rows);
        await using var daemon = new Daemon(world);
        var random = new Random(8_120);
        for (var round = 0; round < 6; round++)
        {
            await daemon.UntilAsync(() => datasets.All(world.Equal) && datasets.All(d => world.Warehouse.States[d.Id].Phase == DatasetPhase.Streaming));
            foreach (var dataset in datasets)
            {
                world.Source[dataset.Id].Put(random.Next(Rows), $"round {round}");
                daemon.Engine.Take(random.Next(3) switch
                {
                    0 => new Order.Backfill(null),
                    1 => new Order.Reconcile(new ReconcileRequest(ReconcileMode.Full, IsRepair: true)),
                    _ => new Order.Resync(BreakerUse.Armed),
                }, new HashSet<DatasetId> { dataset.Id });
            }

            await daemon.UntilAsync(() => daemon.Engine.Lanes().All(l => l.Waiting is null && l.Activity is LaneActivity.Idle or LaneActivity.Syncing && l.Last is { Fault: null }));
        }

        Assert.InRange(counted.Most, need.Session, need.Least - need.Kept);
    }

    /// <summary>The backfill has the one connection for tables and wants to publish; the load wants that connection, and must not have the one place for publishing.</summary>
    [Fact]
    public async Task A_load_that_waits_for_a_connection_does_not_keep_a_backfill_that_has_it_from_publishing()
    {
        var (first, second) = (World.Of("first") with { Interval = TimeSpan.FromDays(3650) }, World.Of("second") with { Interval = TimeSpan.FromDays(3650) });
        using var world = new World(TimeProvider.System, [first, second]);
        var budget = new ConnectionBudget(2, ConnectionNeed.One);
        world.Around = source => new BudgetedSource(source, budget);
        // A backfill publishes in the middle of its reading what it can't hold in memory.
        world.Options = world.Options with { MaxParallel = 1, SnapshotRowsPerRange = 100_000 };
        world.Source.ChunkRows = 20_000;
        Fill(world, first, 70_000);
        Fill(world, second, Rows);
        await using var daemon = new Daemon(world);
        await daemon.UntilAsync(() => world.Equal(first) && world.Equal(second) && daemon.Engine.Lanes().Count > 0 && daemon.Engine.Lanes().All(l => l.Activity == LaneActivity.Idle && l.NextPollAt > world.Time.GetUtcNow() + TimeSpan.FromDays(300)));
        world.Source.Meanwhile = () =>
        {
            world.Source.Meanwhile = null;
            daemon.Engine.Take(new Order.Resync(BreakerUse.Armed), new HashSet<DatasetId> { second.Id });
            Assert.True(SpinWait.SpinUntil(() => budget.Waiting > 0, TimeSpan.FromSeconds(30)));
        };
        daemon.Engine.Take(new Order.Backfill(null), new HashSet<DatasetId> { first.Id });
        await daemon.UntilAsync(() => daemon.Engine.Lanes().All(l => l.Last is { Fault: null }));
    }

    private static void Fill(World world, Dataset dataset, int rows)
    {
        for (var key = 0; key < rows; key++)
            world.Source[dataset.Id].Put(key, $"value {key}");
    }

    /// <summary>Counts connections as a source would open them.</summary>
    private sealed class Counted(FakeSource source, ConnectionNeed need) : IChangeSource, IRangeReader
    {
        private int _open, _most;

        public int Most => _most;

        public string Name => source.Name;

        public IRangeReader Ranges => this;

        public ConnectionNeed ConnectionsFor(IReadOnlyCollection<Dataset> datasets) => need;

        public async ValueTask<IReadSession> OpenAsync(IReadOnlyList<ReadRequest> requests, CancellationToken ct)
        {
            Open(need.Session);
            return new Session(this, await source.OpenAsync(requests, ct));
        }

        public async ValueTask<SourceBacklog?> AcknowledgeAsync(IReadOnlyList<CommittedPosition> needed, CancellationToken ct)
        {
            Open(1);
            await Task.Yield();
            Close(1);
            return await source.AcknowledgeAsync(needed, ct);
        }

        public ValueTask<IReadOnlyList<DiscoveredObject>> DiscoverAsync(IReadOnlyList<string> patterns, CancellationToken ct) => source.DiscoverAsync(patterns, ct);

        public ValueTask<IReadOnlyList<CdcSyncException>> CheckAsync(Dataset dataset, CancellationToken ct) => source.CheckAsync(dataset, ct);

        public ValueTask<IReadOnlyList<KeyRange>> PlanAsync(Dataset dataset, long rowsPerRange, CancellationToken ct) => source.PlanAsync(dataset, rowsPerRange, ct);

        public async IAsyncEnumerable<ChangeChunk> ReadAsync(Dataset dataset, KeyRange range, [EnumeratorCancellation] CancellationToken ct)
        {
            Open(1);
            try
            {
                await foreach (var chunk in source.ReadAsync(dataset, range, ct))
                    yield return chunk;
            }
            finally
            {
                Close(1);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private void Open(int connections)
        {
            var now = Interlocked.Add(ref _open, connections);
            for (var seen = _most; now > seen; seen = _most)
                Interlocked.CompareExchange(ref _most, now, seen);
        }

        private void Close(int connections) => Interlocked.Add(ref _open, -connections);

        private sealed class Session(Counted counted, IReadSession session) : IReadSession
        {
            private bool _isClosed;

            public DateTimeOffset SourceTime => session.SourceTime;

            public IReadOnlyDictionary<DatasetId, Reading> Readings => session.Readings;

            public IAsyncEnumerable<ReadEvent> ReadAsync(IReadOnlyCollection<DatasetId> datasets, CancellationToken ct) => session.ReadAsync(datasets, ct);

            public ValueTask DisposeAsync()
            {
                if (!_isClosed)
                    counted.Close(counted.ConnectionsFor([]).Session);
                _isClosed = true;
                return session.DisposeAsync();
            }
        }
    }
}
