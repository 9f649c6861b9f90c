using System.Globalization;
using CdcSync.Core.Checkpoints;

namespace CdcSync.Connectors.SqlServer.Source.Tracking;

/// <summary>A place in a table's changes, and what it was made on: another table of that name, tracking switched off and on, a restore or altered columns are noticed.</summary>
/// <param name="Version">The change tracking version: all changes up to it were read. 0 is a place like any other.</param>
/// <param name="Table">The table's number.</param>
/// <param name="SideTable">The number of the hidden table that records its changes; null = not to be seen by the login.</param>
/// <param name="Fork">The database's recovery fork; null = not to be seen.</param>
/// <param name="Columns">A fingerprint of the columns read.</param>
internal sealed record TrackedPosition(long Version, int Table, int? SideTable, string? Fork, string Columns)
{
    /// <summary>The kind of position.</summary>
    public const string Kind = "sqlserver-tracking";

    private const string Unknown = "-";

    /// <summary>The text form: <c>812:245575913:277576027:-:5a3f09d1e2c4b687</c>.</summary>
    public Position ToPosition() => new(Kind, string.Create(CultureInfo.InvariantCulture,
        $"{Version}:{Table}:{SideTable?.ToString(CultureInfo.InvariantCulture) ?? Unknown}:{Fork ?? Unknown}:{Columns}"));

    /// <summary>Reads the text form.</summary>
    /// <returns>Null if it is another.</returns>
    public static TrackedPosition? Parse(string canonical)
    {
        if (canonical.Split(':') is not [var version, var table, var side, { Length: > 0 } fork, { Length: 16 } columns]) return null;
        if (!long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var v) || !int.TryParse(table, NumberStyles.None, CultureInfo.InvariantCulture, out var t)) return null;
        if (side == Unknown) return new TrackedPosition(v, t, null, fork == Unknown ? null : fork, columns);
        return int.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out var s) ? new TrackedPosition(v, t, s, fork == Unknown ? null : fork, columns) : null;
    }
}
