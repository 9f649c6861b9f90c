using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;
using Microsoft.Data.Sqlite;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>A temporary table that only its session sees: a crash leaves nothing of it.</summary>
/// <param name="publication">The publication it belongs to.</param>
/// <param name="session">The publication's session.</param>
/// <param name="table">The target.</param>
/// <param name="mode">How it is published.</param>
/// <param name="sql">The statements over it.</param>
/// <param name="quarantined">The keys that the dataset has in quarantine.</param>
internal sealed class SqliteStage(SqlitePublication publication, SqliteSession session, SqliteTable table, PublishMode mode, MergeSql sql, IReadOnlySet<string> quarantined) : IStage, IStagedView
{
    private readonly HashSet<string> _superseded = new(StringComparer.Ordinal);
    private Statement? _insert;

    /// <inheritdoc/>
    public Dataset Dataset => table.Dataset;

    /// <inheritdoc/>
    public PublishMode Mode => mode;

    /// <summary>The target.</summary>
    public SqliteTable Table => table;

    /// <summary>The statements over it.</summary>
    public MergeSql Sql => sql;

    /// <summary>The keys that the dataset had in quarantine when the stage was opened.</summary>
    public IReadOnlySet<string> Quarantined => quarantined;

    /// <summary>The keys in quarantine of which a newer version is staged.</summary>
    public IReadOnlySet<string> Superseded => _superseded;

    /// <inheritdoc/>
    public long StagedRows { get; private set; }

    /// <inheritdoc/>
    public long StagedDeletes { get; private set; }

    /// <summary>Rows staged as erase.</summary>
    public long StagedErases { get; private set; }

    /// <summary>Rows staged as upsert.</summary>
    public long StagedUpserts => StagedRows - StagedDeletes - StagedErases;

    /// <inheritdoc/>
    public bool IsWholeContent => mode == PublishMode.Difference;

    /// <inheritdoc/>
    public ValueTask WriteAsync(ChangeChunk chunk, CancellationToken ct) => publication.StageAsync(this, chunk, ct);

    /// <summary>Appends a chunk; a failure makes the session useless.</summary>
    public void Write(ChangeChunk chunk)
    {
        if (chunk.Length == 0) return;
        CheckKey(chunk.Rows);
        _insert ??= session.Prepare(sql.InsertStaged);
        // Only the temporary database is written: the warehouse file is not locked.
        session.Execute("BEGIN");
        Insert(_insert, chunk);
        session.Execute("COMMIT");
        Count(chunk.Kinds.Span);
        // The keys' texts cost more than staging them: only where there is something to supersede.
        if (quarantined.Count > 0) _superseded.UnionWith(QuarantineKeys.Of(Dataset, chunk.Rows).Where(quarantined.Contains));
    }

    /// <inheritdoc/>
    public ValueTask<long> CountRowsToDeleteAsync(CancellationToken ct) =>
        new(publication.Ask(this, table.Key.Count == 0 ? sql.CompareContent : IsWholeContent ? sql.CountAbsent : sql.CountDeletes, column: table.Key.Count == 0 ? 1 : 0, ct));

    /// <inheritdoc/>
    public ValueTask<long> CountTargetRowsUpToAsync(long limit, CancellationToken ct) => new(publication.Ask(this, sql.CountLiveUpTo(limit), column: 0, ct));

    public ValueTask<long> CountTargetRowsAsync(CancellationToken ct) => new(publication.Ask(this, sql.CountLive, column: 0, ct));

    /// <summary>Ends the use of its statement.</summary>
    public void Close() => _insert?.Dispose();

    private void Insert(Statement insert, ChangeChunk chunk)
    {
        var binders = new ColumnBinder[chunk.Rows.ColumnCount];
        for (var i = 0; i < binders.Length; i++) binders[i] = ColumnBinder.For(chunk.Rows.Column(i));
        var kinds = chunk.Kinds.Span;
        for (var row = 0; row < kinds.Length; row++)
        {
            // Without a key there is nothing that a delete or an erase could name.
            if (table.Key.Count == 0 && kinds[row] != ChangeKind.Upsert) continue;
            Check(SQLitePCL.raw.sqlite3_bind_int(insert.Handle, 1, (int)kinds[row]));
            for (var i = 0; i < binders.Length; i++) Check(binders[i].Bind(insert.Handle, i + 2, row));
            insert.Step();
        }
    }

    private void Check(int result)
    {
        if (result != SQLitePCL.raw.SQLITE_OK) SqliteException.ThrowExceptionForRC(result, session.Handle);
    }

    private void Count(ReadOnlySpan<ChangeKind> kinds)
    {
        StagedRows += kinds.Length;
        foreach (var kind in kinds)
        {
            if (kind == ChangeKind.Delete) StagedDeletes++;
            else if (kind == ChangeKind.Erase) StagedErases++;
        }
    }

    // SQLite would give a null in an integer key a number of its own.
    private void CheckKey(RecordBatch rows)
    {
        foreach (var key in table.Key)
        {
            if (rows.Column(Dataset.TargetSchema.GetFieldIndex(key.Plain)).NullCount > 0)
                throw new CdcSyncException(ErrorCodes.WarehouseRefusedRows, $"{Dataset.Id}: a row has no value in the key column '{key.Plain}'.", "Mend the key in the contract or the rows in the source. Run: cdcsync status");
        }
    }
}
