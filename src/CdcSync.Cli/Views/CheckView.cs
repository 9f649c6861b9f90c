using System.Globalization;
using CdcSync.Cli.Commands;
using CdcSync.Cli.Output;
using CdcSync.Core.Checks;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Views;

/// <summary>Shows what checks of contracts found.</summary>
internal static class CheckView
{
    public static ContractTestDocument Document(string pipeline, IReadOnlyList<CheckOutcome> outcomes) =>
        new(pipeline, [.. outcomes.Select(o => new CheckedDocument(o.Dataset.Value, [.. o.Results.Select(Of)], FaultDocument.Of(o.Fault)))]) { ExitCode = (int)ExitCodes.Gravest(outcomes.Select(ExitOf)) };

    /// <summary>A line per check, then a line per check that has more to say.</summary>
    public static string Text(ContractTestDocument document)
    {
        var table = new TextTable("DATASET", "CHECK", "SEVERITY", "VERDICT", "FOUND", "EXPECTED");
        foreach (var d in document.Datasets)
            foreach (var c in d.Checks)
                table.Add(d.Dataset, c.Check, c.Severity, c.Verdict, Number(c.Value), c.Expected);
        var details = document.Datasets.SelectMany(d => d.Checks.Where(c => c.Detail is not null).Select(c => $"{d.Dataset}: {c.Check}: {c.Detail}".ReplaceLineEndings(" ")));
        return string.Join('\n', details.Prepend(table.ToString()));
    }

    public static CheckDocument Of(CheckResult result) =>
        new(result.Check, Words.Of(result.Severity), Words.Of(result.Verdict), Rounded(result.Value), result.Expected, result.Detail, Words.Of(result.At));

    /// <summary>A number as people read it: at most six digits after the point.</summary>
    public static string? Number(decimal? value) => value?.ToString("#,0.######", CultureInfo.InvariantCulture);

    /// <summary>A number as programs read it.</summary>
    public static decimal? Rounded(decimal? value) => value is { } number ? Math.Round(number, 6) : null;

    /// <summary>What was found, in words.</summary>
    public static string Found(CheckResult result) => Number(result.Value) ?? "no answer";

    private static ExitCode ExitOf(CheckOutcome outcome) =>
        outcome.Fault?.Code.Exit ?? (outcome.Results.Any(r => r is { IsFailed: true, Severity: CheckSeverity.Error }) ? ExitCode.Differences : ExitCode.Ok);
}
