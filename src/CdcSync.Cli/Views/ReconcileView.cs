using CdcSync.Cli.Commands;
using CdcSync.Cli.Http.Api;
using CdcSync.Cli.Output;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;

namespace CdcSync.Cli.Views;

/// <summary>Shows what a comparison found.</summary>
internal static class ReconcileView
{
    private const int KeysShown = 10;

    public static ReconcileDocument Document(string pipeline, ReconcileRequest request, IReadOnlyList<ReconcileOutcomeOf> outcomes) =>
        new(pipeline, Words.Of(request.Mode), request.Range?.Text, request.IsRepair, [.. outcomes.Select(Of)]) { ExitCode = (int)ExitCodes.Gravest(outcomes.Select(ExitOf)) };

    /// <summary>Comparisons as they were recorded.</summary>
    public static ReconciliationsDocument Document(string pipeline, IReadOnlyList<RecordedComparison> comparisons) => new(pipeline, [.. comparisons.Select(c => new ReconciliationDocument(
        c.Id.ToString(), c.Dataset.Value, Words.Of(c.Mode), Words.Of(c.Outcome), Words.Of(c.FinishedAt),
        new(c.SourceRows, c.TargetRows, c.Found.Missing, c.Found.Different, c.Found.Extra, c.Repaired, c.Details.Explained, c.Details.SoftDeleted, c.Details.InFlight, c.Details.RowsTravelled, c.Details.IsCut,
            Words.Of(c.StartedAt), Seconds(c.StartedAt, c.FinishedAt), c.Details.Map, Keys(c.Details.Keys), c.Details.IsHashedBySource, Totals(c.Details.Totals))))]);

    /// <summary>A line per dataset; of those with drift also where in the key space it is, and the first keys.</summary>
    public static string Text(ReconcileDocument document, bool unicode)
    {
        var table = new TextTable("DATASET", "OUTCOME", "SOURCE", "TARGET", "MISSING", "DIFFERENT", "EXTRA", "REPAIRED", "EXPLAINED", "IN FLIGHT", "TRAVELLED", "HASHED BY", "TOOK");
        foreach (var d in document.Datasets)
        {
            if (d.Report is { } r)
                table.Add(d.Dataset, d.Outcome, Words.Of(r.SourceRows), Words.Of(r.TargetRows), Words.Of(r.Missing), Words.Of(r.Different), Words.Of(r.Extra), Words.Of(r.Repaired), Words.Of(r.Explained), Words.Of(r.InFlight), Words.Of(r.RowsTravelled), r.IsHashedBySource ? "source" : "cdcsync", Words.Of(TimeSpan.FromSeconds(r.Seconds)));
            else
                table.Add([d.Dataset, d.Outcome, .. Enumerable.Repeat<string?>(null, 11)]);
        }

        return string.Join('\n', document.Datasets.Where(d => d.Report is { Keys.Count: > 0 }).SelectMany(d => Details(d, unicode)).Concat(document.Datasets.Where(d => d.Report is not null).SelectMany(Totals)).Prepend(table.ToString()));
    }

    private static IEnumerable<string> Details(ReconciledDocument dataset, bool unicode)
    {
        var report = dataset.Report!;
        yield return "";
        yield return $"{dataset.Dataset}: drift over the key space |{Sparkline.Of(report.Map, unicode)}|";
        foreach (var key in report.Keys.Take(KeysShown))
            yield return $"  {key.Kind,-9} {key.Key}{(key.IsRepaired ? "  repaired" : "")}";
        var more = report.Missing + report.Different + report.Extra - Math.Min(KeysShown, report.Keys.Count);
        if (more > 0 || report.IsCut)
            yield return $"  and {Words.Of(more)} more{(report.IsCut ? ", and some that were not looked at: load the dataset anew" : "")}";
    }

    private static IEnumerable<string> Totals(ReconciledDocument dataset)
    {
        foreach (var total in dataset.Report!.Totals)
        {
            yield return "";
            yield return $"{dataset.Dataset}: {total.Name} {(total.Differing == 0 ? $"is the same in all {Words.Of(total.Groups)} groups" : $"differs in {Words.Of(total.Differing)} of {Words.Of(total.Groups)} groups")}";
            foreach (var d in total.Differences.Take(KeysShown))
                yield return $"  {d.Group}  source {Side(d.SourceRows, d.SourceSum)}; target {Side(d.TargetRows, d.TargetSum)}";
            if (total.Differing > KeysShown)
                yield return $"  and {Words.Of(total.Differing - KeysShown)} more";
        }
    }

    private static string Side(long rows, string? sum) => $"{Words.Of(rows)} rows{(sum is null ? "" : $", {sum}")}";

    private static TotalDocument[] Totals(IReadOnlyList<TotalResult> totals) =>
        [.. totals.Select(t => new TotalDocument(t.Name, t.Groups, t.Differing, [.. t.Differences.Select(d => new TotalDifferenceDocument(d.Group, d.Source.Rows, d.Target.Rows, d.Source.Sum, d.Target.Sum))]))];

    private static ReconciledDocument Of(ReconcileOutcomeOf outcome) => outcome.Report is not { } r
        ? new(outcome.Dataset.Value, "failed", null, FaultDocument.Of(outcome.Fault))
        : new(outcome.Dataset.Value, Words.Of(r.Outcome), new(r.SourceRows, r.TargetRows, r.Found.Missing, r.Found.Different, r.Found.Extra, r.Repaired.Total, r.Explained, r.SoftDeleted, r.InFlight,
            r.RowsTravelled, r.IsCut, Words.Of(r.StartedAt), Seconds(r.StartedAt, r.FinishedAt), r.Map, Keys(r.Keys), r.IsHashedBySource, Totals(r.Totals)), null);

    private static double Seconds(DateTimeOffset from, DateTimeOffset to) => Math.Round((to - from).TotalSeconds, 3);

    private static DriftedKeyDocument[] Keys(IReadOnlyList<DriftedKey> keys) => [.. keys.Select(k => new DriftedKeyDocument(k.Key, Words.Of(k.Kind), k.IsRepaired))];

    private static ExitCode ExitOf(ReconcileOutcomeOf outcome) =>
        outcome.Fault?.Code.Exit ?? (outcome.Report!.Outcome == ReconcileOutcome.Drift ? ExitCode.Differences : ExitCode.Ok);
}
