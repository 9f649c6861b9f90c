using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.SqlServer.Digests;

/// <summary>A source's object in the form its target should have, where T-SQL can say so. Pure. A value that would not fit its type on the way makes a hash that nothing has: its row is looked at by the readers, which know.</summary>
internal static class SourceDigestTable
{
    /// <summary>The object, its alias b; null where the filter is not for T-SQL. What is masked, cast, cut, or folded in its letters' case has no canonical form there.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="source">Its object.</param>
    /// <param name="server">What the server can do.</param>
    public static DigestTable? Of(Dataset dataset, SqlServerObject source, DigestServer server)
    {
        var filter = dataset.Filter is { } rows ? Filtered(dataset, source, rows) : null;
        if (dataset.Filter is not null && filter is null) return null;
        var columns = dataset.Columns.Where(c => c.Target is not null).ToDictionary(c => c, c => Column(c, source, server));
        return new DigestTable(RowsSql.From(dataset, source), [.. columns.Values], [.. dataset.Key.Select(k => columns[k])], server)
        {
            // What the gates let through.
            Live = [.. columns.Keys.Where(c => c.Required || c.KeyOrdinal is not null).Select(c => $"{columns[c].Column} IS NOT NULL"), .. filter is null ? Array.Empty<string>() : [filter]],
            Filter = dataset.Filter?.Values,
        };
    }

    /// <summary>The columns by which rows are found that have a target's keys; null where the source's keys are not the target's, or can't be looked up.</summary>
    public static IReadOnlyList<DigestedColumn>? Key(Dataset dataset, SqlServerObject source)
    {
        DigestedColumn[] key = [.. dataset.Key.Select(k => Column(k, source, DigestServer.Newest))];
        return key.Length > 0 && key.All(k => k is { Canonical: not null, Sought: not null }) ? key : null;
    }

    /// <summary>Why the rows of a dataset travel to be hashed; null = the server hashes them.</summary>
    public static string? WhyNot(Dataset dataset, SqlServerObject source, DigestServer server)
    {
        if (!server.ReadsJson) return "the database's compatibility level is below 130";
        if (Of(dataset, source, server) is not { } table) return $"the filter is over {dataset.Filter!.SourceColumn}, whose text T-SQL writes otherwise";
        var (column, name) = dataset.Columns.Where(c => c.Target is not null).Zip(table.Columns, (c, d) => (Column: d, Name: c.Source)).FirstOrDefault(c => c.Column.Canonical is null);
        return column is null ? null : $"column {name} ({source.Column(name)!.DeclaredType}) {(server.Utf8 is null && column.Type is StringType ? "is text, and the server has no UTF-8 collation (SQL Server 2019)" : "is masked, folded, cast or cut, or has another form in T-SQL")}";
    }

    private static DigestedColumn Column(DatasetColumn column, SqlServerObject source, DigestServer server)
    {
        var found = source.Column(column.Source)!;
        var (name, type) = (RowsSql.Column(source, column.Source), FoundType.Of(found));
        var canonical = column.Mask is not null || column.ReadType != column.TargetType || IsCut(column, type) ? null : column.Fold switch
        {
            null or KeyFold.None => DigestColumn.Of(name, column.ReadType, type, server),
            KeyFold.Blanks when column.ReadType is StringType => DigestColumn.OfTrimmed(name, type, server),
            _ => null,
        };
        return new DigestedColumn(name, column.ReadType, type, canonical);
    }

    private static bool IsCut(DatasetColumn column, FoundType found) => column.Precision == TimePrecision.Truncate && found.Kind switch
    {
        "time" or "datetime2" or "datetimeoffset" => found.Scale,
        "datetime" => 3,
        _ => 0,
    } > column.ReadType switch
    {
        TimestampType t => 3 * (int)t.Unit,
        Time32Type t => 3 * (int)t.Unit,
        Time64Type t => 3 * (int)t.Unit,
        _ => 9,
    };

    // The text of a value is what a filter compares; blanks at its end count.
    private static string? Filtered(Dataset dataset, SqlServerObject source, RowFilter filter)
    {
        var (column, found) = (RowsSql.Column(source, filter.SourceColumn), source.Column(filter.SourceColumn)!);
        var text = (found.TypeName, dataset.Columns.First(c => c.Source == filter.SourceColumn).ReadType) switch
        {
            ("bit", BooleanType) => $"CASE {column} WHEN 1 THEN N'true' WHEN 0 THEN N'false' END",
            ("tinyint" or "smallint" or "int" or "bigint", Int8Type or Int16Type or Int32Type or Int64Type or UInt8Type or UInt16Type or UInt32Type or UInt64Type) => $"CAST({column} AS nvarchar(20))",
            ("char" or "varchar" or "nchar" or "nvarchar", StringType) => $"CAST({column} AS nvarchar(max))",
            _ => null,
        };
        return text is null ? null : $"EXISTS (SELECT 1 FROM OPENJSON(@filter) AS f WHERE f.[value] = {text} COLLATE {TargetSql.Bytewise} AND DATALENGTH(f.[value]) = DATALENGTH({text}))";
    }
}
