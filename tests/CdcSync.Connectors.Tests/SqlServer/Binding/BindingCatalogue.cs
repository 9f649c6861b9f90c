namespace CdcSync.Connectors.Tests.SqlServer.Binding;

/// <summary>What the binder knows: tables with their columns, functions with the number of their arguments. By the documentation of SQL Server 2016 and later.</summary>
internal sealed class BindingCatalogue
{
    private readonly Dictionary<string, BoundTable> _tables = new(StringComparer.Ordinal);

    /// <summary>Knows SQL Server's own views, and these tables.</summary>
    public BindingCatalogue(params IEnumerable<BoundTable> tables)
    {
        foreach (var view in SystemViews) _tables.Add($"sys.{view.Name}", new BoundTable("sys", view.Name, [.. view.Columns.Split(' ').Select(c => new BoundColumn(c))]));
        foreach (var table in tables) _tables.Add(table.Schema.Length == 0 ? table.Name : $"{table.Schema}.{table.Name}", table);
    }

    public BoundTable? Find(string? schema, string name) => _tables.GetValueOrDefault(schema is null ? name : $"{schema}.{name}");

    /// <summary>Columns that a table function gives.</summary>
    public static readonly IReadOnlyDictionary<string, string> TableFunctions = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["sys.dm_exec_describe_first_result_set"] = "is_hidden column_ordinal name is_nullable system_type_id system_type_name max_length precision scale collation_name user_type_id error_number error_severity error_state error_message error_type",
    };

    /// <summary>The columns of CHANGETABLE(CHANGES …) beside the key's.</summary>
    public const string ChangeColumns = "SYS_CHANGE_VERSION SYS_CHANGE_CREATION_VERSION SYS_CHANGE_OPERATION SYS_CHANGE_COLUMNS SYS_CHANGE_CONTEXT";

    /// <summary>The columns of OPENJSON without a WITH of its own.</summary>
    public const string JsonColumns = "key value type";

    /// <summary>Functions: the least and the most arguments.</summary>
    public static readonly IReadOnlyDictionary<string, (int Least, int Most)> Functions = new Dictionary<string, (int, int)>(StringComparer.Ordinal)
    {
        ["CHANGE_TRACKING_CURRENT_VERSION"] = (0, 0),
        ["CHANGE_TRACKING_MIN_VALID_VERSION"] = (1, 1),
        ["MIN_ACTIVE_ROWVERSION"] = (0, 0),
        ["SYSUTCDATETIME"] = (0, 0),
        ["SYSDATETIME"] = (0, 0),
        ["GETDATE"] = (0, 0),
        ["DB_NAME"] = (0, 1),
        ["DB_ID"] = (0, 1),
        ["SCHEMA_NAME"] = (0, 1),
        ["SCHEMA_ID"] = (0, 1),
        ["OBJECT_ID"] = (1, 2),
        ["TYPE_NAME"] = (1, 1),
        ["DATABASEPROPERTYEX"] = (2, 2),
        ["SERVERPROPERTY"] = (1, 1),
        ["HAS_PERMS_BY_NAME"] = (3, 5),
        ["QUOTENAME"] = (1, 2),
        ["RTRIM"] = (1, 1),
        ["LEN"] = (1, 1),
        ["DATALENGTH"] = (1, 1),
        ["DATEDIFF"] = (3, 3),
        ["DATEADD"] = (3, 3),
        ["ROW_NUMBER"] = (0, 0),
        ["MAX"] = (1, 1),
        ["MIN"] = (1, 1),
        ["SUM"] = (1, 1),
        ["COUNT"] = (1, 1),
        ["COUNT_BIG"] = (1, 1),
        ["ISNULL"] = (2, 2),
        ["ERROR_NUMBER"] = (0, 0),
        ["APP_NAME"] = (0, 0),
        ["CONCAT"] = (2, 254),
        ["ROWCOUNT_BIG"] = (0, 0),
        ["HASHBYTES"] = (2, 2),
        ["SUBSTRING"] = (3, 3),
        ["REPLACE"] = (3, 3),
        ["LOWER"] = (1, 1),
        ["SWITCHOFFSET"] = (2, 2),
        ["DATEDIFF_BIG"] = (3, 3),
        ["DATEPART"] = (2, 2),
        ["COLLATIONPROPERTY"] = (2, 2),
    };

    /// <summary>Texts that a function's argument may be: a misspelt property is NULL, not an error.</summary>
    public static readonly IReadOnlyDictionary<string, (int Argument, string[] Words)> Words = new Dictionary<string, (int, string[])>(StringComparer.Ordinal)
    {
        ["DATABASEPROPERTYEX"] = (1, ["Updateability", "Collation", "Status", "IsReadCommittedSnapshotOn"]),
        ["HASHBYTES"] = (0, ["MD5"]),
        ["COLLATIONPROPERTY"] = (1, ["CodePage"]),
        ["SERVERPROPERTY"] = (0, ["ProductVersion", "EngineEdition", "Edition", "IsHadrEnabled", "Collation"]),
        ["HAS_PERMS_BY_NAME"] = (2, ["SELECT", "INSERT", "UPDATE", "DELETE", "ALTER", "VIEW CHANGE TRACKING", "VIEW DATABASE STATE", "VIEW SERVER STATE", "UNMASK", "CREATE TABLE", "CREATE SCHEMA"]),
    };

    /// <summary>Procedures and their parameters.</summary>
    public static readonly IReadOnlyDictionary<string, string> Procedures = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["sys.sp_getapplock"] = "@Resource @LockMode @LockOwner @LockTimeout @DbPrincipal",
    };

    /// <summary>Words that a procedure's parameter may be.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> ProcedureWords = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["@LockMode"] = ["Shared", "Update", "IntentShared", "IntentExclusive", "Exclusive"],
        ["@LockOwner"] = ["Transaction", "Session"],
    };

    /// <summary>Variables of the server.</summary>
    public static readonly IReadOnlySet<string> GlobalVariables = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "@@TRANCOUNT", "@@ROWCOUNT", "@@SPID", "@@ERROR" };

    private static readonly (string Name, string Columns)[] SystemViews =
    [
        ("databases", "name database_id create_date collation_name compatibility_level is_read_only snapshot_isolation_state is_read_committed_snapshot_on service_broker_guid state replica_id"),
        ("database_recovery_status", "database_id database_guid family_guid last_log_backup_lsn recovery_fork_guid first_recovery_fork_guid fork_point_lsn"),
        ("schemas", "name schema_id principal_id"),
        ("objects", "name object_id principal_id schema_id parent_object_id type type_desc create_date modify_date is_ms_shipped is_published"),
        ("tables", "name object_id schema_id type type_desc create_date modify_date is_ms_shipped is_memory_optimized temporal_type"),
        ("views", "name object_id schema_id type create_date modify_date is_ms_shipped"),
        ("columns", "object_id name column_id system_type_id user_type_id max_length precision scale collation_name is_nullable is_ansi_padded is_rowguidcol is_identity is_computed is_sparse is_column_set encryption_type is_hidden is_masked generated_always_type default_object_id"),
        ("computed_columns", "object_id name column_id definition is_persisted is_computed"),
        ("default_constraints", "name object_id schema_id parent_object_id parent_column_id definition"),
        ("key_constraints", "name object_id schema_id parent_object_id type unique_index_id"),
        ("types", "name system_type_id user_type_id schema_id max_length precision scale collation_name is_nullable is_user_defined"),
        ("indexes", "object_id name index_id type type_desc is_unique data_space_id is_primary_key is_unique_constraint is_disabled has_filter filter_definition ignore_dup_key"),
        ("index_columns", "object_id index_id index_column_id column_id key_ordinal partition_ordinal is_descending_key is_included_column"),
        ("partitions", "partition_id object_id index_id partition_number hobt_id rows"),
        ("internal_tables", "name object_id schema_id parent_object_id type create_date internal_type internal_type_desc parent_id parent_minor_id"),
        ("change_tracking_tables", "object_id is_track_columns_updated_on min_valid_version begin_version cleanup_version"),
        ("change_tracking_databases", "database_id is_auto_cleanup_on retention_period retention_period_units retention_period_units_desc max_cleanup_version"),
        ("dm_tran_database_transactions", "transaction_id database_id database_transaction_begin_time database_transaction_type database_transaction_state"),
        ("dm_tran_session_transactions", "session_id transaction_id transaction_descriptor is_user_transaction is_local"),
        ("dm_tran_active_snapshot_database_transactions", "transaction_id transaction_sequence_num commit_sequence_num session_id is_snapshot first_snapshot_sequence_num max_version_chain_traversed elapsed_time_seconds"),
        ("dm_tran_commit_table", "commit_ts xdes_id commit_time commit_lbn commit_csn"),
    ];
}

/// <summary>A table, and what the binder needs of it.</summary>
internal sealed record BoundTable(string Schema, string Name, IReadOnlyList<BoundColumn> Columns);

/// <summary>A column; its type as a parameter of the same type would be declared; null = not known, not compared.</summary>
internal sealed record BoundColumn(string Name, string? Type = null, bool IsKey = false);
