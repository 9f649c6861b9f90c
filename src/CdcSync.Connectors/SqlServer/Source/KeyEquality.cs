using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>Which texts SQL Server takes for one key, and whether the contract makes them one in the warehouse too. docs/sqlserver.md, "Key equality".</summary>
internal static class KeyEquality
{
    /// <summary>How texts that a column takes for equal may differ; null = not at all.</summary>
    /// <remarks>Blanks at the end never distinguish, whatever the collation; those of a fixed length have them always. A binary collation tells all else apart.</remarks>
    public static KeyFold? Needed(SqlServerColumn column) => column switch
    {
        { Collation: null } => null,
        { Collation: var collation } when IgnoresCase(collation) => KeyFold.CaseAndBlanks,
        { TypeName: "char" or "nchar" } => null,
        _ => KeyFold.Blanks,
    };

    /// <summary>The columns of the key whose equality the contract does not state, or states for less than the source does. A full refresh compares all rows each time: it needs none.</summary>
    public static IEnumerable<CdcSyncException> Faults(string source, Dataset dataset, SqlServerObject found)
    {
        if (dataset.Capture is Capture.FullRefresh) yield break;
        foreach (var (key, column) in dataset.Key.Select(k => (k, found.Column(k.Source))))
        {
            if (column is null || Needed(column) is not { } needed || key.Fold is { } stated && (stated == KeyFold.None || stated >= needed)) continue;
            var word = needed == KeyFold.CaseAndBlanks ? "caseAndBlanks" : "blanks";
            yield return new CdcSyncException(ErrorCodes.KeyEqualityUnstated,
                $"dataset {dataset.Id}: texts of the key's column {column.Name} ({column.Collation}) that differ in {(needed == KeyFold.CaseAndBlanks ? "case or in blanks" : "blanks")} at the end are one key in {found}, "
                + $"and the contract {(key.Fold is null ? "does not say what makes them one in the warehouse" : "folds only blanks")}.",
                $"In the contract give the property the custom property fold: {word} (and the column as written a property of its own), or fold: none where one key is always written alike. Run: cdcsync discover {source} {found.Name} --contract");
        }
    }

    /// <summary>What <c>doctor</c> says of it; null = there is nothing to say.</summary>
    public static Finding? Finding(Dataset dataset, SqlServerObject found)
    {
        if (dataset.Capture is Capture.FullRefresh) return null;
        var keys = dataset.Key.Select(k => (Key: k, Column: found.Column(k.Source))).Where(k => k.Column is not null && Needed(k.Column) is not null).ToList();
        if (keys.FirstOrDefault(k => k.Key.Fold == KeyFold.None).Column is { } trusted)
            return Core.Diagnosis.Finding.Warn("key equality", $"{trusted.Name} ({trusted.Collation}) is trusted to be always written alike. If it is not, a row that is deleted and inserted again under another writing stays in the warehouse under the old one too.",
                "Fold the key in the contract: docs/sqlserver.md, Key equality.", dataset.Id);
        // Accents can't be folded as SQL Server does it.
        if (keys.FirstOrDefault(k => k.Column!.Collation!.Contains("_AI", StringComparison.OrdinalIgnoreCase)).Column is { } accents)
            return Core.Diagnosis.Finding.Warn("key equality", $"{accents.Name} has the collation {accents.Collation}, which ignores accents; the fold does not.", "Give the column a collation …_AS, or use capture: full-refresh.", dataset.Id);
        return keys is [] ? null : Core.Diagnosis.Finding.Pass("key equality", "the key is folded as the source compares it", dataset.Id);
    }

    private static bool IgnoresCase(string collation) => !collation.Contains("_BIN", StringComparison.OrdinalIgnoreCase) && !collation.Contains("_CS", StringComparison.OrdinalIgnoreCase);
}
