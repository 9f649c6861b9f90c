using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Values;
using CdcSync.Core.Datasets;
using static CdcSync.Connectors.Postgres.PostgresDialect;

namespace CdcSync.Connectors.Postgres.Source.Sql;

/// <summary>The statements that read rows of an object; pure. The object is always aliased <c>b</c> (base) and every column written with it.</summary>
internal static class RowsSql
{
    /// <summary>What is read, as a FROM item named b. A query stands on lines of its own: it may end in a comment.</summary>
    public static string From(Dataset dataset, PostgresObject source) => dataset.Object is SourceObject.Query query ? $"(\n{query.Sql}\n) AS b"
        : $"{(source.Kind == ObjectKind.Table ? "ONLY " : "")}{Quote(source.Schema)}.{Quote(source.Name)} AS b";

    /// <summary>The dataset's columns in order. A type without a reader of its binary form is read as the text the server writes.</summary>
    public static string Columns(Dataset dataset, PostgresObject source) =>
        string.Join(", ", dataset.Columns.Select(c => source.Column(c.Source)!).Select(c => PostgresTypes.IsReadAsText(c.Type) ? $"b.{Quote(c.Name)}::text" : $"b.{Quote(c.Name)}"));

    /// <summary>All rows.</summary>
    public static string All(Dataset dataset, PostgresObject source) => $"SELECT {Columns(dataset, source)} FROM {From(dataset, source)}";

    /// <summary>Sends the rows of a SELECT in the binary form.</summary>
    public static string Copy(string select) => $"COPY ({select}) TO STDOUT (FORMAT binary)";

    /// <summary>A value that was set for this transaction, as a column's type.</summary>
    /// <param name="place">Its place in <see cref="SessionSql.Set"/>, from 0.</param>
    /// <param name="type">The type.</param>
    public static string Value(int place, PostgresTypeInfo type) => $"pg_catalog.current_setting('cdcsync.p{place}')::{Quote(type.Schema)}.{Quote(type.Name)}";
}
