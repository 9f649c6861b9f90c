using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Sql;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Datasets;
using PostgresColumn = CdcSync.Connectors.Postgres.Source.Catalog.PostgresColumn;

namespace CdcSync.Connectors.Postgres.Digests;

/// <summary>
/// A source's object in the form its target should have, where SQL can say so. Pure. A value that would not fit its type on the way makes a hash that nothing has: its
/// row is looked at by the readers, which know.
/// </summary>
internal static class SourceDigestTable
{
    /// <summary>The object; null where a column is masked, folded, cast or cut, or is of a type whose text SQL writes otherwise: then rows have to be read.</summary>
    /// <param name="dataset">A dataset with a key.</param>
    /// <param name="source">Its object.</param>
    public static DigestTable? Of(Dataset dataset, PostgresObject source)
    {
        var written = dataset.Columns.Where(c => c.Target is not null).ToDictionary(c => c, c => Column(c, source.Column(c.Source)!));
        if (written.Values.Contains(null) || (dataset.Filter is { } filter && !IsPlain(source.Column(filter.SourceColumn)!)))
            return null;
        return new DigestTable(RowsSql.From(dataset, source), "b", [.. dataset.Columns.Where(c => c.Target is not null).Select(c => Name(c.Source))], [.. dataset.Columns.Where(c => c.Target is not null).Select(c => written[c]!)],
            [.. dataset.Key.Select(k => new DigestKey(Name(k.Source), TypeName(source.Column(k.Source)!), written[k]!))])
        {
            Live = Conditions(dataset) is { Count: > 0 } conditions ? parameter => string.Join(" AND ", conditions.Select(c => c(parameter))) : null,
        };
    }

    /// <summary>What the gates and the filter let through. Parameter: the filter's values.</summary>
    private static IReadOnlyList<Func<int, string>> Conditions(Dataset dataset) =>
    [
        .. dataset.Columns.Where(c => c is { Target: not null } && (c.Required || c.KeyOrdinal is not null)).Select(c => (Func<int, string>)(_ => $"{Name(c.Source)} IS NOT NULL")),
        .. dataset.Filter is { } filter ? [parameter => $"{Name(filter.SourceColumn)}::text = ANY (${parameter}::text[])"] : Array.Empty<Func<int, string>>(),
    ];

    private static DigestColumn? Column(DatasetColumn column, PostgresColumn found)
    {
        if (column is not { Mask: null, Fold: null or KeyFold.None } || column.ReadType != column.TargetType)
            return null;
        var name = Name(column.Source);
        return (found.Type.Oid, column.ReadType) switch
        {
            (PostgresOid.Bool, BooleanType) or (PostgresOid.Date, Date32Type) or (PostgresOid.Bytea, BinaryType) => new(name),
            (PostgresOid.Int2, Int16Type or Int32Type or Int64Type) or (PostgresOid.Int4, Int32Type or Int64Type) or (PostgresOid.Int8, Int64Type) => DigestColumn.Of(name, column.ReadType, PostgresType.BigInt),
            (PostgresOid.Float4, FloatType or DoubleType) or (PostgresOid.Float8, DoubleType) => DigestColumn.Of(name, column.ReadType, PostgresType.Double),
            (PostgresOid.Numeric, Decimal128Type d) => DigestColumn.Of(name, d, found.Digits == (d.Precision, d.Scale) ? PostgresType.Numeric(d.Precision, d.Scale) : new PostgresType("numeric")),
            (PostgresOid.Time, Time64Type { Unit: TimeUnit.Microsecond }) => new(name),
            (PostgresOid.Timestamp or PostgresOid.TimestampTz, TimestampType t) when found.SecondDigits <= DigitsOf(t.Unit) => new(name),
            (PostgresOid.Text or PostgresOid.VarChar or PostgresOid.Uuid, StringType) => new($"{name}::text"),
            _ => null,
        };
    }

    // Nanoseconds have another canonical form.
    private static int DigitsOf(TimeUnit unit) => unit switch { TimeUnit.Second => 0, TimeUnit.Millisecond => 3, TimeUnit.Microsecond => 6, _ => -1 };

    // The text that SQL makes of it is the text that a filter compares.
    private static bool IsPlain(PostgresColumn column) =>
        column.Type.Oid is PostgresOid.Bool or PostgresOid.Int2 or PostgresOid.Int4 or PostgresOid.Int8 or PostgresOid.Text or PostgresOid.VarChar;

    private static string Name(string column) => $"b.{PostgresDialect.Quote(column)}";

    private static string TypeName(PostgresColumn column) => $"{PostgresDialect.Quote(column.Type.Schema)}.{PostgresDialect.Quote(column.Type.Name)}";
}
