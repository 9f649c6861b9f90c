using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Cli.Commands;

/// <summary><c>reconcile</c>: compares source and warehouse row by row while sync goes on; with <c>--repair</c> makes the warehouse equal.</summary>
internal static class ReconcileCommand
{
    private static readonly Option<string?> Mode = new("--mode", "-m") { Description = "digest (default), keys (rows missing or extra), full (every row's hash travels), or totals (the contract's control totals).", HelpName = "MODE" };

    private static readonly Option<bool> Repair = new("--repair") { Description = "Make the warehouse equal; takes the pipeline's lease." };

    private static readonly Option<string?> Html = new("--html") { Description = "Also write the report as one HTML file.", HelpName = "FILE" };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("reconcile", "Compare source and warehouse, row by row, while sync goes on.") { CommonOptions.Datasets, CommonOptions.Dataset, Mode, CommonOptions.Range, Repair, Html, CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var request = new ReconcileRequest(ModeOf(parsed.GetValue(Mode)), parsed.GetValue(Repair));
        if (request is { Mode: ReconcileMode.Totals, IsRepair: true })
            throw new CdcSyncException(ErrorCodes.WrongUsage, "--mode totals says that something differs, and not which rows: it repairs nothing.", "Repair by rows. Run: cdcsync reconcile --repair");
        var config = PipelineFile.Open(parsed, terminal);
        var chosen = PipelineFile.Chosen(parsed, config.Pipeline);
        if (parsed.GetValue(CommonOptions.Range) is { } range)
            request = request with { Range = RowRange.Parse(Only(config.Pipeline, chosen), range) };
        await using var composition = new Composition(config, terminal.Scrubber);
        await using var observed = new ObservedPass(config.Pipeline, composition, terminal);
        var outcomes = new List<ReconcileOutcomeOf>();
        foreach (var dataset in config.Pipeline.Datasets.Where(d => chosen is null ? (request.Mode == ReconcileMode.Totals ? d.Totals.Count > 0 : d.Key.Count > 0) : chosen.Contains(d.Id)))
            outcomes.Add(await CompareAsync(observed, dataset, request, ct));
        await observed.EndAsync();
        var document = ReconcileView.Document(config.Name, request, outcomes);
        if (parsed.GetValue(Html) is { } file)
            Write(file, ReconcileHtml.Of(document), terminal);
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : ReconcileView.Text(document, terminal.Abilities.Unicode));
        foreach (var fault in outcomes.Select(o => o.Fault).OfType<CdcSyncException>())
            terminal.Fault(fault);
        return document.ExitCode;
    }

    /// <summary>A range is one of a column that one dataset has.</summary>
    private static Dataset Only(Pipeline pipeline, IReadOnlySet<DatasetId>? chosen) => pipeline.Datasets.Where(d => chosen?.Contains(d.Id) != false).ToArray() is [var dataset] ? dataset
        : throw new CdcSyncException(ErrorCodes.WrongUsage, "--range needs the one dataset that it is of.", "Name it. Run: cdcsync reconcile --help");

    /// <summary>One dataset that can't be compared keeps none of the others from it.</summary>
    private static async Task<ReconcileOutcomeOf> CompareAsync(ObservedPass observed, Dataset dataset, ReconcileRequest request, CancellationToken ct)
    {
        try
        {
            return new ReconcileOutcomeOf(dataset.Id, await observed.Engine.ReconcileAsync(dataset.Id, request, ct), null);
        }
        catch (CdcSyncException fault)
        {
            return new ReconcileOutcomeOf(dataset.Id, null, fault);
        }
    }

    private static void Write(string file, string html, Terminal terminal)
    {
        try
        {
            File.WriteAllText(file, terminal.Scrubber.Scrub(html));
            terminal.Note($"Written: {file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            terminal.Fault(new CdcSyncException(ErrorCodes.WrongUsage, $"the report can't be written to '{file}': {e.GetType().Name}.", "Name a file in a folder that can be written. Run: cdcsync reconcile --help"));
        }
    }

    private static ReconcileMode ModeOf(string? word)
    {
        if (word is null)
            return ReconcileMode.Digest;
        var modes = Enum.GetValues<ReconcileMode>().ToDictionary(m => Words.Of(m), m => m, StringComparer.Ordinal);
        return modes.TryGetValue(word, out var mode) ? mode : throw new CdcSyncException(ErrorCodes.WrongUsage,
            $"unknown mode '{word}'.{Core.Yaml.Suggestion.For(word, modes.Keys)}", "One of digest, keys, full and totals. Run: cdcsync reconcile --help");
    }
}

/// <summary>What became of one dataset: a report, or why there is none.</summary>
internal sealed record ReconcileOutcomeOf(DatasetId Dataset, ReconcileReport? Report, CdcSyncException? Fault);
