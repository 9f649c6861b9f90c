using Npgsql;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>What is waited for before the log is read, none of it for long.</summary>
internal sealed class LogWaits(LogFaults faults, TimeProvider time)
{
    // Other datasets of the pass wait too.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(50);

    // To move a slot the server reads its log again, from the oldest open transaction on.
    private static readonly TimeSpan PatienceWithMoves = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PauseForMoves = TimeSpan.FromMilliseconds(50);

    // The server makes its log safe every 15 seconds where anything is written, but looks only every 10 whether it is time when it has nothing else to do (bgwriter_delay).
    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(40);

    private Lsn _settled;
    private LogEnd? _end;

    /// <summary>
    /// Whoever moves the slot uses it for that moment: a daemon, while this process compares or loads beside it. One that uses it for longer is another consumer.
    /// </summary>
    /// <returns>The facts, with a slot that nobody uses, or with who used it all the time.</returns>
    public async Task<LogFacts> UnusedAsync(Func<ValueTask<LogFacts>> ask, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        var facts = await ask();
        while (facts.Slot?.ActivePid is not null && time.GetElapsedTime(began) < PatienceWithMoves)
        {
            await Task.Delay(PauseForMoves, time, ct);
            facts = await ask();
        }
        return facts;
    }

    /// <summary>
    /// Up to where the log is read: the end of a record, with all that was committed when the clock was read. A commit without synchronous_commit is safe after three rounds of the
    /// server's writer at the latest; what is still not safe then is of open transactions. Safe up to a page's end, the log may break off within a record of theirs, and the server
    /// would wait for the rest of it: then the last end that was found is taken, with its clock.
    /// </summary>
    public async Task<LogEnd> EndAsync(SourceConnection connection, LogServer server, CancellationToken ct)
    {
        var (inserted, flushed, began) = (server.Inserted!.Value.EndOfRecord, server.Flushed!.Value, time.GetTimestamp());
        var patience = _end is not null && inserted <= _settled ? TimeSpan.Zero : (3 * server.WriterDelay) + Margin;
        while (flushed < inserted && (time.GetElapsedTime(began) < patience || (flushed.IsPage && _end is null)))
        {
            if (time.GetElapsedTime(began) > LongestPatience) throw faults.NotFlushed();
            await Task.Delay(Pause, time, ct);
            flushed = connection.Ask([Parameter.Statement(SlotSql.Flushed())], "reading the end of the log", rows => rows.Read() ? LogFacts.LsnOf(rows, 0)!.Value : Lsn.Zero);
        }
        _settled = inserted;
        return _end = flushed >= inserted ? new LogEnd(inserted, server.Clock)
            : !flushed.IsPage ? new LogEnd(flushed, server.Clock)
            : _end!.At <= flushed ? _end
            : throw faults.NotFlushed();                                // the server was restarted from an older state
    }

    /// <summary>
    /// A commit is in the log a moment before it is visible (with a synchronous standby, for as long as that one takes). Rows read now would lack it, and a stream from here
    /// on too: so who may be at that is waited for.
    /// </summary>
    /// <returns>One that did not end; null = all have.</returns>
    public async Task<string?> UnsettledAsync(SourceConnection connection, CancellationToken ct)
    {
        const string doing = "waiting for commits to become visible";
        var open = connection.Ask([Parameter.Statement(SlotSql.Unsettled())], doing, Texts);
        var began = time.GetTimestamp();
        while (open.Count > 0)
        {
            if (time.GetElapsedTime(began) > Patience) return open[0];
            await Task.Delay(Pause, time, ct);
            // One that is seen idle between two statements had not begun to commit.
            var still = connection.Ask([Parameter.Statement(SlotSql.Unsettled())], doing, Texts).ToHashSet();
            open.RemoveAll(xid => !still.Contains(xid));
        }
        return null;

        static List<string> Texts(NpgsqlDataReader rows)
        {
            var texts = new List<string>();
            while (rows.Read()) texts.Add(rows.GetString(0));
            return texts;
        }
    }
}

/// <summary>Up to where a log is read.</summary>
/// <param name="At">The end of a record.</param>
/// <param name="Clock">The server's clock: what was committed before is before that end.</param>
internal sealed record LogEnd(Lsn At, DateTimeOffset Clock);
