using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Values;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>A dataset that a session reads from the log.</summary>
internal sealed class TrackedDataset : IDisposable
{
    private readonly bool[] _isKey;
    private ColumnPlaces? _places;

    /// <summary>Begins it.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="table">Its table.</param>
    /// <param name="after">Transactions that end at or before are in already.</param>
    /// <param name="now">The position of this session; its place is the window's end once that is known.</param>
    public TrackedDataset(Dataset dataset, PostgresObject table, Lsn after, LogPosition now)
    {
        (Dataset, Table, After, Now) = (dataset, table, after, now);
        _isKey = [.. dataset.Columns.Select(c => c.KeyOrdinal is not null)];
        Rows = new FoldedRows(dataset.Columns.Count, [.. dataset.Key.Select(k => IndexOf(dataset, k))]);
    }

    public Dataset Dataset { get; }

    public PostgresObject Table { get; }

    /// <summary>Transactions that end at or before are in already.</summary>
    public Lsn After { get; }

    /// <summary>The position of this session.</summary>
    public LogPosition Now { get; }

    /// <summary>What was read and not handed over yet.</summary>
    public FoldedRows Rows { get; }

    /// <summary>The commit time of the newest transaction with a row of it.</summary>
    public DateTimeOffset? Newest { get; private set; }

    /// <summary>What in the log can't be applied row by row, so that the dataset has to be loaded anew; null = nothing.</summary>
    public LogGap? Gap { get; private set; }

    /// <summary>Why it can't be read in this session; null = it can.</summary>
    public CdcSyncException? Fault { get; private set; }

    /// <summary>True while rows of it are taken.</summary>
    public bool IsOpen => Gap is null && Fault is null;

    /// <summary>True once a row of it was read.</summary>
    public bool HasChanges { get; private set; }

    /// <summary>The position at the end of a window; never before where it was.</summary>
    public Position UpTo(Lsn end) => (Now with { At = Lsn.Max(end, After) }).ToPosition();

    /// <summary>Takes over what the log says of the table's columns.</summary>
    /// <param name="relation">What it says.</param>
    /// <param name="columns">What the catalogue says now. Where they differ the table was altered, and may have been altered back.</param>
    /// <param name="at">Where the log is.</param>
    public void Describe(RelationMessage relation, IReadOnlyDictionary<string, (uint Type, int Modifier)> columns, Lsn at)
    {
        var places = new int[Dataset.Columns.Count];
        for (var i = 0; i < places.Length; i++)
        {
            var name = Dataset.Columns[i].Source;
            var place = relation.Columns.Index().Where(c => c.Item.Name == name).Select(c => c.Index).DefaultIfEmpty(-1).First();
            // A stored generated column is not sent before PostgreSQL 18; any other has to be.
            var isSame = place < 0 ? Table.Column(name)!.IsGenerated : columns.TryGetValue(name, out var type) && type == (relation.Columns[place].Type, relation.Columns[place].Modifier);
            if (!isSame)
            {
                End(new LogGap(at, CheckpointFaults.ColumnsChanged(Dataset, $"{Table}")));
                return;
            }
            places[i] = place >= 0 && PostgresTypes.IsReadAsText(Table.Column(name)!.Type) ? -1 : place;
        }
        _places = new ColumnPlaces(places, _isKey);
    }

    /// <summary>Takes a row's change.</summary>
    public void Add(ReadOnlySpan<byte> message, RowMessage row, in TransactionBegin transaction)
    {
        var places = _places ?? throw new CdcSyncException(ErrorCodes.SourceFailed, $"dataset {Dataset.Id}: the log has rows of {Table} before it says what they are made of.", "Report this with the server's version. Run: cdcsync status");
        HasChanges = true;
        Newest = Newest > transaction.Time ? Newest : transaction.Time;
        if (row.Kind == PgOutput.Delete)
        {
            Rows.AddDelete(Checked(message, row.Old, null, OldForm.None, places), transaction.Xid);
            return;
        }
        var now = Checked(message, row.New, row.OldForm == OldForm.None ? null : row.Old, row.OldForm, places);
        int? before = null;
        if (row.OldForm != OldForm.None)
        {
            var old = Checked(message, row.Old, null, OldForm.None, places);
            if (!IsSameKey(old, now)) before = Rows.AddDelete(old, transaction.Xid);
        }
        Rows.AddUpsert(now, transaction.Xid, before);
    }

    /// <summary>No row of it counts any more: it has to be loaded anew.</summary>
    public void End(LogGap gap)
    {
        Gap = gap;
        Rows.Clear();
    }

    /// <summary>It can't be read in this session.</summary>
    public void Fail(CdcSyncException fault)
    {
        Fault = fault;
        Rows.Clear();
    }

    public void Dispose() => Rows.Dispose();

    /// <summary>The row's fields, once all of the key are there and all are in a form that is read.</summary>
    private RowFields Checked(ReadOnlySpan<byte> message, TupleFields row, TupleFields? old, OldForm form, ColumnPlaces places)
    {
        var fields = new RowFields(message, row, old, form, places);
        for (var i = 0; i < _isKey.Length; i++)
        {
            if (places[i] >= row.Count) throw Changed();
            var found = fields.Field(i).Form;
            if (found == FieldForm.Text || (_isKey[i] && found == FieldForm.Unchanged)) throw Changed();
        }
        return fields;
    }

    private bool IsSameKey(RowFields a, RowFields b)
    {
        for (var i = 0; i < _isKey.Length; i++)
            if (_isKey[i] && !a.Field(i).Value.SequenceEqual(b.Field(i).Value)) return false;
        return true;
    }

    private CdcSyncException Changed() =>
        new(ErrorCodes.SourceSchemaChanged, $"dataset {Dataset.Id}: {Table} was altered while the log was read.", "It is read again. Run: cdcsync status");

    private static int IndexOf(Dataset dataset, DatasetColumn column) => dataset.Columns.Index().First(c => c.Item.Source == column.Source && c.Item.KeyOrdinal == column.KeyOrdinal).Index;
}

/// <summary>A place in the log that a dataset can't be read across.</summary>
/// <param name="At">The commit of the transaction.</param>
/// <param name="Reading">What a checkpoint from before it meets.</param>
internal sealed record LogGap(Lsn At, Reading Reading);
