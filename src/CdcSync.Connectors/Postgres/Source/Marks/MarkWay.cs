using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Sql;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources.Marks;

namespace CdcSync.Connectors.Postgres.Source.Marks;

/// <summary>
/// Whether a dataset is read by its timestamps without an overlap, and why. It is only where every transaction that may still write a stamp is known, and none can
/// write one from before it began.
/// </summary>
/// <param name="Settled">Up to here all stamps are committed or never will be; null = not known, and the overlap is read again.</param>
/// <param name="WhyNot">Why it is not known; null = it is.</param>
/// <param name="Holder">The process whose transaction holds it back; null = none does.</param>
/// <param name="HolderName">The name that process gave itself.</param>
public sealed record MarkWay(DateTimeOffset? Settled, string? WhyNot, int? Holder = null, string? HolderName = null)
{
    // A transaction takes its time a moment before it shows in pg_stat_activity, and a stamp may be rounded down by half a second.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    /// <summary>True if no overlap is needed.</summary>
    public bool IsExact => Settled is not null;

    internal Int128? Nanoseconds => Settled is { } instant ? MarkWindow.Nanoseconds(instant) : null;

    /// <summary>Decides it.</summary>
    /// <param name="capture">The capture.</param>
    /// <param name="mark">Its column.</param>
    /// <param name="facts">The server, asked first.</param>
    /// <param name="open">Its transactions, asked after it and before the snapshot; null = not asked, as nobody promises that the server stamps.</param>
    internal static MarkWay Of(Capture.HighWaterMark capture, PostgresColumn mark, ServerFacts facts, OpenTransactions? open)
    {
        if (capture.Kind != MarkKind.Timestamp) return new MarkWay(null, "numbers are taken long before they are committed");
        if (open is null || !capture.IsStampedByServer) return new MarkWay(null, "the pipeline file does not say that the server sets the stamp (stampedBy: server)");
        if (WhyNotKnown(mark, facts, open) is { } whyNot) return new MarkWay(null, whyNot);
        var isHeld = open.Oldest < facts.Clock;
        return new MarkWay((isHeld ? open.Oldest!.Value : facts.Clock) - Margin, null, isHeld ? open.OldestProcess : null, isHeld ? open.OldestName : null);
    }

    private static string? WhyNotKnown(PostgresColumn mark, ServerFacts facts, OpenTransactions open)
    {
        if (mark.Type.Oid != PostgresOid.TimestampTz) return $"{mark.Name} is {mark.DeclaredType}: what its clock shows depends on the writer's time zone; it would have to be timestamptz";
        if (facts.IsStandby) return "the server is a standby, which does not show the primary's transactions";
        if (!open.MaySeeAll) return "the role does not see when other roles' transactions began (GRANT pg_read_all_stats)";
        if (open.Prepared > 0) return $"there are prepared transactions ({open.Prepared}), whose begin is not to be learned";
        return open.Hidden > 0 ? $"{open.Hidden} sessions don't show their transactions (track_activities is off for them)" : null;
    }
}

/// <summary>The transactions that were open before the snapshot.</summary>
/// <param name="Oldest">When the oldest began; null = there is none.</param>
/// <param name="OldestProcess">Its process.</param>
/// <param name="OldestName">The name it gave itself.</param>
/// <param name="Hidden">How many don't show their begin.</param>
/// <param name="MaySeeAll">False if other roles' transactions are hidden from the role.</param>
/// <param name="Prepared">How many are prepared.</param>
internal sealed record OpenTransactions(DateTimeOffset? Oldest, int? OldestProcess, string? OldestName, long Hidden, bool MaySeeAll, long Prepared)
{
    /// <summary>Asks for them; not in the reading transaction, whose snapshot has to come later.</summary>
    public static OpenTransactions Ask(SourceConnection connection) => connection.Ask([Parameter.Statement(MarksSql.OpenTransactions()), Parameter.Statement(MarksSql.PreparedTransactions())], "looking for open transactions", rows =>
    {
        rows.Read();
        DateTimeOffset? oldest = rows.IsDBNull(0) ? null : new DateTimeOffset(rows.GetDateTime(0), TimeSpan.Zero);
        int? process = rows.IsDBNull(1) ? null : rows.GetInt32(1);
        var name = rows.IsDBNull(2) ? null : rows.GetString(2);
        var (hidden, maySeeAll) = (rows.GetInt64(3), rows.GetBoolean(4));
        rows.NextResult();
        rows.Read();
        return new OpenTransactions(oldest, process, name, hidden, maySeeAll, rows.GetInt64(0));
    });
}
