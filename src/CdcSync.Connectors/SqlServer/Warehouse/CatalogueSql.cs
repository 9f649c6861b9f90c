using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>What a warehouse asks the catalogue; pure.</summary>
internal static class CatalogueSql
{
    /// <summary>Four results: whether there is the schema, the table, its columns, the columns of its unique indexes.</summary>
    public static TSql Target() => new(
        """
        SELECT CASE WHEN SCHEMA_ID(@schema) IS NULL THEN 0 ELSE 1 END AS has_schema;
        SELECT RTRIM(CAST(o.type AS nvarchar(2))) AS kind,
               HAS_PERMS_BY_NAME(@name, N'OBJECT', N'SELECT') AS can_select, HAS_PERMS_BY_NAME(@name, N'OBJECT', N'INSERT') AS can_insert,
               HAS_PERMS_BY_NAME(@name, N'OBJECT', N'UPDATE') AS can_update, HAS_PERMS_BY_NAME(@name, N'OBJECT', N'DELETE') AS can_delete
          FROM sys.objects AS o
         WHERE o.schema_id = SCHEMA_ID(@schema) AND o.name = @table AND o.parent_object_id = 0;
        SELECT c.name, TYPE_NAME(c.system_type_id) AS type_name, c.max_length, c.precision, c.scale, c.is_nullable,
               CASE WHEN c.default_object_id = 0 THEN 0 ELSE 1 END AS has_default, c.is_computed, c.is_identity, c.collation_name
          FROM sys.columns AS c
          JOIN sys.objects AS o ON o.object_id = c.object_id
         WHERE o.schema_id = SCHEMA_ID(@schema) AND o.name = @table AND o.parent_object_id = 0
         ORDER BY c.column_id;
        SELECT i.index_id, c.name
          FROM sys.indexes AS i
          JOIN sys.objects AS o ON o.object_id = i.object_id
          JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id
          JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id
         WHERE o.schema_id = SCHEMA_ID(@schema) AND o.name = @table AND o.parent_object_id = 0
           AND i.is_unique = 1 AND i.is_disabled = 0 AND i.has_filter = 0 AND i.ignore_dup_key = 0 AND k.is_included_column = 0
         ORDER BY i.index_id, c.name;
        """, TSqlKinds.Select, Schema, Table, QualifiedName);
}
