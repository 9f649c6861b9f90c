using static CdcSync.Connectors.Sqlite.SqliteDialect;

namespace CdcSync.Connectors.Sqlite.Source.Tracking;

/// <summary>The names of what change tracking adds to a database. Key columns in the log go by number, so that a renamed key column stays tracked.</summary>
internal static class TrackingNames
{
    /// <summary>What all of them begin with.</summary>
    public const string Prefix = "_cdcsync_";

    /// <summary>What the triggers that record rows about to be replaced begin with.</summary>
    public const string ReplacingPrefix = $"{Prefix}replacing_";

    /// <summary>The table with one row per tracked table.</summary>
    public const string Meta = $"{Prefix}tracking";

    /// <summary>The table with one row per change of a table.</summary>
    public static string Log(string table) => $"{Prefix}log_{table}";

    /// <summary>The log's column for the key's part at a place, from 0.</summary>
    public static string KeyColumn(int ordinal) => $"key_{ordinal + 1}";

    /// <summary>The log's key columns as a list: <c>key_1, key_2</c>.</summary>
    public static string KeyColumns(int count) => string.Join(", ", Enumerable.Range(0, count).Select(KeyColumn));

    /// <summary>The log as SQL writes it.</summary>
    public static string QuotedLog(string table) => Quote(Log(table));
}
