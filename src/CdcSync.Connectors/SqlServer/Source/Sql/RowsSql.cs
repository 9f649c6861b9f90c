using CdcSync.Connectors.SqlServer.Digests;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Core.Datasets;
using static CdcSync.Connectors.SqlServer.SqlServerDialect;

namespace CdcSync.Connectors.SqlServer.Source.Sql;

/// <summary>The statements that read rows of an object; pure. The object is always aliased <c>b</c> (base) and every column written with it.</summary>
internal static class RowsSql
{
    /// <summary>What is read, as a FROM item named b. A query stands on lines of its own: it may end in a comment.</summary>
    public static string From(Dataset dataset, SqlServerObject source) => dataset.Object is SourceObject.Query query
        ? $"(\n{query.Sql}\n) AS b" : $"{Quote(source.Schema, source.Name)} AS b";

    /// <summary>The dataset's columns in order, by the catalogue's own spelling. XML is read as the text it is: the driver has no reader in pieces for it.</summary>
    public static string Columns(Dataset dataset, SqlServerObject source) => string.Join(", ", dataset.Columns.Select(c => source.Column(c.Source) is { TypeName: "xml" } xml
        ? $"CONVERT(nvarchar(max), b.{Quote(xml.Name)}) AS {Quote(xml.Name)}" : Column(source, c.Source)));

    /// <summary>A column of b.</summary>
    public static string Column(SqlServerObject source, string name) => $"b.{Quote(source.Column(name)?.Name ?? name)}";

    /// <summary>All rows.</summary>
    public static TSql All(Dataset dataset, SqlServerObject source) => new($"SELECT {Columns(dataset, source)} FROM {From(dataset, source)};", TSqlKinds.Select);

    /// <summary>The rows with certain keys. Parameters: <see cref="KeysSql.Parameters"/>.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="source">Its object.</param>
    /// <param name="key">The key's columns.</param>
    /// <param name="keys">How many keys.</param>
    public static TSql Find(Dataset dataset, SqlServerObject source, IReadOnlyList<DigestedColumn> key, int keys) =>
        new($"SELECT {Columns(dataset, source)} FROM {KeysSql.Join(From(dataset, source), key, keys)};", TSqlKinds.Select, [.. KeysSql.Parameters(key, keys)]);
}
