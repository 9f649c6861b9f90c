using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Core.Errors;
using static CdcSync.Connectors.Sqlite.SqliteDialect;

namespace CdcSync.Connectors.Sqlite.Source.Tracking;

/// <summary>Turns change tracking on and off. The only code that writes to a source, and only <c>discover --enable-tracking --apply</c> and <c>forget</c> call it.</summary>
internal static class SqliteTracking
{
    /// <summary>The statements that <see cref="Enable"/> would run; empty = nothing is to be done.</summary>
    /// <param name="connection">In a transaction.</param>
    /// <param name="catalog">Read in it.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="retention">How long changes are kept at least.</param>
    /// <exception cref="CdcSyncException">A table is missing, is none, or has no key.</exception>
    public static string Script(SourceConnection connection, SqliteCatalog catalog, IReadOnlyList<string> tables, TimeSpan retention)
    {
        var statements = new List<string>();
        foreach (var name in tables)
        {
            var table = Trackable(connection, catalog, name);
            if (TrackingState.WhyOff(catalog, table) is null && HasMetaRow(connection, catalog, table.Name))
                continue;
            // What is half there or out of date may have missed changes: it starts anew, with a new identity.
            if (IsAnythingLeft(catalog, table.Name))
                statements.Add(Removal(catalog, table.Name));
            statements.Add(TrackingScript.Enable(table, retention));
        }
        if (statements.Count > 0)
            statements.Insert(0, TrackingScript.CreateMeta);
        return string.Join('\n', statements);
    }

    /// <summary>Turns tracking on for tables, in one transaction; those that are tracked already only get the retention.</summary>
    /// <param name="connection">A writing connection.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="retention">How long changes are kept at least.</param>
    /// <exception cref="CdcSyncException">A table is missing, is none, or has no key; or its triggers don't compile. Nothing was changed then.</exception>
    public static void Enable(SourceConnection connection, IReadOnlyList<string> tables, TimeSpan retention) => InTransaction(connection, "turning change tracking on", catalog =>
    {
        var script = Script(connection, catalog, tables, retention);
        if (script.Length > 0)
            connection.Execute(script, "turning change tracking on");
        foreach (var name in tables)
        {
            connection.Execute(TrackingScript.Retain(name, retention), "turning change tracking on");
            Compile(connection, Trackable(connection, catalog, name));
        }
    });

    /// <summary>Turns tracking off for tables and removes all that belongs to it, in one transaction. Tables that are not tracked, or gone, are no error.</summary>
    /// <param name="connection">A writing connection.</param>
    /// <param name="tables">The tables.</param>
    public static void Remove(SourceConnection connection, IReadOnlyList<string> tables) => InTransaction(connection, "turning change tracking off", catalog =>
    {
        foreach (var name in tables)
            connection.Execute(Removal(catalog, name), "turning change tracking off");
        if (catalog.Has(TrackingNames.Meta) && IsEmpty(connection, TrackingNames.Meta))
            connection.Execute($"DROP TABLE {Quote(TrackingNames.Meta)}", "turning change tracking off");
    });

    private static void InTransaction(SourceConnection connection, string doing, Action<SqliteCatalog> work)
    {
        connection.Execute("BEGIN IMMEDIATE", doing);
        try
        {
            work(SqliteCatalog.Read(connection, null));
            connection.Execute("COMMIT", doing);
        }
        catch
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0)
                connection.Execute("ROLLBACK", doing);
            throw;
        }
    }

    // SQLite compiles a trigger when it first fires: a mistake in it would break the application's write. So it is compiled here, before the commit.
    private static void Compile(SourceConnection connection, SqliteTable table)
    {
        var key = Quote(table.Key[0].Name);
        foreach (var write in (ReadOnlySpan<string>)[
            $"INSERT INTO {Quote(table.Name)} DEFAULT VALUES", $"UPDATE {Quote(table.Name)} SET {key} = {key}", $"DELETE FROM {Quote(table.Name)}"])
            connection.Prepare("EXPLAIN " + write, $"compiling the tracking triggers of {table.Name}").Dispose();
    }

    private static SqliteTable Trackable(SourceConnection connection, SqliteCatalog catalog, string name) => catalog.Find(connection, name) switch
    {
        null => throw new CdcSyncException(ErrorCodes.SourceObjectMissing, $"source {connection.Source}: there is no table {name}.", "Correct the name. Run: cdcsync discover"),
        { Kind: not TableKind.Table } => throw new CdcSyncException(ErrorCodes.TrackingOff, $"source {connection.Source}: {name} is not a table, and only tables can be tracked.",
            "Use a high-water mark or full-refresh for it. Run: cdcsync discover"),
        { Key.Count: 0 } => throw new CdcSyncException(ErrorCodes.SourceKeyMissing, $"source {connection.Source}: table {name} has no primary key, and change tracking records keys.",
            "Give it a primary key, or use capture: full-refresh for it. Run: cdcsync discover"),
        var table => table,
    };

    private static bool IsAnythingLeft(SqliteCatalog catalog, string table) =>
        catalog.Has(TrackingNames.Log(table)) || catalog.TrackingTriggersOn(table).Any();

    private static string Removal(SqliteCatalog catalog, string table) => TrackingScript.Remove(table, catalog.TrackingTriggersOn(table), catalog.Has(TrackingNames.Meta));

    private static bool HasMetaRow(SourceConnection connection, SqliteCatalog catalog, string table)
    {
        if (!catalog.Has(TrackingNames.Meta)) return false;
        using var row = connection.Prepare($"SELECT 1 FROM {Quote(TrackingNames.Meta)} WHERE table_name = ?1", "reading the state of change tracking").Bind(1, table);
        return row.Step();
    }

    private static bool IsEmpty(SourceConnection connection, string table)
    {
        using var row = connection.Prepare($"SELECT 1 FROM {Quote(table)} LIMIT 1", "reading the state of change tracking");
        return !row.Step();
    }
}
