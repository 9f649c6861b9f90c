using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>
/// Rows on their way. A few stay here and travel as array parameters, with the merge, in one round trip; more go by COPY into a temporary table of the
/// publication's session, or where keys are certainly new into the target itself.
/// </summary>
internal sealed class PostgresStage(PostgresPublication publication, PostgresTable table, PublishMode mode, int arrayRows) : IStage
{
    private const long ArrayBytes = 1L << 20;

    private readonly List<ChangeChunk> _kept = [];
    private readonly HashSet<string> _noticed = new(StringComparer.Ordinal);
    private HashSet<string> _watched = [];
    private long _bytes;

    public Dataset Dataset => table.Dataset;

    public PublishMode Mode => mode;

    public PostgresTable Table => table;

    /// <summary>Rows staged, before folding.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows staged as delete.</summary>
    public long Deletes { get; private set; }

    /// <summary>What it holds.</summary>
    public StagedKinds Kinds { get; private set; }

    /// <summary>True once its rows go by COPY.</summary>
    public bool IsInTable { get; private set; }

    /// <summary>Rows copied.</summary>
    public long Copied { get; set; }

    public async ValueTask WriteAsync(ChangeChunk chunk, CancellationToken ct)
    {
        if (chunk.Length == 0) return;
        if (mode == PublishMode.Append) chunk = Present(chunk);
        Count(chunk);
        if (!IsInTable)
        {
            _kept.Add(chunk);
            if (Rows <= arrayRows && _bytes <= ArrayBytes) return;
            IsInTable = true;
            foreach (var kept in _kept) await publication.CopyAsync(this, kept, ct);
            _kept.Clear();
            return;
        }
        await publication.CopyAsync(this, chunk, ct);
        Notice(chunk);
    }

    /// <summary>The staged rows as a relation with the alias <c>r</c>.</summary>
    /// <param name="firstParameter">The number of the first free parameter, if it needs some.</param>
    public string Relation(int firstParameter) => IsInTable ? $"{table.StageName} AS r" : MergeSql.Arrays(table, firstParameter);

    /// <summary>The parameters of <see cref="Relation"/>.</summary>
    public IEnumerable<NpgsqlParameter> RelationParameters() => IsInTable ? [] : ArrayParameters.For(table, _kept);

    /// <summary>What is done to the target.</summary>
    /// <param name="firstParameter">The number of the first free parameter.</param>
    public MergeText Merge(int firstParameter) => (mode, table.Key.Count) switch
    {
        (PublishMode.Append, _) when IsInTable => MergeText.Nothing with { InsertedBefore = Copied },
        (PublishMode.Append, _) => MergeSql.Append(table, Relation(firstParameter), Kinds),
        (PublishMode.Difference, 0) => MergeSql.Replace(table, Relation(firstParameter)),
        (PublishMode.Difference, _) => MergeSql.Difference(table, Relation(firstParameter), Kinds),
        _ => MergeSql.Merge(table, Relation(firstParameter), Kinds),
    };

    /// <summary>Counts live rows that publishing would delete. Parameters from 1 on.</summary>
    public string CountDeletes() => (mode, table.Key.Count) switch
    {
        (PublishMode.Difference, 0) => MergeSql.CountReplaceDeletes(table, Relation(1)),
        (PublishMode.Difference, _) => MergeSql.CountDifferenceDeletes(table, Relation(1)),
        _ => MergeSql.CountMergeDeletes(table, Relation(1)),
    };

    /// <summary>Notes from now on which of the quarantined keys are staged.</summary>
    public void Watch(HashSet<string> quarantined)
    {
        _watched = quarantined;
        foreach (var chunk in _kept) Notice(chunk);
    }

    /// <summary>The keys of staged rows that may be in quarantine: all of a few, the known ones of many.</summary>
    public string[] KeysOutOfQuarantine() => IsInTable ? [.. _noticed] : [.. _kept.SelectMany(c => QuarantineKeys.Of(Dataset, c.Rows)).Distinct()];

    private void Notice(ChangeChunk chunk)
    {
        if (_watched.Count > 0) _noticed.UnionWith(QuarantineKeys.Of(Dataset, chunk.Rows).Where(_watched.Contains));
    }

    // What is not there can't be erased.
    private static ChangeChunk Present(ChangeChunk chunk)
    {
        var kinds = chunk.Kinds.Span;
        if (!kinds.ContainsAnyExcept(ChangeKind.Upsert)) return chunk;
        int[] present = [.. Enumerable.Range(0, chunk.Length).Where(row => chunk.Kinds.Span[row] == ChangeKind.Upsert)];
        return ChangeChunk.Upserts(chunk.Rows.Take(present));
    }

    private void Count(ChangeChunk chunk)
    {
        Rows += chunk.Length;
        _bytes += chunk.Rows.ByteSize;
        foreach (var kind in chunk.Kinds.Span)
        {
            Kinds |= kind switch { ChangeKind.Upsert => StagedKinds.Upserts, ChangeKind.Delete => StagedKinds.Deletes, _ => StagedKinds.Erases };
            if (kind == ChangeKind.Delete) Deletes++;
        }
    }
}
