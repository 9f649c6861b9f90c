using System.Globalization;
using CdcSync.Core.Checkpoints;

namespace CdcSync.Connectors.SqlServer.Source.Marks;

/// <summary>How far a dataset has been read by its rowversion.</summary>
/// <param name="Last">All rowversions up to it were read.</param>
/// <param name="Fork">The database's recovery fork; null = not to be seen.</param>
internal sealed record RowVersionPosition(ulong Last, string? Fork)
{
    /// <summary>The kind of position.</summary>
    public const string Kind = "sqlserver-rowversion";

    private const string Unknown = "-";

    /// <summary>The text form, as SQL Server writes a rowversion: <c>0x00000000000007d1:-</c>.</summary>
    public Position ToPosition() => new(Kind, string.Create(CultureInfo.InvariantCulture, $"0x{Last:x16}:{Fork ?? Unknown}"));

    /// <summary>Reads the text form.</summary>
    /// <returns>Null if it is another.</returns>
    public static RowVersionPosition? Parse(string canonical) => canonical.Split(':') is [{ Length: 18 } last, { Length: > 0 } fork] && last.StartsWith("0x", StringComparison.Ordinal)
        && ulong.TryParse(last.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? new RowVersionPosition(value, fork == Unknown ? null : fork) : null;
}
