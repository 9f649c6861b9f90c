using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>What has to be done so that a table can take a dataset: pure. Adds and widens, never drops or narrows.</summary>
internal static class TargetPlan
{
    // A version that fits on its row's page needs no new entry in any index, and no second page in the log (ADR 145).
    private const string RoomForUpdates = " WITH (fillfactor = 90)";

    /// <summary>The steps; empty where the table is as it should be.</summary>
    /// <param name="table">What is wanted.</param>
    /// <param name="found">What is there.</param>
    /// <param name="key">Whether what checks the key must be there.</param>
    /// <param name="isOwn">True if the dataset has claimed the table before: a key that it lacks is one that a first load did not come to.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.TargetMismatch"/> names everything that no step can mend; <see cref="ErrorCodes.WarehouseDenied"/>.</exception>
    public static IReadOnlyList<TargetStep> For(PostgresTable table, FoundTarget found, KeyCheck key, bool isOwn)
    {
        if (found.Kind is null) return Create(table, found.HasSchema, key);
        if (found.Kind != 'r') throw Mismatch(table, [found.Kind == 'p' ? "it is a partitioned table" : "it is not a plain table"]);
        if (found.MissingRights.Count > 0)
        {
            var rights = string.Join(", ", found.MissingRights);
            throw new CdcSyncException(ErrorCodes.WarehouseDenied, $"{table.Label}: the user has not the right to {rights}.", $"As its owner: GRANT {rights} ON {table.Name} TO the user. Run: cdcsync doctor");
        }

        var steps = new List<TargetStep>();
        var faults = new List<string>();
        foreach (var column in table.Columns) Compare(table, column, found, steps, faults);
        if (table.MarksDeletes && found.Columns.All(c => c.Name != PostgresDialect.DeletedAt))
            steps.Add(new TargetStep($"ALTER TABLE {table.Name} ADD COLUMN {PostgresDialect.DeletedAt} timestamptz", $"added column {PostgresDialect.DeletedAt}"));
        foreach (var other in found.Columns.Where(f => f.IsNotNull && !f.HasDefault && table.Columns.All(c => c.Plain != f.Name)))
            faults.Add($"column '{other.Name}' is not in the contract and refuses null");
        CompareKey(table, found, key, isOwn, steps, faults);
        return faults.Count == 0 ? steps : throw Mismatch(table, faults);
    }

    /// <summary>True if something checks that the key is unique, and a merge can go by it.</summary>
    public static bool HasKey(PostgresTable table, FoundTarget found)
    {
        string[] key = [.. table.Key.Select(c => c.Plain).Order(StringComparer.Ordinal)];
        return key.Length == 0 || found.UniqueKeys.Any(k => k.SequenceEqual(key));
    }

    private static List<TargetStep> Create(PostgresTable table, bool hasSchema, KeyCheck key)
    {
        var steps = new List<TargetStep>();
        if (!hasSchema)
            steps.Add(new TargetStep($"CREATE SCHEMA IF NOT EXISTS {PostgresDialect.Quote(table.Schema)}", $"created schema {table.Schema}"));
        var lines = table.Columns.Select(c => $"    {c.Name} {c.Type.Name}{(c.IsKey && c.Type == PostgresType.Text ? " COLLATE \"C\"" : "")}{(c.IsKey ? " NOT NULL" : "")}").ToList();
        if (table.MarksDeletes) lines.Add($"    {PostgresDialect.DeletedAt} timestamptz");
        if (table.Key.Count > 0 && key == KeyCheck.Now) lines.Add($"    PRIMARY KEY ({string.Join(", ", table.Key.Select(c => c.Name))})");
        steps.Add(new TargetStep($"CREATE TABLE {table.Name} (\n{string.Join(",\n", lines)}\n){(table.IsUpdated ? RoomForUpdates : "")}", $"created table {table.Schema}.{table.Dataset.Target.Name}"));
        return steps;
    }

    private static void Compare(PostgresTable table, PostgresColumn column, FoundTarget found, List<TargetStep> steps, List<string> faults)
    {
        var there = found.Columns.FirstOrDefault(f => f.Name == column.Plain);
        if (there is null)
        {
            if (column.IsKey) faults.Add($"it has no column '{column.Plain}', which is in the key");
            else steps.Add(new TargetStep($"ALTER TABLE {table.Name} ADD COLUMN {column.Name} {column.Type.Name}", $"added column {column.Plain}"));
            return;
        }
        if (there.IsComputed) faults.Add($"column '{column.Plain}' is computed by PostgreSQL");
        if (!there.IsBytewise) faults.Add($"column '{column.Plain}' has a collation in which different texts are equal");
        if (there.IsNotNull && !column.IsKey && (!column.IsRequired || table.MarksDeletes))
            faults.Add($"column '{column.Plain}' refuses null, the contract {(column.IsRequired ? "deletes softly" : "allows it")}");
        if (column.Type.FitsInto(there.Type)) return;
        if (there.Type.FitsInto(column.Type))
            steps.Add(new TargetStep($"ALTER TABLE {table.Name} ALTER COLUMN {column.Name} TYPE {column.Type.Name}", $"widened column {column.Plain} from {there.Type.Name} to {column.Type.Name}"));
        else
            faults.Add($"column '{column.Plain}' is {there.Type.Name}, the contract needs {column.Type.Name}");
    }

    private static void CompareKey(PostgresTable table, FoundTarget found, KeyCheck key, bool isOwn, List<TargetStep> steps, List<string> faults)
    {
        // A key column that is not there has been named already.
        if (table.Key.Any(c => found.Columns.All(f => f.Name != c.Plain)) || HasKey(table, found)) return;
        if (isOwn && key == KeyCheck.Now)
            steps.Add(new TargetStep(MergeSql.AddKey(table), $"added the primary key ({string.Join(", ", table.Key.Select(c => c.Plain))})"));
        else if (!isOwn)
            faults.Add($"it has no primary key or unique index on exactly ({string.Join(", ", table.Key.Select(c => c.Plain))})");
    }

    private static CdcSyncException Mismatch(PostgresTable table, IReadOnlyList<string> faults) =>
        new(ErrorCodes.TargetMismatch, $"{table.Label}: the table can't take the dataset: {string.Join("; ", faults)}.", "Change the table or the contract, or name another target. Run: cdcsync doctor");
}

/// <summary>When a target must have what checks its key.</summary>
internal enum KeyCheck
{
    /// <summary>Rows are going to be merged.</summary>
    Now,

    /// <summary>Rows with new keys are going to be appended first.</summary>
    Later,
}

/// <summary>A statement and what it does, for the log.</summary>
internal sealed record TargetStep(string Sql, string Done);
