using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Warehouse;

namespace CdcSync.Connectors.SqlServer.Digests;

/// <summary>The type that a column really has, as the catalogue of either side tells it.</summary>
/// <param name="Kind">Its name: <c>decimal</c>.</param>
/// <param name="Length">Characters of a text, bytes of a binary; −1 = max.</param>
/// <param name="Precision">Digits of a decimal.</param>
/// <param name="Scale">Digits after the point, of a decimal or of a second.</param>
internal sealed record FoundType(string Kind, int Length = 0, int Precision = 0, int Scale = 0)
{
    /// <summary>A source's column.</summary>
    public static FoundType Of(SqlServerColumn column) => new(column.TypeName, column.Length, column.Precision, column.Scale);

    /// <summary>A target's column.</summary>
    public static FoundType Of(ColumnType type) => type.Kind switch
    {
        "decimal" => new(type.Kind, Precision: type.Size, Scale: type.Scale),
        "time" or "datetime2" or "datetimeoffset" => new(type.Kind, Scale: type.Size),
        _ => new(type.Kind, type.Size),
    };

    /// <summary>The least and the greatest whole number it holds; null = it holds others too.</summary>
    public (long Least, long Most)? Integers => Kind switch
    {
        "tinyint" => (byte.MinValue, byte.MaxValue),
        "smallint" => (short.MinValue, short.MaxValue),
        "int" => (int.MinValue, int.MaxValue),
        "bigint" => (long.MinValue, long.MaxValue),
        _ => null,
    };
}
