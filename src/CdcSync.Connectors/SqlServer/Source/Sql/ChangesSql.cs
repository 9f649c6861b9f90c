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
    /// <param name="tables">The tables; those that have no last version yet are asked for their minimum only, and 0 stands for their changes.</param>
    public static TSql Readings(IReadOnlyList<TrackedName> tables) => new($"""
        SELECT CHANGE_TRACKING_CURRENT_VERSION() AS [current];
        {string.Join("\n", tables.Select((t, i) => t.HasLast ? HasChanges(t, i) : "SELECT 0 AS [has_changes];"))}
        {MinimumSelect(tables)}
        """, TSqlKinds.Select, [.. tables.Index().Where(t => t.Item.HasLast).Select(t => new TSqlParameter(string.Create(CultureInfo.InvariantCulture, $"@last{t.Index}"), TSqlType.BigInt))]);

    /// <summary>The minimum valid version of each table; NULL = tracking is off, or the login may not see it.</summary>
    public static TSql Minimum(IReadOnlyList<TrackedName> tables) => new(MinimumSelect(tables), TSqlKinds.Select);

    /// <summary>
    /// The last change of each key after @last, with the row that has this key now. Columns: version, operation (I, U, D), presence of the row (see
    /// <see cref="Presence"/>), the key by the change table in the primary key's order, the dataset's columns by the base table.
    /// </summary>
    /// <remarks>
    /// No upper bound: a key has one row here, its last change. Cutting it off would hide the change before it. Presence is the base table's own: a change whose row
    /// is not there has NULLs that are no values.
    /// </remarks>
    public static TSql Changes(Dataset dataset, SqlServerObject table)
    {
        var keys = table.Key.Select(k => Quote(k.Name)).ToList();
        return new($"""
            SELECT c.SYS_CHANGE_VERSION, c.SYS_CHANGE_OPERATION, CASE WHEN b.{keys[0]} IS NULL THEN 0{OtherKey(table)} ELSE 1 END AS [presence],
              {string.Join(", ", keys.Select(k => $"c.{k}"))},
              {RowsSql.Columns(dataset, table)}
            FROM CHANGETABLE(CHANGES {Quote(table.Schema, table.Name)}, @last) AS c
            LEFT OUTER JOIN {Quote(table.Schema, table.Name)} AS b ON {string.Join(" AND ", keys.Select(k => $"b.{k} = c.{k}"))};
            """, TSqlKinds.Select, new TSqlParameter("@last", TSqlType.BigInt));
    }

    private static string HasChanges(TrackedName table, int i) => string.Create(CultureInfo.InvariantCulture,
        $"SELECT CASE WHEN EXISTS (SELECT 1 AS [one] FROM CHANGETABLE(CHANGES {Quote(table.Schema, table.Name)}, @last{i}) AS c) THEN 1 ELSE 0 END AS [has_changes];");

    private static string MinimumSelect(IReadOnlyList<TrackedName> tables) =>
        $"SELECT {string.Join(", ", tables.Select((t, i) => string.Create(CultureInfo.InvariantCulture, $"CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID({Literal(Quote(t.Schema, t.Name))})) AS [minimum{i}]")))};";

    // Texts may be equal by their collation and yet differ: in case, accents, trailing blanks. Bytes of different length are equal up to zeros.
    private static string OtherKey(SqlServerObject table)
    {
        var texts = table.Key.Where(k => k.Collation is not null).Select(k => Quote(k.Name)).ToList();
        return texts.Count == 0 ? "" : $" WHEN {string.Join(" OR ", texts.Select(k => $"CONVERT(varbinary(1800), b.{k}) <> CONVERT(varbinary(1800), c.{k}) OR DATALENGTH(b.{k}) <> DATALENGTH(c.{k})"))} THEN 2";
    }
}

/// <summary>A table that is asked for its changes.</summary>
/// <param name="Schema">Its schema.</param>
/// <param name="Name">Its name.</param>
/// <param name="HasLast">True if a version is known from which on changes are asked for.</param>
internal readonly record struct TrackedName(string Schema, string Name, bool HasLast);

/// <summary>Whether a changed key has a row now.</summary>
internal enum Presence
{
    /// <summary>None.</summary>
    Absent = 0,

    /// <summary>It has.</summary>
    Present = 1,

    /// <summary>A row has a key that is equal by collation and written in another way.</summary>
    UnderOtherKey = 2,
}
