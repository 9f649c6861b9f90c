using System.Globalization;

namespace CdcSync.Connectors.SqlServer.Source.Sql;

/// <summary>The statements that describe tables, views and queries; pure.</summary>
internal static class CatalogueSql
{
    /// <summary>Objects asked for at once: two parameters each.</summary>
    public const int ObjectsAtOnce = SqlServerDialect.ParameterLimit / 2;

    /// <summary>
    /// Tables and views by name. First result: ordinal, number, kind, schema, name, may select, may view changes, rows. Second: their columns. Third, where the database
    /// tracks changes: the tracked tables. Parameters: @schema0 and @name0 and so on; a schema that is NULL is the login's default.
    /// </summary>
    /// <param name="count">How many names, from 1.</param>
    public static TSql Named(int count)
    {
        var rows = string.Join(", ", Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"({i}, @schema{i}, @name{i})")));
        var asked = $"(VALUES {rows}) AS a (ordinal, [schema], [name])";
        return new($"""
            {Objects("a.ordinal", $"{asked}\nJOIN sys.schemas AS s ON s.name = COALESCE(a.[schema], SCHEMA_NAME())\nJOIN sys.objects AS o ON o.schema_id = s.schema_id AND o.name = a.[name]")};
            {Columns($"(SELECT x.object_id FROM {asked} JOIN sys.schemas AS y ON y.name = COALESCE(a.[schema], SCHEMA_NAME()) JOIN sys.objects AS x ON x.schema_id = y.schema_id AND x.name = a.[name])")};
            {Tracked}
            """, TSqlKinds.Select | TSqlKinds.Control, [.. Enumerable.Range(0, count).SelectMany(i => Pair(i))]);
    }

    /// <summary>All tables and views of users, as <see cref="Named"/> without ordinals.</summary>
    public static TSql All() => new($"""
        {Objects("0", "sys.objects AS o\nJOIN sys.schemas AS s ON s.schema_id = o.schema_id")};
        {Columns("(SELECT x.object_id FROM sys.objects AS x WHERE x.is_ms_shipped = 0)")};
        {Tracked}
        """, TSqlKinds.Select | TSqlKinds.Control);

    /// <summary>The columns that a query returns; error number and text where it does not compile. Parameter: @query.</summary>
    public static TSql Query() => new("""
        SELECT d.column_ordinal, d.name, COALESCE(TYPE_NAME(d.system_type_id), d.system_type_name) AS [type], CONVERT(int, d.max_length) AS [max_length], CONVERT(int, d.precision) AS [precision],
          CONVERT(int, d.scale) AS [scale], CONVERT(int, d.is_nullable) AS [is_nullable], d.collation_name, d.error_number, d.error_message
        FROM sys.dm_exec_describe_first_result_set(@query, NULL, 0) AS d WHERE d.is_hidden = 0 ORDER BY d.column_ordinal;
        """, TSqlKinds.Select, new TSqlParameter("@query", TSqlType.Text));

    /// <summary>The columns that lead an index. Parameter: @object.</summary>
    public static TSql Indexes() => new("""
        SELECT c.name FROM sys.index_columns AS i
        JOIN sys.columns AS c ON c.object_id = i.object_id AND c.column_id = i.column_id
        WHERE i.object_id = @object AND i.key_ordinal = 1;
        """, TSqlKinds.Select, new TSqlParameter("@object", new TSqlType(System.Data.SqlDbType.Int)));

    private static string Objects(string ordinal, string from) => $"""
        SELECT {ordinal} AS [ordinal], o.object_id, RTRIM(o.type) AS [type], s.name AS [schema], o.name,
          HAS_PERMS_BY_NAME(QUOTENAME(s.name) + N'.' + QUOTENAME(o.name), N'OBJECT', N'SELECT') AS [may_select],
          HAS_PERMS_BY_NAME(QUOTENAME(s.name) + N'.' + QUOTENAME(o.name), N'OBJECT', N'VIEW CHANGE TRACKING') AS [may_view_changes],
          (SELECT SUM(p.rows) FROM sys.partitions AS p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) AS [rows]
        FROM {from}
        WHERE o.type IN (N'U', N'V') AND o.is_ms_shipped = 0
        ORDER BY s.name, o.name
        """;

    // Number of the table, and of the hidden table that records its changes.
    private const string Tracked = """
        IF EXISTS (SELECT 1 AS [one] FROM sys.change_tracking_databases AS d WHERE d.database_id = DB_ID())
          SELECT t.object_id, (SELECT MIN(i.object_id) FROM sys.internal_tables AS i WHERE i.parent_id = t.object_id AND i.internal_type_desc = N'CHANGE_TRACKING') AS [side_table]
          FROM sys.change_tracking_tables AS t;
        """;

    private static string Columns(string objects) => $"""
        SELECT c.object_id, c.column_id, c.name, COALESCE(TYPE_NAME(c.system_type_id), TYPE_NAME(c.user_type_id)) AS [type],
          CONVERT(int, c.max_length) AS [max_length], CONVERT(int, c.precision) AS [precision], CONVERT(int, c.scale) AS [scale], CONVERT(int, c.is_nullable) AS [is_nullable], c.collation_name,
          m.definition, CASE WHEN c.encryption_type IS NOT NULL THEN 2 WHEN c.is_masked = 1 AND COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'UNMASK'), 0) = 0 THEN 1 ELSE 0 END AS [hiding],
          COALESCE((SELECT CONVERT(int, ic.key_ordinal) FROM sys.indexes AS ix JOIN sys.index_columns AS ic ON ic.object_id = ix.object_id AND ic.index_id = ix.index_id
            WHERE ix.object_id = c.object_id AND ix.is_primary_key = 1 AND ic.column_id = c.column_id), 0) AS [key_ordinal]
        FROM sys.columns AS c
        LEFT JOIN sys.computed_columns AS m ON m.object_id = c.object_id AND m.column_id = c.column_id
        WHERE c.object_id IN {objects}
        ORDER BY c.object_id, c.column_id
        """;

    private static IEnumerable<TSqlParameter> Pair(int i) =>
        [new(string.Create(CultureInfo.InvariantCulture, $"@schema{i}"), TSqlType.Name), new(string.Create(CultureInfo.InvariantCulture, $"@name{i}"), TSqlType.Name)];
}
