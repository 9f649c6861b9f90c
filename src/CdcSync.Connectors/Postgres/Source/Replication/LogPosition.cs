using System.Globalization;
using CdcSync.Core.Checkpoints;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>
/// Where a dataset stands in the log: all transactions that end at or before it are in. Beside the place it holds what must still be the same for the log to go on
/// from there without a gap. Sorts as text by its place.
/// </summary>
/// <param name="At">The end of a commit, or a place at which the log was read to its end.</param>
/// <param name="Timeline">The server's timeline: a restored or promoted server starts a new one.</param>
/// <param name="Publication">The publication and its version; another one may have published less.</param>
/// <param name="Membership">The table's entry in it: one that was taken out and put back has a gap.</param>
/// <param name="Table">The table's number.</param>
/// <param name="Columns">The fingerprint of the columns that are read.</param>
internal sealed record LogPosition(Lsn At, uint Timeline, string Publication, uint Membership, uint Table, string Columns)
{
    /// <summary>The kind of position.</summary>
    public const string Kind = "postgres-lsn";

    /// <summary>The text form.</summary>
    public Position ToPosition() => new(Kind, string.Create(CultureInfo.InvariantCulture, $"{At.Value:X16}:{Timeline}:{Publication}:{Membership}:{Table}:{Columns}"));

    /// <summary>Reads the text form.</summary>
    /// <returns>Null if it is another.</returns>
    public static LogPosition? Parse(string canonical)
    {
        if (canonical.Split(':') is not [{ Length: 16 } at, var timeline, { Length: > 0 } publication, var membership, var table, { Length: 16 } columns]) return null;
        return ulong.TryParse(at, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var lsn) && Number(timeline) is { } t && Number(membership) is { } m && Number(table) is { } o
            ? new LogPosition(new Lsn(lsn), t, publication, m, o, columns)
            : null;
    }

    private static uint? Number(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
