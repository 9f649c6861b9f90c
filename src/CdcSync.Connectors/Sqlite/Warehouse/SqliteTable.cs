using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>A dataset's target as SQL sees it: names checked and quoted, types mapped.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Name">The table, qualified and quoted.</param>
/// <param name="Columns">In the order of the dataset's target schema.</param>
/// <param name="Key">In key order; empty = no key.</param>
internal sealed record SqliteTable(Dataset Dataset, string Name, IReadOnlyList<SqliteColumn> Columns, IReadOnlyList<SqliteColumn> Key)
{
    /// <summary>The mark of a soft delete: the warehouse's time of the publication; null = the row is live.</summary>
    public const string DeletedAt = "_cdc_deleted_at";

    /// <summary>True if a delete marks the row instead of removing it. Rows without a key can't be marked: they are replaced as a whole.</summary>
    public bool MarksDeletes => Dataset.Deletes == DeleteMode.Soft && Key.Count > 0;

    /// <summary>The columns that are not in the key.</summary>
    public IEnumerable<SqliteColumn> Values => Columns.Where(c => !c.IsKey);

    /// <summary>Maps a dataset.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.InvalidName"/> for a name that SQLite or the control schema has for itself,
    /// <see cref="ErrorCodes.TargetMismatch"/> for columns that can't stand side by side or types that no column holds.</exception>
    public static SqliteTable For(Dataset dataset)
    {
        CheckName(dataset);
        CheckColumns(dataset);
        SqliteColumn[] columns = [.. dataset.TargetSchema.Fields.Select((field, i) => Map(dataset, field, i))];
        return new SqliteTable(dataset, $"main.{SqliteDialect.Quote(dataset.Target.Name)}", columns, [.. dataset.TargetKey.Select(i => columns[i])]);
    }

    /// <summary>SQLite takes names that differ only in the case of ASCII letters for one.</summary>
    public static string Folded(string name) => string.Create(name.Length, name, static (to, from) =>
    {
        for (var i = 0; i < to.Length; i++) to[i] = char.IsAsciiLetterUpper(from[i]) ? (char)(from[i] | 0x20) : from[i];
    });

    private static void CheckName(Dataset dataset)
    {
        var (schema, name) = (dataset.Target.Schema, dataset.Target.Name);
        if (schema is not null && Folded(schema) != "main")
            throw Invalid(dataset, $"target {dataset.Target}: SQLite has no schemas", "Name the table alone");
        if (name.Length == 0 || name.Contains('\0', StringComparison.Ordinal))
            throw Invalid(dataset, "the target's name is empty or holds a NUL", "Give the target another name");
        if (Folded(name).StartsWith("sqlite_", StringComparison.Ordinal) || Folded(name).StartsWith("cdcsync_", StringComparison.Ordinal))
            throw Invalid(dataset, $"target {name}: names that begin with sqlite_ or cdcsync_ are SQLite's and the control schema's", "Give the target another name");
    }

    private static void CheckColumns(Dataset dataset)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in dataset.TargetSchema.Fields)
        {
            if (field.Name.Length == 0 || field.Name.Contains('\0', StringComparison.Ordinal))
                throw Invalid(dataset, "a column's name is empty or holds a NUL", "Rename it in the contract");
            if (Folded(field.Name) == DeletedAt)
                throw Invalid(dataset, $"column '{field.Name}' has the name of the soft delete's mark", "Rename it in the contract");
            if (!seen.TryAdd(Folded(field.Name), field.Name))
                throw new CdcSyncException(ErrorCodes.TargetMismatch, $"{dataset.Id}: columns '{seen[Folded(field.Name)]}' and '{field.Name}' are one name to SQLite, which ignores the case of letters.", "Rename one of them in the contract. Run: cdcsync validate");
        }
    }

    private static SqliteColumn Map(Dataset dataset, Field field, int index)
    {
        var declared = ColumnType.Declared(field.DataType)
            ?? throw new CdcSyncException(ErrorCodes.TargetMismatch, $"{dataset.Id}: column '{field.Name}' is {field.DataType}: no column of SQLite holds all its values.", "Cast it in the contract, uint64 to decimal(20, 0) for example. Run: cdcsync validate");
        var isRequired = dataset.Columns.Any(c => c.Target == field.Name && c.Required);
        return new SqliteColumn(field.Name, SqliteDialect.Quote(field.Name), $"c{index}", field.DataType, declared, dataset.TargetKey.Contains(index), isRequired);
    }

    private static CdcSyncException Invalid(Dataset dataset, string what, string remedy) => new(ErrorCodes.InvalidName, $"{dataset.Id}: {what}.", $"{remedy}. Run: cdcsync validate");
}

/// <summary>A column of a target.</summary>
/// <param name="Plain">Its name as it is.</param>
/// <param name="Name">Its name, quoted.</param>
/// <param name="Staged">Its name in a stage, where no name of a user's can meet one of ours.</param>
/// <param name="Type">Its Arrow type.</param>
/// <param name="Declared">The type a new column is declared with.</param>
/// <param name="IsKey">True if it is in the key.</param>
/// <param name="IsRequired">True if the contract forbids null.</param>
internal sealed record SqliteColumn(string Plain, string Name, string Staged, ArrowType Type, string Declared, bool IsKey, bool IsRequired);
