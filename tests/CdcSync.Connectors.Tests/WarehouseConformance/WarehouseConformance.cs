using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

/// <summary>What every warehouse promises. An engine derives from it, gives a fixture, and inherits every test; each test has a fresh warehouse.</summary>
public abstract partial class WarehouseConformance : IAsyncLifetime
{
    private static readonly DateTimeOffset SourceTime = new(2026, 1, 31, 12, 0, 0, 123, 456, TimeSpan.Zero);
    private static readonly SourceIdentity Source = new("test", "source-1");

    private IWarehouseFixture _fixture = null!;

    /// <summary>A fresh, empty warehouse.</summary>
    protected abstract Task<IWarehouseFixture> CreateAsync();

    private IWarehouseFixture Fixture => _fixture;

    private IWarehouse Warehouse { get; set; } = null!;

    private Lease Lease { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _fixture = await CreateAsync();
        Warehouse = _fixture.Open("pipe");
        await Warehouse.Control.MigrateAsync(default);
        Lease = (await Warehouse.Control.TryAcquireLeaseAsync("pipe", "test-holder", TimeSpan.FromMinutes(5), default))!;
    }

    public async ValueTask DisposeAsync()
    {
        await Warehouse.DisposeAsync();
        await _fixture.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Publishes changes as the next window of the dataset.</summary>
    private Task<PublicationResult> PublishAsync(Dataset dataset, params IReadOnlyList<Change> changes) => PublishAsync(dataset, PublishMode.Merge, changes);

    private async Task<PublicationResult> PublishAsync(Dataset dataset, PublishMode mode, IReadOnlyList<Change> changes, IReadOnlyList<QuarantinedRow>? quarantined = null, IReadOnlyList<IBatchGate>? gates = null)
    {
        var publication = await Warehouse.OpenPublicationAsync(Lease, default);
        await using (publication)
        {
            var part = await StageAsync(publication, dataset, mode, changes, quarantined, gates);
            return await publication.PublishAsync([part], default);
        }
    }

    /// <summary>Stages changes in chunks and makes the part that moves the checkpoint by one generation.</summary>
    private async Task<DatasetPublication> StageAsync(IPublication publication, Dataset dataset, PublishMode mode, IReadOnlyList<Change> changes, IReadOnlyList<QuarantinedRow>? quarantined = null, IReadOnlyList<IBatchGate>? gates = null)
    {
        var stage = await publication.OpenStageAsync(dataset, mode, default);
        foreach (var chunk in changes.Chunk(1_000))
            await stage.WriteAsync(Change.Chunk(dataset, chunk), default);
        var move = await NextAsync(dataset);
        return new DatasetPublication(stage, move, quarantined ?? [], Draft(move, changes.Count), gates ?? []);
    }

    private async Task<Checkpoint?> CheckpointAsync(Dataset dataset) =>
        (await Warehouse.Control.ReadCheckpointsAsync([dataset.Id], default)).GetValueOrDefault(dataset.Id);

    private async Task<CheckpointMove> NextAsync(Dataset dataset) => Move((await CheckpointAsync(dataset))?.Generation ?? 0);

    private static CheckpointMove Move(long from) =>
        new(from, new Checkpoint(from + 1, Source, new Position("test", $"{from + 1}"), null, SourceTime.AddSeconds(from)));

    private static LedgerDraft Draft(CheckpointMove move, long rows, BatchKind kind = BatchKind.Window) =>
        new(kind, move.ExpectedGeneration == 0 ? null : new Position("test", $"{move.ExpectedGeneration}"), move.Next.Stream, rows, 0, null, SourceTime, null);

    /// <summary>The target's live rows as lines of canonical text, sorted.</summary>
    private async Task<IReadOnlyList<string>> LiveAsync(Dataset dataset) => Lines((await Fixture.ReadAsync(dataset)).Where(r => !r.IsDeleted));

    /// <summary>The target's rows that are marked as deleted.</summary>
    private async Task<IReadOnlyList<string>> DeletedAsync(Dataset dataset) => Lines((await Fixture.ReadAsync(dataset)).Where(r => r.IsDeleted));

    private static IReadOnlyList<string> Lines(IEnumerable<TargetRow> rows) => [.. rows.Select(r => string.Join('|', r.Values.Select(v => v ?? "∅"))).Order(StringComparer.Ordinal)];
}
