using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Connectors.Sqlite.Source.Tracking;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>Whether a dataset can be read from a source as it says: object, columns, key, capture.</summary>
internal static class DatasetInspection
{
    /// <summary>What disagrees, the gravest first; empty = nothing.</summary>
    /// <param name="connection">In a transaction.</param>
    /// <param name="catalog">Read in it.</param>
    /// <param name="dataset">The dataset.</param>
    public static IReadOnlyList<CdcSyncException> Faults(SourceConnection connection, SqliteCatalog catalog, Dataset dataset)
    {
        var table = Table(connection, catalog, dataset);
        var faults = ReadFaults(connection, catalog, dataset);
        return dataset.Object is SourceObject.Table && table is null ? faults
            : [.. faults, .. KeyFaults(dataset, table), .. MarkFaults(dataset, table), .. table is null ? [] : TrackingFaults(connection, catalog, dataset, table)];
    }

    /// <summary>What keeps rows from being read, whatever the capture: object, columns, a query that does not compile.</summary>
    /// <inheritdoc cref="Faults"/>
    public static IReadOnlyList<CdcSyncException> ReadFaults(SourceConnection connection, SqliteCatalog catalog, Dataset dataset)
    {
        if (dataset.Object is SourceObject.Query query)
            return Compilation(connection, dataset, query.Sql) is { } broken ? [broken] : ColumnFaults(dataset, QueryColumns(connection, query));
        var table = Table(connection, catalog, dataset);
        if (table is null)
            return [new CdcSyncException(ErrorCodes.SourceObjectMissing, $"dataset {dataset.Id}: source {connection.Source} has no table or view {dataset.Object}.{Suggestion.For(((SourceObject.Table)dataset.Object).Name, catalog.UserTables)}",
                "Correct the name in the pipeline file, or bring the object back. Run: cdcsync discover")];
        var faults = ColumnFaults(dataset, [.. table.Columns.Select(c => c.Name)]);
        if (faults.Count == 0 && table.Kind != TableKind.Table && Compilation(connection, dataset, SourceSql.All(dataset)) is { } fault)
            faults.Add(fault);
        return faults;
    }

    /// <summary>The table or view a dataset reads; null where it reads a query, or there is none.</summary>
    public static SqliteTable? Table(SourceConnection connection, SqliteCatalog catalog, Dataset dataset) => dataset.Object is SourceObject.Table named
        && (named.Schema is null || SqliteNames.Same(named.Schema, "main")) ? catalog.Find(connection, named.Name) : null;

    /// <summary>The columns a query returns.</summary>
    public static IReadOnlyList<string> QueryColumns(SourceConnection connection, SourceObject.Query query)
    {
        using var statement = connection.Prepare($"SELECT * FROM {SourceSql.From(query)}", "describing the query");
        return statement.ColumnNames();
    }

    private static CdcSyncException? Compilation(SourceConnection connection, Dataset dataset, string sql)
    {
        try
        {
            using var statement = connection.Prepare(sql, $"compiling the query of dataset {dataset.Id}");
            return null;
        }
        catch (CdcSyncException e)
        {
            return e;
        }
    }

    private static List<CdcSyncException> ColumnFaults(Dataset dataset, IReadOnlyList<string> found)
    {
        var missing = dataset.Columns.Select(c => c.Source).Where(w => !found.Contains(w, SqliteNames.Comparer)).ToList();
        return missing.Count == 0 ? [] : [new CdcSyncException(ErrorCodes.SourceSchemaMismatch,
            $"dataset {dataset.Id}: {dataset.Object} has no column {string.Join(", ", missing)}.{Suggestion.ForAll(missing, found)}",
            "Correct the contract, or bring the column back. Run: cdcsync discover --contract")];
    }

    private static IEnumerable<CdcSyncException> KeyFaults(Dataset dataset, SqliteTable? table)
    {
        if (dataset.Capture is Capture.FullRefresh)
            yield break;
        if (dataset.Key.Count == 0)
            yield return new CdcSyncException(ErrorCodes.SourceKeyMissing, $"dataset {dataset.Id}: the contract of {dataset.Object} declares no key, and this capture needs one.",
                "Declare the key in the contract, or use capture: full-refresh. Run: cdcsync validate");
        if (dataset.Capture is not Capture.ChangeTracking)
            yield break;
        if (table is null or { Kind: not TableKind.Table })
            yield return new CdcSyncException(ErrorCodes.TrackingOff, $"dataset {dataset.Id}: {dataset.Object} is not a table, and only tables can be tracked.",
                "Use a high-water mark or full-refresh for it. Run: cdcsync validate");
        else if (table.Key.Count == 0)
            yield return new CdcSyncException(ErrorCodes.SourceKeyMissing, $"dataset {dataset.Id}: table {table.Name} has no primary key, and change tracking records keys.",
                "Give it a primary key, or use capture: full-refresh. Run: cdcsync discover");
        else if (dataset.Key.Count > 0 && !dataset.Key.Select(k => k.Source).ToHashSet(SqliteNames.Comparer).SetEquals(table.Key.Select(k => k.Name)))
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch,
                $"dataset {dataset.Id}: the contract's key is ({string.Join(", ", dataset.Key.Select(k => k.Source))}), that of table {table.Name} is ({string.Join(", ", table.Key.Select(k => k.Name))}).",
                "Change tracking records the primary key: declare it in the contract. Run: cdcsync discover --contract");
    }

    private static IEnumerable<CdcSyncException> MarkFaults(Dataset dataset, SqliteTable? table)
    {
        if (dataset.Capture is not Capture.HighWaterMark mark)
            yield break;
        if (mark.Kind == MarkKind.RowVersion)
        {
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch, $"dataset {dataset.Id}: the mark {mark.Column} is of kind rowversion, which SQLite does not have.",
                "Use kind timestamp or sequence, or change-tracking. Run: cdcsync validate");
            yield break;
        }
        var column = dataset.Columns.FirstOrDefault(c => SqliteNames.Same(c.Source, mark.Column));
        if (column is null)
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch, $"dataset {dataset.Id}: the mark {mark.Column} is not among the contract's columns.{Suggestion.For(mark.Column, dataset.Columns.Select(c => c.Source))}",
                "Add it to the contract: it is needed to know how its values are read. Run: cdcsync validate");
        else if (mark.Kind == MarkKind.Timestamp ? column.ReadType is not TimestampType : !IsInteger(column.ReadType))
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch,
                $"dataset {dataset.Id}: the mark {mark.Column} is read as {column.ReadType}, a {(mark.Kind == MarkKind.Timestamp ? "timestamp" : "sequence")} needs {(mark.Kind == MarkKind.Timestamp ? "a timestamp" : "an integer")}.",
                "Correct the column's type in the contract, or the capture's kind. Run: cdcsync validate");
        else if (mark.Kind == MarkKind.Sequence && table?.Column(mark.Column) is { Affinity: Affinity.Text } text)
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch,
                $"dataset {dataset.Id}: the mark {mark.Column} is declared {text.DeclaredType}: its numbers are kept as texts, and '10' comes before '9'.",
                "Use a column declared INTEGER, or a view that casts it. Run: cdcsync validate");
    }

    private static bool IsInteger(ArrowType type) => type.TypeId is >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64;

    private static IEnumerable<CdcSyncException> TrackingFaults(SourceConnection connection, SqliteCatalog catalog, Dataset dataset, SqliteTable table)
    {
        if (dataset.Capture is not Capture.ChangeTracking || table is not { Kind: TableKind.Table, Key.Count: > 0 })
            yield break;
        if ((TrackingState.WhyOff(catalog, table) ?? (HasMeta(connection, table) ? null : "change tracking is not on")) is { } why)
            yield return new CdcSyncException(ErrorCodes.TrackingOff, $"dataset {dataset.Id}: table {table.Name}: {why}.",
                $"Turn tracking on, then load the dataset again. Run: cdcsync discover {connection.Source} --enable-tracking --apply, then cdcsync resync {dataset.Id}");
    }

    private static bool HasMeta(SourceConnection connection, SqliteTable table)
    {
        using var meta = connection.Prepare(SourceSql.TrackingMeta, "reading the state of change tracking").Bind(1, table.Name);
        return meta.Step();
    }
}
