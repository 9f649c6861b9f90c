using System.Globalization;
using CdcSync.Core.Checkpoints;

namespace CdcSync.Connectors.Sqlite.Source.Tracking;

/// <summary>A place in a table's log: the version and the random token of its row, so that a database that was restored and written to again is noticed.</summary>
/// <param name="Version">The version; 0 = before the first change.</param>
/// <param name="Token">The token of that row; 0 at version 0.</param>
internal readonly record struct TrackedPosition(long Version, long Token)
{
    /// <summary>The kind of position, and of the identity beside it.</summary>
    public const string Kind = "sqlite-tracking";

    /// <summary>The text form: <c>812:5a3f09d1e2c4b687</c>.</summary>
    public Position ToPosition() => new(Kind, string.Create(CultureInfo.InvariantCulture, $"{Version}:{Token:x16}"));

    /// <summary>Reads the text form.</summary>
    /// <returns>Null if it is another.</returns>
    public static TrackedPosition? Parse(string canonical) => canonical.Split(':') is [var version, { Length: 16 } token]
        && long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var v)
        && long.TryParse(token, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var t) ? new TrackedPosition(v, t) : null;
}
