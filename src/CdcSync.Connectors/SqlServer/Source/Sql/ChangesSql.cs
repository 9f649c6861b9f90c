using System.Globalization;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Core.Datasets;
using static CdcSync.Connectors.SqlServer.SqlServerDialect;

namespace CdcSync.Connectors.SqlServer.Source.Sql;

/// <summary>The statements that read change tracking; pure.</summary>
internal static class ChangesSql
{
    /// <summary>Tables asked at once.</summary>
    public const int TablesAtOnce = 500;

    /// <summary>
    /// One round trip tells which tables have changes. Results: the current version; per table 1 or 0 (has changes after @last0 …); the minimum valid versions,
    /// table by table.
    /// </summary>
    /// <remarks>
    /// The current version comes first: what is committed after it is read again by the next window, never skipped. The minimum valid versions come last: a clean-up
    /// lifts them before it removes anything, so a minimum that is still low enough after the changes were seen proves that none were missing.
    /// </remarks>
    /// <param name="tables">Schema and name of each.</param>
    public static TSql Readings(IReadOnlyList<(string Schema, string Name)> tables) => new($"""
        SELECT CHANGE_TRACKING_CURRENT_VERSION() AS [current];
        {string.Join("\n", tables.Select((t, i) => string.Create(CultureInfo.InvariantCulture, $"SELECT CASE WHEN EXISTS (SELECT 1 AS [one] FROM CHANGETABLE(CHANGES {Quote(t.Schema, t.Name)}, @last{i}) AS c) THEN 1 ELSE 0 END AS [has_changes];")))}
        {MinimumSelect(tables)}
        """, TSqlKinds.Select, [.. tables.Select((_, i) => new TSqlParameter(string.Create(CultureInfo.InvariantCulture, $"@last{i}"), TSqlType.BigInt))]);

    /// <summary>The minimum valid version of each table; NULL = tracking is off, or the login may not see it.</summary>
    public static TSql Minimum(IReadOnlyList<(string Schema, string Name)> tables) => new(MinimumSelect(tables), TSqlKinds.Select);

    /// <summary>
    /// The last change of each key after @last, with the row that has this key now. Columns: version, operation (I, U, D), presence of the row, the key by the change
    /// table in the primary key's order, the dataset's columns by the base table.
    /// </summary>
    /// <remarks>
    /// No upper bound: a key has one row here, its last change. Cutting it off would hide the change before it. Presence is the base table's own: a change whose row
    /// is not there has NULLs that are no values.
    /// </remarks>
    public static TSql Changes(Dataset dataset, SqlServerObject table)
    {
        var keys = table.Key.Select(k => Quote(k.Name)).ToList();
        return new($"""
            SELECT c.SYS_CHANGE_VERSION, c.SYS_CHANGE_OPERATION, CASE WHEN b.{keys[0]} IS NULL THEN 0 ELSE 1 END AS [_is_present],
              {string.Join(", ", keys.Select(k => $"c.{k}"))},
              {RowsSql.Columns(dataset, table)}
            FROM CHANGETABLE(CHANGES {Quote(table.Schema, table.Name)}, @last) AS c
            LEFT OUTER JOIN {Quote(table.Schema, table.Name)} AS b ON {string.Join(" AND ", keys.Select(k => $"b.{k} = c.{k}"))};
            """, TSqlKinds.Select, new TSqlParameter("@last", TSqlType.BigInt));
    }

    private static string MinimumSelect(IReadOnlyList<(string Schema, string Name)> tables) =>
        $"SELECT {string.Join(", ", tables.Select((t, i) => string.Create(CultureInfo.InvariantCulture, $"CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID({Literal(Quote(t.Schema, t.Name))})) AS [minimum{i}]")))};";
}
