using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Values;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>Whether a dataset can be read from a source as it says: object, rights, columns, types, key, mark.</summary>
internal static class DatasetInspection
{
    /// <summary>What disagrees, the gravest first; empty = nothing.</summary>
    /// <param name="source">The source's name in the pipeline.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="description">Its object.</param>
    /// <param name="names">The names there are, asked for only where one is missing.</param>
    public static IReadOnlyList<CdcSyncException> Faults(string source, Dataset dataset, Description description, Func<IReadOnlyList<string>> names)
    {
        var faults = ReadFaults(source, dataset, description, names);
        return description.Object is { } found ? [.. faults, .. KeyFaults(dataset, found), .. MarkFaults(dataset, found)] : faults;
    }

    /// <summary>What keeps rows from being read, whatever the capture.</summary>
    /// <inheritdoc cref="Faults"/>
    public static IReadOnlyList<CdcSyncException> ReadFaults(string source, Dataset dataset, Description description, Func<IReadOnlyList<string>> names)
    {
        if (description.Object is not { } found)
            return [description.Fault is { } why
                ? new CdcSyncException(ErrorCodes.SourceFailed, $"dataset {dataset.Id}: its query does not compile: {why.TrimEnd('.')}.", "Mend the query: one SELECT without a semicolon. Run: cdcsync validate")
                : new CdcSyncException(ErrorCodes.SourceObjectMissing, $"dataset {dataset.Id}: source {source} has no table or view {dataset.Object}.{Suggestion.For($"{dataset.Object}", names())}",
                    $"Correct the name in the pipeline file (upper and lower case count), or bring the object back. Run: cdcsync discover {source}")];
        if (!found.MayUseSchema)
            return [new CdcSyncException(ErrorCodes.SourceDenied, $"dataset {dataset.Id}: the role may not use the schema {found.Schema}.",
                $"Let it: GRANT USAGE ON SCHEMA {PostgresDialect.Quote(found.Schema)} TO cdcsync (with its own name). Run: cdcsync sync")];
        return [.. ColumnFaults(source, dataset, found)];
    }

    private static IEnumerable<CdcSyncException> ColumnFaults(string source, Dataset dataset, PostgresObject found)
    {
        var missing = dataset.Columns.Select(c => c.Source).Where(c => found.Column(c) is null).ToList();
        if (missing.Count > 0)
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch,
                $"dataset {dataset.Id}: {found} has no column {string.Join(", ", missing)}.{Suggestion.ForAll(missing, [.. found.Columns.Select(c => c.Name)])}",
                $"Correct the contract (upper and lower case count), or bring the column back. Run: cdcsync discover {source} --contract");
        var columns = dataset.Columns.Select(c => (Wanted: c.ReadType, Column: found.Column(c.Source))).Where(c => c.Column is not null).Select(c => (c.Wanted, Column: c.Column!)).ToList();
        if (columns.Where(c => !c.Column.MaySelect).Select(c => c.Column.Name).ToList() is { Count: > 0 } denied)
            yield return new CdcSyncException(ErrorCodes.SourceDenied, $"dataset {dataset.Id}: the role may not read {string.Join(", ", denied)} of {found}.",
                $"Let it: GRANT SELECT ON {PostgresDialect.Quote(found.Schema)}.{PostgresDialect.Quote(found.Name)} TO cdcsync (with its own name). Run: cdcsync sync");
        foreach (var (wanted, column) in columns)
            if (PostgresTypes.WhyNot(column, wanted) is { } why)
                yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch, $"dataset {dataset.Id}: column {column.Name} of {found} is {column.DeclaredType}: {why}",
                    $"Correct the contract, or read a view. Run: cdcsync discover {source} --contract");
    }

    private static IEnumerable<CdcSyncException> KeyFaults(Dataset dataset, PostgresObject found)
    {
        if (dataset.Capture is not Capture.FullRefresh && dataset.Key.Count == 0)
            yield return new CdcSyncException(ErrorCodes.SourceKeyMissing, $"dataset {dataset.Id}: the contract of {found} declares no key, and this capture needs one.",
                "Declare the key in the contract, or use capture: full-refresh. Run: cdcsync validate");
    }

    private static IEnumerable<CdcSyncException> MarkFaults(Dataset dataset, PostgresObject found)
    {
        if (dataset.Capture is not Capture.HighWaterMark mark) yield break;
        if (mark.Kind == MarkKind.RowVersion)
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch, $"dataset {dataset.Id}: the mark {mark.Column} is of kind rowversion, which PostgreSQL does not have.",
                "Use kind timestamp or sequence, or another capture. Run: cdcsync validate");
        else if (dataset.Columns.FirstOrDefault(c => c.Source == mark.Column) is not { } read)
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch, $"dataset {dataset.Id}: the mark {mark.Column} is not among the contract's columns.{Suggestion.For(mark.Column, dataset.Columns.Select(c => c.Source))}",
                "Add it to the contract: its values say how far the dataset has been read. Run: cdcsync validate");
        else if (found.Column(mark.Column) is { } column && !Fits(mark.Kind, column, read.ReadType))
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch,
                $"dataset {dataset.Id}: the mark {mark.Column} of {found} is {column.DeclaredType}, read as {read.ReadType}; a {(mark.Kind == MarkKind.Timestamp ? "timestamp needs timestamp or timestamptz, read as one" : "sequence needs smallint, integer or bigint, read as an integer")}.",
                "Correct the column's type in the contract, or the capture's kind. Run: cdcsync validate");
    }

    private static bool Fits(MarkKind kind, PostgresColumn column, ArrowType read) => kind == MarkKind.Timestamp
        ? column.Type.Oid is PostgresOid.Timestamp or PostgresOid.TimestampTz && read is TimestampType
        : column.Type.Oid is PostgresOid.Int2 or PostgresOid.Int4 or PostgresOid.Int8 && read.TypeId is >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64;
}
