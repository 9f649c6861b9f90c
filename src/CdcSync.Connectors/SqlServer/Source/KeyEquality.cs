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
        { Collation: var collation } when new Collation(collation).IgnoresCase => KeyFold.CaseAndBlanks,
        { TypeName: "char" or "nchar" } => null,
        _ => KeyFold.Blanks,
    };

    /// <summary>The columns of the key whose equality the contract does not state, or states for less than the source does. A full refresh compares all rows each time: it needs none.</summary>
    public static IEnumerable<CdcSyncException> Faults(string source, Dataset dataset, SqlServerObject found)
    {
        if (dataset.Capture is Capture.FullRefresh) yield break;
        foreach (var (key, column) in dataset.Key.Select(k => (k, found.Column(k.Source))))
        {
            if (column?.Collation is null || key.Fold == KeyFold.None) continue;
            if (Needed(column) is not { } needed || key.Fold >= needed)
            {
                if (Unfolded(key, column)) yield return AccentsUnstated(dataset, found, column);
                continue;
            }

            var word = needed == KeyFold.CaseAndBlanks ? "caseAndBlanks" : "blanks";
            yield return new CdcSyncException(ErrorCodes.KeyEqualityUnstated,
                $"dataset {dataset.Id}: texts of the key's column {column.Name} ({column.Collation}) that differ in {(needed == KeyFold.CaseAndBlanks ? "case or in blanks" : "blanks")} at the end are one key in {found}, "
                + $"and the contract {(key.Fold is null ? "does not say what makes them one in the warehouse" : "folds only blanks")}.",
                $"In the contract give the property the custom property fold: {word} (and the column as written a property of its own), or fold: none where one key is always written alike. Run: cdcsync discover {source} {found.Name} --contract");
        }
    }

    private const string AccentsRemedy = "Give the column a collation …_AS, or use capture: full-refresh; or say with the custom property accents: alike that keys never differ in accents alone (docs/sqlserver.md, Key equality).";

    // Accents can't be folded as SQL Server does it: which letters they make other letters is each language's own.
    private static bool Unfolded(DatasetColumn key, SqlServerColumn column) => new Collation(column.Collation!).IgnoresAccents && key.Accents != AccentEquality.Alike;

    private static CdcSyncException AccentsUnstated(Dataset dataset, SqlServerObject found, SqlServerColumn column) => new(ErrorCodes.KeyEqualityUnstated,
        $"dataset {dataset.Id}: texts of the key's column {column.Name} ({column.Collation}) that differ in accents are one key in {found}, and two in the warehouse: the fold keeps accents.", $"{AccentsRemedy} Run: cdcsync doctor");

    /// <summary>What else the collations ignore. It is told and not refused: almost all do, and few keys have such letters.</summary>
    private static string NotFolded(IReadOnlyList<Collation> collations)
    {
        string[] ignored = [.. collations.Any(c => c.IgnoresWidth) ? ["full-width and half-width forms"] : Array.Empty<string>(), .. collations.Any(c => c.IgnoresKana) ? ["hiragana and katakana"] : Array.Empty<string>()];
        return ignored.Length == 0 ? "" : $"; only {string.Join(", ", ignored)} are one to the source and two to the fold";
    }

    /// <summary>What <c>doctor</c> says of it; null = there is nothing to say.</summary>
    public static Finding? Finding(Dataset dataset, SqlServerObject found)
    {
        if (dataset.Capture is Capture.FullRefresh) return null;
        var keys = dataset.Key.Select(k => (Key: k, Column: found.Column(k.Source))).Where(k => k.Column?.Collation is not null && (Needed(k.Column) is not null || Unfolded(k.Key, k.Column))).ToList();
        if (keys.FirstOrDefault(k => k.Key.Fold == KeyFold.None).Column is { } trusted)
            return Core.Diagnosis.Finding.Warn("key equality", $"{trusted.Name} ({trusted.Collation}) is trusted to be always written alike. If it is not, a row that is deleted and inserted again under another writing stays in the warehouse under the old one too.",
                "Fold the key in the contract: docs/sqlserver.md, Key equality.", dataset.Id);
        if (keys.FirstOrDefault(k => Unfolded(k.Key, k.Column!)) is { Column: { } accents })
            return Core.Diagnosis.Finding.Fail("key equality", AccentsUnstated(dataset, found, accents), dataset.Id);
        return keys is [] ? null : Core.Diagnosis.Finding.Pass("key equality", $"the key is folded as the source compares it{NotFolded([.. keys.Select(k => new Collation(k.Column!.Collation!))])}", dataset.Id);
    }
}
