using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>A temporary table that only its session sees: a crash leaves nothing of it.</summary>
/// <param name="publication">The publication it belongs to.</param>
/// <param name="table">The target.</param>
/// <param name="mode">How it is published.</param>
/// <param name="name">The temporary table's name.</param>
/// <param name="sql">The statements over it.</param>
/// <param name="quarantined">The keys that the dataset has in quarantine.</param>
internal sealed class SqlServerStage(SqlServerPublication publication, SqlServerTable table, PublishMode mode, string name, MergeSql sql, IReadOnlySet<string> quarantined) : IStage, IStagedView
{
    private readonly HashSet<string> _superseded = new(StringComparer.Ordinal);

    public Dataset Dataset => table.Dataset;

    public PublishMode Mode => mode;

    public SqlServerTable Table => table;

    public string Name => name;

    public MergeSql Sql => sql;

    /// <summary>The keys that the dataset had in quarantine when the stage was opened.</summary>
    public IReadOnlySet<string> Quarantined => quarantined;

    /// <summary>The keys in quarantine of which a newer version is staged.</summary>
    public IReadOnlySet<string> Superseded => _superseded;

    /// <summary>What it holds.</summary>
    public StagedKinds Kinds { get; private set; }

    public long StagedRows { get; private set; }

    public long StagedDeletes { get; private set; }

    public bool IsWholeContent => mode == PublishMode.Difference;

    public async ValueTask WriteAsync(ChangeChunk chunk, CancellationToken ct)
    {
        if (chunk.Length == 0) return;
        foreach (var key in Dataset.TargetKey.Where(key => chunk.Rows.Column(key).NullCount > 0))
            throw new CdcSyncException(ErrorCodes.WarehouseRefusedRows, $"{Dataset.Id}: a row has no value in the key column '{Dataset.TargetSchema.Fields[key].Name}'.", "Mend the key in the contract or the rows in the source. Run: cdcsync status");
        await publication.CopyAsync(this, chunk, ct);
        StagedRows += chunk.Length;
        foreach (var kind in chunk.Kinds.Span)
        {
            Kinds |= kind switch { ChangeKind.Upsert => StagedKinds.Upserts, ChangeKind.Delete => StagedKinds.Deletes, _ => StagedKinds.Erases };
            if (kind == ChangeKind.Delete) StagedDeletes++;
        }
        // The keys' texts cost more than staging them: only where there is something to supersede.
        if (quarantined.Count > 0) _superseded.UnionWith(QuarantineKeys.Of(Dataset, chunk.Rows).Where(quarantined.Contains));
    }

    public ValueTask<long> CountRowsToDeleteAsync(CancellationToken ct) => publication.CountAsync(this, sql.CountDeletes(mode), ct);

    public ValueTask<long> CountTargetRowsUpToAsync(long limit, CancellationToken ct) => publication.CountAsync(this, sql.CountLiveUpTo(limit), ct);

    public ValueTask<long> CountTargetRowsAsync(CancellationToken ct) => publication.CountAsync(this, sql.CountLive(), ct);
}
