using System.Text;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Postgres;

/// <summary>How names and types are written in PostgreSQL's SQL.</summary>
internal static class PostgresDialect
{
    /// <summary>The bytes PostgreSQL keeps of a name; what is longer it would cut without an error.</summary>
    private const int NameLimit = 63;

    /// <summary>The mark of a deleted row under soft delete.</summary>
    public const string DeletedAt = "_cdc_deleted_at";

    /// <summary>The columns every table has besides its own.</summary>
    private static readonly HashSet<string> SystemColumns = new(StringComparer.Ordinal) { "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid" };

    /// <summary>A name as an identifier.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.TargetMismatch"/> if PostgreSQL can't have such a name.</exception>
    public static string Quote(string name)
    {
        if (name.Length == 0 || name.Contains('\0') || Encoding.UTF8.GetByteCount(name) > NameLimit)
            throw new CdcSyncException(ErrorCodes.TargetMismatch, $"the name '{name.Replace("\0", "\\0", StringComparison.Ordinal)}' has {Encoding.UTF8.GetByteCount(name)} bytes; PostgreSQL takes 1 to {NameLimit}, without NUL.", "Give it a shorter name in the contract. Run: cdcsync validate");
        return $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>The column names of a dataset's target are free to use.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.TargetMismatch"/> if one is PostgreSQL's or this engine's own, or occurs twice.</exception>
    public static void CheckColumnNames(Dataset dataset)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var field in dataset.TargetSchema.Fields)
        {
            var why = SystemColumns.Contains(field.Name) ? "is a system column of PostgreSQL"
                : field.Name.StartsWith("_cdc_", StringComparison.Ordinal) ? "begins with _cdc_, which CdcSync keeps for itself"
                : seen.Add(field.Name) ? null : "occurs twice";
            if (why is not null)
                throw new CdcSyncException(ErrorCodes.TargetMismatch, $"{dataset.Id}: the column name '{field.Name}' {why}.", "Rename the column in the contract. Run: cdcsync validate");
        }
    }
}
