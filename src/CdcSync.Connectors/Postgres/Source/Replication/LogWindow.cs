using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>
/// Takes whole transactions from a slot's answer, message by message, and gives each row to the datasets that read its table. A transaction that a dataset has already is
/// passed over as a whole, by its commit: rows of several transactions lie mixed in the log, and one that began earlier may commit later.
/// </summary>
internal sealed class LogWindow : IDisposable
{
    private readonly CopyReader _messages;
    private readonly int _limit;
    private readonly Lsn _flushed;
    private readonly ILookup<uint, TrackedDataset> _byTable;
    private readonly IReadOnlyDictionary<uint, IReadOnlyDictionary<string, (uint Type, int Modifier)>> _columns;
    private readonly RowMessage _row = new();
    private TransactionBegin? _transaction;
    private Lsn _lastEnd;
    private int _read;

    /// <summary>Begins to read.</summary>
    /// <param name="messages">The slot's answer: one message per row.</param>
    /// <param name="limit">After how many messages no further transaction was begun.</param>
    /// <param name="flushed">Up to where the log was to be read.</param>
    /// <param name="datasets">Who reads it.</param>
    /// <param name="columns">Their tables' columns as the catalogue has them.</param>
    public LogWindow(CopyReader messages, int limit, Lsn flushed, IReadOnlyList<TrackedDataset> datasets, IReadOnlyDictionary<uint, IReadOnlyDictionary<string, (uint Type, int Modifier)>> columns)
    {
        (_messages, _limit, _flushed, _columns) = (messages, limit, flushed, columns);
        _byTable = datasets.ToLookup(d => d.Table.Oid);
    }

    /// <summary>True once all was read.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>True if the server has more: the answer was cut after a commit. Known once all was read.</summary>
    public bool HasMore => _read >= _limit;

    /// <summary>Where the window ends: at the last commit, or where the log ended. Known once all was read.</summary>
    public Lsn End => HasMore ? _lastEnd : Lsn.Max(_flushed, _lastEnd);

    /// <summary>Reads on until the rows kept take so many bytes, or to the end.</summary>
    /// <exception cref="CdcSyncException">The log can't be read.</exception>
    public void Fill(long bytes)
    {
        var kept = _byTable.SelectMany(t => t).Sum(d => d.Rows.Bytes);
        while (kept < bytes)
        {
            if (!_messages.ReadRow(1))
            {
                if (_transaction is not null) throw Broken("it ended within a transaction");
                IsEnded = true;
                return;
            }
            _read++;
            var message = _messages.Take(_messages.ReadLength());
            kept += Take(message);
        }
    }

    public void Dispose() => _messages.Dispose();

    /// <summary>Takes one message.</summary>
    /// <returns>The bytes that the rows kept take more; somewhat more where some were replaced.</returns>
    private long Take(ReadOnlySpan<byte> message)
    {
        switch (message is [var kind, ..] ? kind : 0)
        {
            case PgOutput.Begin when _transaction is null:
                _transaction = PgOutput.ReadBegin(message);
                return 0;
            case PgOutput.Commit when _transaction is { } begun:
                var commit = PgOutput.ReadCommit(message);
                if (commit.CommitAt != begun.CommitAt || commit.End <= _lastEnd) throw Broken("commits out of order");
                (_lastEnd, _transaction) = (commit.End, null);
                return 0;
            case PgOutput.Relation when _transaction is { } transaction:
                Describe(PgOutput.ReadRelation(message), transaction);
                return 0;
            case PgOutput.Truncate when _transaction is { } transaction:
                foreach (var dataset in PgOutput.ReadTruncate(message).SelectMany(t => Readers(t, transaction)))
                    dataset.End(new LogGap(transaction.CommitAt, CheckpointFaults.Expired(dataset.Dataset, $"{dataset.Table} was truncated")));
                return 0;
            case PgOutput.Insert or PgOutput.Update or PgOutput.Delete when _transaction is { } transaction:
                return Row(message, transaction);
            // Where the transaction came from, and what types are called: nothing depends on it.
            case PgOutput.Origin or PgOutput.Type when _transaction is not null:
                return 0;
            case PgOutput.Begin or PgOutput.Commit or PgOutput.Relation or PgOutput.Truncate or PgOutput.Insert or PgOutput.Update or PgOutput.Delete or PgOutput.Origin or PgOutput.Type:
                throw Broken($"a message '{(char)message[0]}' out of place");
            default:
                throw PgOutput.Unknown(message);
        }
    }

    private void Describe(RelationMessage relation, TransactionBegin transaction)
    {
        // What rows are made of is told once for all transactions that follow, also to who passes over this one.
        foreach (var dataset in _byTable[relation.Id].Where(d => d.IsOpen)) dataset.Describe(relation, _columns[relation.Id], transaction.CommitAt);
    }

    private long Row(ReadOnlySpan<byte> message, TransactionBegin transaction)
    {
        var table = PgOutput.ReadTable(message);
        if (!_byTable.Contains(table)) return 0;
        PgOutput.ReadRow(message, _row);
        var more = 0L;
        foreach (var dataset in Readers(table, transaction))
        {
            var before = dataset.Rows.Bytes;
            try
            {
                dataset.Add(message, _row, transaction);
            }
            catch (CdcSyncException fault)
            {
                dataset.Fail(fault);
            }
            more += dataset.Rows.Bytes - before;
        }
        return more;
    }

    private IEnumerable<TrackedDataset> Readers(uint table, TransactionBegin transaction) => _byTable[table].Where(d => d.IsOpen && transaction.CommitAt >= d.After);

    private static CdcSyncException Broken(string what) => new(ErrorCodes.SourceFailed, $"the server's log can't be understood: {what}.", "Report this with the server's version. Run: cdcsync status");
}
