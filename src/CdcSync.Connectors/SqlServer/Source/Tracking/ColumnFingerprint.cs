using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.SqlServer.Source.Tracking;

/// <summary>
/// Says whether the columns a dataset reads are still those it read before. DDL is not tracked: a column that was added, or whose values an ALTER converted, would
/// keep its old values in all rows that no one writes to.
/// </summary>
internal static class ColumnFingerprint
{
    /// <summary>16 hex digits, equal where no DDL can have changed a value that is read.</summary>
    public static string Of(Dataset dataset, SqlServerObject table)
    {
        var text = string.Join('\n', dataset.Columns.Select(c => Of(c.Source, table.Column(c.Source))).Order(StringComparer.Ordinal));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }

    // The column's number changes when it is dropped and added again. What an ALTER may do without touching a value is left out: nullability, and other lengths of
    // texts (it fails where one would be cut), more digits before the point, other whole numbers.
    private static string Of(string name, SqlServerColumn? column) => column is null ? name : string.Create(CultureInfo.InvariantCulture,
        $"{name}\u0001{column.Ordinal}\u0001{Shape(column)}\u0001{column.Collation}\u0001{column.Definition}");

    private static string Shape(SqlServerColumn column) => column.TypeName switch
    {
        "tinyint" or "smallint" or "int" or "bigint" => "integer",
        "decimal" or "numeric" => string.Create(CultureInfo.InvariantCulture, $"decimal.{column.Scale}"),
        "time" or "datetime2" or "datetimeoffset" => string.Create(CultureInfo.InvariantCulture, $"{column.TypeName}.{column.Scale}"),
        "char" or "nchar" or "binary" => string.Create(CultureInfo.InvariantCulture, $"{column.TypeName}.{column.MaxLength}"),
        var other => other,
    };
}
