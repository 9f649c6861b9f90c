using System.Security.Cryptography;
using System.Text;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>A dataset's target as SQL sees it: names quoted, types mapped.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Schema">The schema's name as it is.</param>
/// <param name="Name">The table, qualified and quoted.</param>
/// <param name="Columns">In the order of the dataset's target schema.</param>
/// <param name="Key">In key order; empty = no key.</param>
internal sealed record PostgresTable(Dataset Dataset, string Schema, string Name, IReadOnlyList<PostgresColumn> Columns, IReadOnlyList<PostgresColumn> Key)
{
    /// <summary>True if a delete marks the row instead of removing it. Rows without a key can't be marked: they are replaced as a whole.</summary>
    public bool MarksDeletes => Dataset.Deletes == DeleteMode.Soft && Key.Count > 0;

    /// <summary>True if rows are updated. Those of a sequence come once, and those without a key are replaced.</summary>
    public bool IsUpdated => Key.Count > 0 && Dataset.Capture is not Capture.HighWaterMark { Kind: MarkKind.Sequence };

    /// <summary>The columns that are not in the key.</summary>
    public IEnumerable<PostgresColumn> Values => Columns.Where(c => !c.IsKey);

    /// <summary>What errors call it.</summary>
    public string Label => $"{Dataset.Id}: {Schema}.{Dataset.Target.Name}";

    /// <summary>The session's temporary table for its large stages: its name changes with the columns.</summary>
    public string StageName
    {
        get
        {
            var shape = string.Join('\n', Columns.Select(c => $"{c.Name} {c.Type.Name}"));
            return $"pg_temp.\"cdcsync_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Name}\n{shape}")).AsSpan(0, 12))}\"";
        }
    }

    /// <summary>Maps a dataset.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.TargetMismatch"/> if a name or type can't be had in PostgreSQL.</exception>
    public static PostgresTable For(Dataset dataset, string defaultSchema)
    {
        PostgresDialect.CheckColumnNames(dataset);
        var schema = dataset.Target.Schema ?? defaultSchema;
        if (schema.Length == 0)
            throw new CdcSyncException(ErrorCodes.TargetMismatch, $"{dataset.Id}: the target '{dataset.Target.Name}' names no schema, and nothing on the connection's search_path exists.", "Name the schema in the pipeline file (warehouse.schema, or the dataset's target), or create one. Run: cdcsync validate");
        var columns = dataset.TargetSchema.Fields.Select((field, i) => Map(dataset, field, dataset.TargetKey.Contains(i))).ToArray();
        return new PostgresTable(dataset, schema, $"{PostgresDialect.Quote(schema)}.{PostgresDialect.Quote(dataset.Target.Name)}", columns, [.. dataset.TargetKey.Select(i => columns[i])]);
    }

    private static PostgresColumn Map(Dataset dataset, Field field, bool isKey)
    {
        if (PostgresType.For(field.DataType) is { } type)
            return new PostgresColumn(field.Name, PostgresDialect.Quote(field.Name), type, isKey, dataset.Columns.Any(c => c.Target == field.Name && c.Required));
        var (reason, remedy) = PostgresType.WhyNot(field.DataType);
        throw new CdcSyncException(ErrorCodes.TargetMismatch, $"{dataset.Id}: column '{field.Name}' is {field.DataType}: {reason}.", $"{remedy} Run: cdcsync validate");
    }
}

/// <summary>A column of a target.</summary>
/// <param name="Plain">Its name as it is.</param>
/// <param name="Name">Its name, quoted.</param>
/// <param name="Type">Its type.</param>
/// <param name="IsKey">True if it is in the key.</param>
/// <param name="IsRequired">True if the contract forbids null.</param>
internal sealed record PostgresColumn(string Plain, string Name, PostgresType Type, bool IsKey, bool IsRequired)
{
    /// <summary>The column in an ORDER BY: text by its bytes, which is quick and the same in every locale.</summary>
    public string Sorted(string alias) => Type == PostgresType.Text ? $"{alias}.{Name} COLLATE \"C\"" : $"{alias}.{Name}";
}
