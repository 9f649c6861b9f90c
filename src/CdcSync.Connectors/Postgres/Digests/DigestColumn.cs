using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Connectors.Postgres.Digests;

/// <summary>A column's values in their canonical form (<see cref="CanonicalType"/>), as SQL.</summary>
/// <param name="Sql">An expression of the canonical type.</param>
/// <param name="Misfit">True where a value of a wider column has no canonical form, so that its row is equal to none; null = there is no such value.</param>
internal sealed record DigestColumn(string Sql, string? Misfit = null)
{
    /// <summary>Maps a column.</summary>
    /// <param name="column">The column, quoted and with its alias.</param>
    /// <param name="type">The dataset's type for it.</param>
    /// <param name="found">The type that the column really has: the dataset's own, or a wider one.</param>
    public static DigestColumn Of(string column, ArrowType type, PostgresType found) => CanonicalTypes.Of(type) switch
    {
        CanonicalType.Int8 => Integer(column, found),
        CanonicalType.Float8 => Float(column),
        CanonicalType.Text when type is Decimal128Type d => Decimal(column, d.Scale, found == PostgresType.For(type)),
        CanonicalType.Text when type is UInt64Type => Decimal(column, 0, found == PostgresType.For(type)),
        CanonicalType.Text => new($"{column}::text"),
        // The others are written as they are: a column that is not of the type itself does not take the dataset.
        _ => new(column),
    };

    private static DigestColumn Integer(string column, PostgresType found)
    {
        if (found == PostgresType.SmallInt || found == PostgresType.Integer || found == PostgresType.BigInt)
            return new($"{column}::bigint");
        var isWhole = $"{column} >= -9223372036854775808 AND {column} < 9223372036854775808 AND {column} = trunc({column})";
        return new($"CASE WHEN {isWhole} THEN {column}::bigint END", $"NOT ({isWhole})");
    }

    // Adding zero makes zero of minus zero, which SQLite does not tell apart.
    private static DigestColumn Float(string column) =>
        new($"CASE WHEN {column} = 'NaN' THEN 'NaN'::double precision ELSE {column}::double precision + 0 END");

    private static DigestColumn Decimal(string column, int scale, bool isExact) =>
        isExact ? new($"{column}::text") : new($"round({column}::numeric, {scale})::text", $"{column}::numeric <> round({column}::numeric, {scale})");
}
