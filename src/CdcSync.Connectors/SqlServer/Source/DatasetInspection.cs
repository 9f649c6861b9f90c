using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Connectors.SqlServer.Source.Tracking;
using CdcSync.Connectors.SqlServer.Source.Values;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>Whether a dataset can be read from a source as it says: object, rights, columns, types, key, capture.</summary>
internal static class DatasetInspection
{
    /// <summary>What disagrees, the gravest first; empty = nothing.</summary>
    /// <param name="source">The source's name in the pipeline.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="description">Its object.</param>
    public static IReadOnlyList<CdcSyncException> Faults(string source, Dataset dataset, Description description)
    {
        var faults = ReadFaults(source, dataset, description);
        return description.Object is { } found ? [.. faults, .. KeyFaults(source, dataset, found), .. MarkFaults(dataset, found)] : faults;
    }

    /// <summary>What keeps rows from being read, whatever the capture.</summary>
    /// <inheritdoc cref="Faults"/>
    public static IReadOnlyList<CdcSyncException> ReadFaults(string source, Dataset dataset, Description description)
    {
        if (description.Object is not { } found)
            return [description.Fault is { } why
                ? new CdcSyncException(ErrorCodes.SourceFailed, $"dataset {dataset.Id}: its query does not compile: {why}", "Mend the query: one SELECT without WITH and ORDER BY (those belong into a view). Run: cdcsync validate")
                : new CdcSyncException(ErrorCodes.SourceObjectMissing, $"dataset {dataset.Id}: source {source} has no table or view {dataset.Object}, or the login may not see it.",
                    $"Correct the name in the pipeline file, bring the object back, or grant SELECT on it. Run: cdcsync discover {source}")];
        if (found.MaySelect == false)
            return [new CdcSyncException(ErrorCodes.SourceDenied, $"dataset {dataset.Id}: the login may not read {found}.",
                $"Let it: {SetupSql.Grant(found.Schema, found.Name, "cdcsync", SourceRights.Rows).Text} (with its own name). Run: cdcsync sync")];
        return [.. ColumnFaults(source, dataset, found)];
    }

    private static IEnumerable<CdcSyncException> ColumnFaults(string source, Dataset dataset, SqlServerObject found)
    {
        var missing = dataset.Columns.Select(c => c.Source).Where(c => found.Column(c) is null).ToList();
        if (missing.Count > 0)
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch,
                $"dataset {dataset.Id}: {found} has no column {string.Join(", ", missing)}; it has {string.Join(", ", found.Columns.Select(c => c.Name))}.",
                $"Correct the contract, or bring the column back. Run: cdcsync discover {source} --contract");
        foreach (var (wanted, column) in dataset.Columns.Select(c => (c, found.Column(c.Source))))
        {
            if (column is null) continue;
            if (column.Hiding != Hiding.None)
                yield return new CdcSyncException(ErrorCodes.SourceDenied,
                    $"dataset {dataset.Id}: column {column.Name} of {found} is {(column.Hiding == Hiding.Masked ? "masked, and the login would read masked values" : "encrypted by the client (Always Encrypted)")}.",
                    column.Hiding == Hiding.Masked ? "Grant UNMASK to the login, or leave the column out of the contract. Run: cdcsync sync" : "Leave the column out of the contract. Run: cdcsync validate");
            else if (SqlServerTypes.WhyNot(column, wanted.ReadType) is { } why)
                yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch, $"dataset {dataset.Id}: column {column.Name} of {found} is {column.DeclaredType}: {why}",
                    $"Correct the contract, or read a view. Run: cdcsync discover {source} --contract");
        }
    }

    private static IEnumerable<CdcSyncException> KeyFaults(string source, Dataset dataset, SqlServerObject found)
    {
        if (dataset.Capture is not Capture.FullRefresh && dataset.Key.Count == 0)
            yield return new CdcSyncException(ErrorCodes.SourceKeyMissing, $"dataset {dataset.Id}: the contract of {found} declares no key, and this capture needs one.",
                "Declare the key in the contract, or use capture: full-refresh. Run: cdcsync validate");
        if (dataset.Capture is not Capture.ChangeTracking)
        {
            foreach (var unstated in KeyEquality.Faults(source, dataset, found)) yield return unstated;
            yield break;
        }
        if (found.Kind != ObjectKind.Table)
            yield return new CdcSyncException(ErrorCodes.TrackingOff, $"dataset {dataset.Id}: {found} is not a table, and only tables can be tracked.",
                "Use a high-water mark or full-refresh for it. Run: cdcsync validate");
        else if (found.Key.Count == 0)
            yield return new CdcSyncException(ErrorCodes.SourceKeyMissing, $"dataset {dataset.Id}: {found} has no primary key, and change tracking records keys.",
                "Give it a primary key, or use capture: full-refresh. Run: cdcsync discover");
        else if (dataset.Key.Count > 0 && !dataset.Key.Select(k => found.Column(k.Source)?.Name).ToHashSet().SetEquals(found.Key.Select(k => k.Name)))
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch,
                $"dataset {dataset.Id}: the contract's key is ({string.Join(", ", dataset.Key.Select(k => k.Source))}), that of {found} is ({string.Join(", ", found.Key.Select(k => k.Name))}).",
                "Change tracking records the primary key: declare it in the contract. Run: cdcsync discover --contract");
        else if (found.Tracking is null || found.MayViewChanges == false)
            yield return TrackingFaults.Off(source, dataset, found);
        else
            foreach (var unstated in KeyEquality.Faults(source, dataset, found)) yield return unstated;
    }

    private static IEnumerable<CdcSyncException> MarkFaults(Dataset dataset, SqlServerObject found)
    {
        if (dataset.Capture is not Capture.HighWaterMark mark)
            yield break;
        if (found.Column(mark.Column) is not { } marked)
        {
            yield return MissingMark(dataset, found, mark);
            yield break;
        }
        var fits = mark.Kind switch
        {
            MarkKind.RowVersion => marked.TypeName is "timestamp" or "rowversion",
            MarkKind.Sequence => marked.TypeName is "tinyint" or "smallint" or "int" or "bigint" || marked is { TypeName: "decimal" or "numeric", Scale: 0 },
            _ => marked.TypeName is "datetime" or "smalldatetime" or "datetime2" or "datetimeoffset",
        };
        if (!fits)
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch,
                $"dataset {dataset.Id}: the mark {marked.Name} is {marked.DeclaredType}; a {mark.Kind.ToString().ToLowerInvariant()} needs {mark.Kind switch { MarkKind.RowVersion => "rowversion", MarkKind.Sequence => "a whole number", _ => "datetime, smalldatetime, datetime2 or datetimeoffset" }}.",
                "Name another mark, or another kind. Run: cdcsync validate");
    }

    private static CdcSyncException MissingMark(Dataset dataset, SqlServerObject found, Capture.HighWaterMark mark) => new(ErrorCodes.SourceSchemaMismatch,
        $"dataset {dataset.Id}: {found} has no column {mark.Column} to be the mark.", "Correct the capture in the pipeline file. Run: cdcsync validate");
}
