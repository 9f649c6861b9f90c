using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.SqlServer.Source.Sql;

/// <summary>The statements that read rows by a mark: a rowversion, a timestamp, a number; pure.</summary>
internal static class MarksSql
{
    /// <summary>Rows above @last and below @ceiling, a column of type rowversion. Columns: the dataset's.</summary>
    public static TSql RowVersions(Dataset dataset, SqlServerObject source, string mark) => new($"""
        SELECT {RowsSql.Columns(dataset, source)} FROM {RowsSql.From(dataset, source)}
        WHERE {RowsSql.Column(source, mark)} > @last AND {RowsSql.Column(source, mark)} < @ceiling;
        """, TSqlKinds.Select, new TSqlParameter("@last", TSqlType.RowVersion), new TSqlParameter("@ceiling", TSqlType.RowVersion));

    /// <summary>1 if there is a row above @last and below @ceiling.</summary>
    public static TSql HasRowVersions(Dataset dataset, SqlServerObject source, string mark) => new($"""
        SELECT CASE WHEN EXISTS (SELECT 1 AS [one] FROM {RowsSql.From(dataset, source)} WHERE {RowsSql.Column(source, mark)} > @last AND {RowsSql.Column(source, mark)} < @ceiling) THEN 1 ELSE 0 END AS [has_rows];
        """, TSqlKinds.Select, new TSqlParameter("@last", TSqlType.RowVersion), new TSqlParameter("@ceiling", TSqlType.RowVersion));

    /// <summary>
    /// Rows from @from on up to @to, both included, in the order of mark and key; and, where there is no bound below, those without a mark. The parameters have the
    /// column's own type.
    /// </summary>
    /// <param name="dataset">The dataset; its columns are read.</param>
    /// <param name="source">Its object.</param>
    /// <param name="mark">The mark's column.</param>
    /// <param name="bounds">Which bounds there are.</param>
    public static TSql Marks(Dataset dataset, SqlServerObject source, SqlServerColumn mark, MarkBounds bounds) =>
        new($"SELECT {RowsSql.Columns(dataset, source)} FROM {RowsSql.From(dataset, source)}{Where(source, mark, bounds)}{OrderBy(dataset, source, mark)};",
            TSqlKinds.Select, Parameters(mark, bounds));

    /// <summary>The highest mark up to @to.</summary>
    public static TSql Highest(Dataset dataset, SqlServerObject source, SqlServerColumn mark, MarkBounds bounds) =>
        new($"SELECT MAX({RowsSql.Column(source, mark.Name)}) AS [highest] FROM {RowsSql.From(dataset, source)}{Where(source, mark, bounds)};", TSqlKinds.Select, Parameters(mark, bounds));

    private static string Where(SqlServerObject source, SqlServerColumn mark, MarkBounds bounds)
    {
        var column = RowsSql.Column(source, mark.Name);
        var to = bounds.HasFlag(MarkBounds.To) ? $"{column} <= @to" : null;
        if (bounds.HasFlag(MarkBounds.From)) return $" WHERE {column} >= @from{(to is null ? "" : $" AND {to}")}";
        return to is null ? "" : $" WHERE ({to} OR {column} IS NULL)";
    }

    private static string OrderBy(Dataset dataset, SqlServerObject source, SqlServerColumn mark) =>
        $" ORDER BY {string.Join(", ", dataset.Key.Select(k => RowsSql.Column(source, k.Source)).Prepend(RowsSql.Column(source, mark.Name)).Distinct())}";

    private static TSqlParameter[] Parameters(SqlServerColumn mark, MarkBounds bounds) =>
    [
        .. bounds.HasFlag(MarkBounds.From) ? [new TSqlParameter("@from", mark.ParameterType!)] : Array.Empty<TSqlParameter>(),
        .. bounds.HasFlag(MarkBounds.To) ? [new TSqlParameter("@to", mark.ParameterType!)] : Array.Empty<TSqlParameter>(),
    ];
}

/// <summary>Which bounds a reading by marks has.</summary>
[Flags]
internal enum MarkBounds
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A lower one.</summary>
    From = 1,

    /// <summary>An upper one.</summary>
    To = 2,
}
