using System.Data;
using System.Data.SqlTypes;
using System.Globalization;
using System.Text.Json;
using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Digests;

/// <summary>The values of the parameters of <see cref="DigestSql"/>, by their names, and its answers.</summary>
internal static class DigestValues
{
    // The half that SUM has of a decimal's digits: 19 of them.
    private static readonly System.Numerics.BigInteger Half = System.Numerics.BigInteger.Pow(10, 19);

    /// <summary>Those of the rows that count: the bounds of a range, the filter.</summary>
    public static Dictionary<string, object?> Of(DigestTable table, DigestBounds bounds) => new(StringComparer.Ordinal)
    {
        ["@from"] = bounds.From,
        ["@to"] = bounds.To,
        ["@filter"] = table.Filter is { } filter ? JsonSerializer.Serialize(filter) : null,
    };

    /// <summary>By how much places are divided for a shift.</summary>
    public static long Unit(int shift) => shift < Places.Bits - 1 ? 1L << shift : 0;

    /// <summary>Which parts are asked for. Of ordered places those that the key's type has; none = there is nothing to ask.</summary>
    public static string? Parts(DigestTable table, DigestScope scope, IReadOnlyList<Part> parts)
    {
        if (!scope.Places.IsOrdered) return JsonSerializer.Serialize(parts.Select(p => p.Prefix));
        var (least, most) = table.Key[0].Found.Integers!.Value;
        long[][] ranges = [.. parts.Where(p => p.Last >= least && p.First <= most).Select(p => (long[])[Math.Max(p.First, least), Math.Min(p.Last, most)])];
        return ranges.Length == 0 ? null : JsonSerializer.Serialize(ranges);
    }

    /// <summary>Keys as parameters' values, a row each. A key that its columns can't have is left out: there is no row with it.</summary>
    public static IReadOnlyList<object?[]> Keys(IReadOnlyList<DigestedColumn> key, RecordBatch keys)
    {
        StagedColumn[] columns = [.. keys.Columns.Select(StagedColumn.For)];
        var rows = new List<object?[]>();
        for (var row = 0; row < keys.Length; row++)
        {
            object?[] values = [.. columns.Select((c, part) => c.IsNull(row) ? null : Key(key[part], c.Get(row)))];
            if (!values.Contains(null)) rows.Add(values);
        }

        return rows;
    }

    /// <summary>A row of <see cref="DigestSql.Survey"/>.</summary>
    public static Survey Survey(SqlDataReader r)
    {
        long? first = r.IsDBNull(0) ? null : r.GetInt64(0), last = r.IsDBNull(1) ? null : r.GetInt64(1);
        return new(first, last, r.GetInt64(2));
    }

    /// <summary>A part.</summary>
    public static (long Prefix, PartDigest Digest) Digest(SqlDataReader r) => (r.GetInt64(0), new PartDigest(r.GetInt64(1), Sum(r, 2), Sum(r, 3)));

    /// <summary>A row's key and hash, of which they are the last two columns.</summary>
    public static RowDigest Row(SqlDataReader r, int first)
    {
        var key = new CanonicalKey((byte[])r.GetValue(first));
        return new(key, RowHash.From((byte[])r.GetValue(first + 1)));
    }

    /// <summary>A row of <see cref="TotalsSql"/>.</summary>
    /// <param name="r">The row.</param>
    /// <param name="scale">Digits of the summed values behind the point.</param>
    public static (CanonicalKey Group, GroupTotal Total) Total(SqlDataReader r, int scale)
    {
        var group = new CanonicalKey((byte[])r.GetValue(0));
        var rows = r.GetInt64(1);
        System.Numerics.BigInteger? high = r.IsDBNull(2) ? null : Sum(r, 2), low = r.IsDBNull(3) ? null : Sum(r, 3);
        return (group, new GroupTotal(rows, low is { } sum ? GroupTotal.Text(((high ?? 0) * Half) + sum, scale) : null));
    }

    /// <summary>A value in the column's own type; null = it can't have it.</summary>
    private static object? Key(DigestedColumn column, object value) => (column.Sought!.DbType, value) switch
    {
        (SqlDbType.BigInt or SqlDbType.Int or SqlDbType.SmallInt or SqlDbType.TinyInt, SqlDecimal d) => d.ToSqlInt64() is { IsNull: false } n && IsHeld(column, n.Value) ? n.Value : null,
        (SqlDbType.BigInt or SqlDbType.Int or SqlDbType.SmallInt or SqlDbType.TinyInt, _) => Convert.ToInt64(value, CultureInfo.InvariantCulture) is var n && IsHeld(column, n) ? n : null,
        (SqlDbType.UniqueIdentifier, string text) => Guid.TryParseExact(text, "D", out var guid) ? guid : null,
        (SqlDbType.UniqueIdentifier, byte[] bytes) => new Guid(bytes, bigEndian: true),
        (SqlDbType.Decimal, SqlDecimal d) => column.Found.Precision - column.Found.Scale >= d.Precision - d.Scale ? d : null,
        (SqlDbType.Char or SqlDbType.VarChar or SqlDbType.NChar or SqlDbType.NVarChar, string text) => column.Found.Length < 0 || text.Length <= column.Found.Length ? text : null,
        _ => value,
    };

    private static bool IsHeld(DigestedColumn column, long value) => column.Found.Integers is { } limits && value >= limits.Least && value <= limits.Most;

    private static Int128 Sum(SqlDataReader r, int at) => Int128.Parse(r.GetSqlDecimal(at).ToString(), CultureInfo.InvariantCulture);
}
