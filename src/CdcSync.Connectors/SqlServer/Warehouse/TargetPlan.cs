using CdcSync.Core.Errors;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>What has to be done so that a table can take a dataset: pure. Adds and widens, never drops or narrows.</summary>
internal static class TargetPlan
{
    /// <summary>The steps; empty where the table is as it should be.</summary>
    /// <param name="table">What is wanted.</param>
    /// <param name="found">What is there.</param>
    /// <param name="names">How the database compares names.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.TargetMismatch"/> names everything that no step can mend; <see cref="ErrorCodes.WarehouseDenied"/>.</exception>
    public static IReadOnlyList<TargetStep> For(SqlServerTable table, FoundTable found, StringComparer names)
    {
        if (found.Kind is null) return Create(table, found.HasSchema);
        if (found.Kind != "U") throw Mismatch(table, ["it is not a plain table"]);
        if (found.MissingRights.Count > 0)
        {
            var rights = string.Join(", ", found.MissingRights);
            throw new CdcSyncException(ErrorCodes.WarehouseDenied, $"{table.Label}: the user has not the right to {rights}.", $"As its owner: GRANT {rights} ON {table.Name} TO the user. Run: cdcsync doctor");
        }

        var steps = new List<TargetStep>();
        var faults = new List<string>();
        foreach (var column in table.Columns) Compare(table, column, found.Columns.FirstOrDefault(f => names.Equals(f.Name, column.Plain)), steps, faults);
        if (table.MarksDeletes && found.Columns.All(c => c.Name != SqlServerTable.DeletedAt))
            steps.Add(new TargetStep(TargetSql.AddDeletedAt(table), $"added column {SqlServerTable.DeletedAt}"));
        foreach (var other in found.Columns.Where(f => f.MustBeGiven && !f.Name.StartsWith(SqlServerTable.Reserved, StringComparison.Ordinal) && !table.Columns.Any(c => names.Equals(c.Plain, f.Name))))
            faults.Add($"column '{other.Name}' is not in the contract and refuses null");
        CompareKey(table, found, names, faults);
        return faults.Count == 0 ? steps : throw Mismatch(table, faults);
    }

    private static List<TargetStep> Create(SqlServerTable table, bool hasSchema) =>
    [
        .. hasSchema ? Array.Empty<TargetStep>() : [new TargetStep(TargetSql.CreateSchema(table), $"created schema {table.Schema}")],
        new TargetStep(TargetSql.CreateTable(table), $"created table {table.Schema}.{table.Dataset.Target.Name}"),
    ];

    private static void Compare(SqlServerTable table, TargetColumn column, FoundColumn? there, List<TargetStep> steps, List<string> faults)
    {
        if (there is null)
        {
            if (column.IsKey) faults.Add($"it has no column '{column.Plain}', which is in the key");
            else steps.Add(new TargetStep(TargetSql.AddColumn(table, column), $"added column {column.Plain}"));
            return;
        }
        if (there.IsComputed || there.IsIdentity) faults.Add($"column '{column.Plain}' is {(there.IsIdentity ? "numbered (IDENTITY)" : "computed")} by SQL Server");
        if (column.IsKey && !there.IsBytewise) faults.Add($"column '{column.Plain}' has the collation {there.Collation}, in which different texts are equal; {TargetSql.Bytewise} tells them apart");
        if (there.IsNotNull && !column.IsKey && (!column.IsRequired || table.MarksDeletes))
            faults.Add($"column '{column.Plain}' refuses null, the contract {(column.IsRequired ? "deletes softly" : "allows it")}");
        if (Holds(column, there)) return;
        if (there.Type.FitsInto(column.Type) && !column.IsKey)
            steps.Add(new TargetStep(TargetSql.Widen(table, column, there), $"widened column {column.Plain} from {there.Type.Sql} to {column.Type.Sql}"));
        else
            faults.Add($"column '{column.Plain}' is {there.Type.Sql}, the contract needs {column.Type.Sql}");
    }

    // A key's text has no length in the contract: what an index of the user's can hold it may have. A longer one is refused when it comes, loudly.
    private static bool Holds(TargetColumn column, FoundColumn there) =>
        column.Type.FitsInto(there.Type) || (column.IsKey && column.Type.IsPadded && column.Type.Kind == there.Type.Kind);

    private static void CompareKey(SqlServerTable table, FoundTable found, StringComparer names, List<string> faults)
    {
        // A key column that is not there has been named already.
        if (table.Key.Count == 0 || table.Key.Any(c => !found.Columns.Any(f => names.Equals(f.Name, c.Plain)))) return;
        if (!found.UniqueKeys.Any(k => k.Count == table.Key.Count && k.All(name => table.Key.Any(c => names.Equals(c.Plain, name)))))
            faults.Add($"it has no primary key or unique index on exactly ({string.Join(", ", table.Key.Select(c => c.Plain))})");
    }

    private static CdcSyncException Mismatch(SqlServerTable table, IReadOnlyList<string> faults) =>
        new(ErrorCodes.TargetMismatch, $"{table.Label}: the table can't take the dataset: {string.Join("; ", faults)}.", "Change the table or the contract, or name another target. Run: cdcsync doctor");
}

/// <summary>A statement and what it does, for the log.</summary>
internal sealed record TargetStep(TSql Sql, string Done);
