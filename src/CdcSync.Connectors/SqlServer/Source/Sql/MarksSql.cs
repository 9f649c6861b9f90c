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

    /// <summary>Rows from @from on, which has the column's own type, by mark and key.</summary>
    public static TSql From(Dataset dataset, SqlServerObject source, SqlServerColumn mark) => new($"""
        SELECT {RowsSql.Columns(dataset, source)} FROM {RowsSql.From(dataset, source)}
        WHERE {RowsSql.Column(source, mark.Name)} >= @from ORDER BY {string.Join(", ", dataset.Key.Select(k => RowsSql.Column(source, k.Source)).Prepend(RowsSql.Column(source, mark.Name)).Distinct())};
        """, TSqlKinds.Select, new TSqlParameter("@from", mark.ParameterType!));

    /// <summary>The highest mark.</summary>
    public static TSql Highest(Dataset dataset, SqlServerObject source, SqlServerColumn mark) =>
        new($"SELECT MAX({RowsSql.Column(source, mark.Name)}) AS [highest] FROM {RowsSql.From(dataset, source)};", TSqlKinds.Select);

    /// <summary>The highest mark up to @to, which has the column's own type.</summary>
    public static TSql HighestUpTo(Dataset dataset, SqlServerObject source, SqlServerColumn mark) =>
        new($"SELECT MAX({RowsSql.Column(source, mark.Name)}) AS [highest] FROM {RowsSql.From(dataset, source)} WHERE {RowsSql.Column(source, mark.Name)} <= @to;", TSqlKinds.Select,
            new TSqlParameter("@to", mark.ParameterType!));
}
