using System.Data.SqlTypes;
using System.Globalization;
using System.Text.Json;
using CdcSync.Connectors.SqlServer.Source.Catalog;

namespace CdcSync.Connectors.SqlServer.Source.Ranges;

/// <summary>The bounds of key ranges as text: a JSON array with a text per part. Only the server compares them.</summary>
internal static class KeyText
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A key, as the driver's values.</summary>
    public static string Write(IEnumerable<object> parts) => JsonSerializer.Serialize(parts.Select(Text), Plain);

    /// <summary>The values to bind, of the key columns' types.</summary>
    /// <param name="text">What <see cref="Write"/> wrote.</param>
    /// <param name="key">The columns.</param>
    /// <returns>Null if the text is no key of these columns.</returns>
    public static object[]? Read(string text, IReadOnlyList<SqlServerColumn> key)
    {
        try
        {
            var parts = JsonSerializer.Deserialize<string[]>(text);
            return parts?.Length == key.Count && !parts.Contains(null) ? [.. parts.Zip(key, (part, column) => Value(part, column))] : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException)
        {
            return null;
        }
    }

    private static string Text(object value) => value switch
    {
        string s => s,
        byte[] b => Convert.ToHexStringLower(b),
        SqlBinary b => Convert.ToHexStringLower(b.Value),
        SqlDecimal d => d.ToString(),
        DateTime t => t.ToString("O", CultureInfo.InvariantCulture),
        DateTimeOffset t => t.ToString("O", CultureInfo.InvariantCulture),
        TimeSpan t => t.ToString("c", CultureInfo.InvariantCulture),
        float f => f.ToString("R", CultureInfo.InvariantCulture),
        double f => f.ToString("R", CultureInfo.InvariantCulture),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static object Value(string text, SqlServerColumn column) => column.TypeName switch
    {
        "bigint" => long.Parse(text, CultureInfo.InvariantCulture),
        "int" => int.Parse(text, CultureInfo.InvariantCulture),
        "smallint" => short.Parse(text, CultureInfo.InvariantCulture),
        "tinyint" => byte.Parse(text, CultureInfo.InvariantCulture),
        "bit" => bool.Parse(text),
        "decimal" or "numeric" => SqlDecimal.Parse(text),
        "money" or "smallmoney" => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture),
        "float" => double.Parse(text, CultureInfo.InvariantCulture),
        "real" => float.Parse(text, CultureInfo.InvariantCulture),
        "date" or "datetime" or "datetime2" or "smalldatetime" => DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind),
        "datetimeoffset" => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind),
        "time" => TimeSpan.Parse(text, CultureInfo.InvariantCulture),
        "uniqueidentifier" => Guid.Parse(text),
        "binary" or "varbinary" or "timestamp" or "rowversion" => Convert.FromHexString(text),
        _ => text,
    };
}
