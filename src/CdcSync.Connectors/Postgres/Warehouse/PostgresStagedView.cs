using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>What a batch gate sees. The first count it asks for opens the publishing transaction.</summary>
internal sealed class PostgresStagedView(PostgresPublication publication, PostgresStage stage) : IStagedView
{
    public Dataset Dataset => stage.Dataset;

    public long StagedRows => stage.Rows;

    public long StagedDeletes => stage.Deletes;

    public bool IsWholeContent => stage.Mode == PublishMode.Difference;

    public ValueTask<long> CountRowsToDeleteAsync(CancellationToken ct) => publication.CountAsync(stage, stage.CountDeletes(), stage.RelationParameters(), ct);

    public ValueTask<long> CountTargetRowsUpToAsync(long limit, CancellationToken ct) => publication.CountAsync(stage, MergeSql.CountLiveUpTo(stage.Table, limit), [], ct);

    public ValueTask<long> CountTargetRowsAsync(CancellationToken ct) => publication.CountAsync(stage, MergeSql.CountLive(stage.Table), [], ct);
}
