using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>A dataset's target as SQL sees it: names quoted, types mapped.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Schema">The schema's name as it is.</param>
/// <param name="Name">The table, qualified and quoted.</param>
/// <param name="Columns">In the order of the dataset's target schema.</param>
/// <param name="Key">In key order; empty = no key.</param>
internal sealed record SqlServerTable(Dataset Dataset, string Schema, string Name, IReadOnlyList<TargetColumn> Columns, IReadOnlyList<TargetColumn> Key)
{
    /// <summary>The mark of a deleted row under soft delete.</summary>
    public const string DeletedAt = "_cdc_deleted_at";

    /// <summary>In front of what CdcSync keeps for itself.</summary>
    public const string Reserved = "_cdc_";

    /// <summary>True if a delete marks the row instead of removing it. Rows without a key can't be marked: they are replaced as a whole.</summary>
    public bool MarksDeletes => Dataset.Deletes == DeleteMode.Soft && Key.Count > 0;

    /// <summary>The columns that are not in the key.</summary>
    public IEnumerable<TargetColumn> Values => Columns.Where(c => !c.IsKey);

    /// <summary>What errors call it.</summary>
    public string Label => $"{Dataset.Id}: {Schema}.{Dataset.Target.Name}";

    /// <summary>The column of a created table that keeps apart keys which differ only in blanks or zeros at the end (docs/adr/0050).</summary>
    /// <param name="place">The padded key column's place in the key, from 1.</param>
    public static string LengthOf(int place) => $"{Reserved}length_{place}";

    /// <summary>Maps a dataset.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.TargetMismatch"/> or <see cref="ErrorCodes.InvalidName"/> if a name or type can't be had in SQL Server.</exception>
    public static SqlServerTable For(Dataset dataset, string defaultSchema)
    {
        CheckColumnNames(dataset);
        var schema = dataset.Target.Schema ?? defaultSchema;
        var columns = dataset.TargetSchema.Fields.Select((field, i) => Map(dataset, field, i, dataset.TargetKey.Contains(i))).ToArray();
        return new SqlServerTable(dataset, schema, SqlServerDialect.Quote(schema, dataset.Target.Name), columns, [.. dataset.TargetKey.Select(i => columns[i])]);
    }

    private static TargetColumn Map(Dataset dataset, Field field, int index, bool isKey)
    {
        if (ColumnType.For(field.DataType, isKey) is { } type)
            return new TargetColumn(field.Name, SqlServerDialect.Quote(field.Name), $"c{index}", type, isKey, dataset.Columns.Any(c => c.Target == field.Name && c.Required));
        var (reason, remedy) = ColumnType.WhyNot(field.DataType);
        throw new CdcSyncException(ErrorCodes.TargetMismatch, $"{dataset.Id}: column '{field.Name}' is {field.DataType}: {reason}.", $"{remedy} Run: cdcsync validate");
    }

    private static void CheckColumnNames(Dataset dataset)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var field in dataset.TargetSchema.Fields)
        {
            var why = field.Name.StartsWith(Reserved, StringComparison.OrdinalIgnoreCase) ? $"begins with {Reserved}, which CdcSync keeps for itself"
                : seen.Add(field.Name) ? null : "occurs twice";
            if (why is not null)
                throw new CdcSyncException(ErrorCodes.TargetMismatch, $"{dataset.Id}: the column name '{field.Name}' {why}.", "Rename the column in the contract. Run: cdcsync validate");
        }
    }
}

/// <summary>A column of a target.</summary>
/// <param name="Plain">Its name as it is.</param>
/// <param name="Name">Its name, quoted.</param>
/// <param name="Staged">Its name in a stage.</param>
/// <param name="Type">Its type.</param>
/// <param name="IsKey">True if it is in the key.</param>
/// <param name="IsRequired">True if the contract forbids null.</param>
internal sealed record TargetColumn(string Plain, string Name, string Staged, ColumnType Type, bool IsKey, bool IsRequired);
