using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Commands;

/// <summary><c>contract test</c>: measures all checks of the contracts in the warehouse, now.</summary>
internal static class ContractTestCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("test", "Measure all checks of the contracts in the warehouse, now.") { CommonOptions.Datasets, CommonOptions.Dataset, CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var chosen = PipelineFile.Chosen(parsed, config.Pipeline);
        await using var composition = new Composition(config, terminal.Scrubber);
        await composition.Warehouse.Control.CheckSchemaAsync(ct);
        var checker = new Checker(composition.Warehouse, composition.Sources(), config.Pipeline, TimeProvider.System);
        var outcomes = new List<CheckOutcome>();
        foreach (var dataset in config.Pipeline.Datasets.Where(d => chosen is null ? d.Checks.Count > 0 : chosen.Contains(d.Id)))
            outcomes.Add(await TestAsync(checker, composition.Warehouse.Control, config.Name, dataset, ct));
        var document = CheckView.Document(config.Name, outcomes);
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : CheckView.Text(document));
        foreach (var fault in outcomes.Select(o => o.Fault).OfType<CdcSyncException>())
            terminal.Fault(fault);
        return document.ExitCode;
    }

    /// <summary>One dataset that can't be measured keeps none of the others from it. What a worker measures too is recorded.</summary>
    private static async Task<CheckOutcome> TestAsync(Checker checker, IControlStore control, string pipeline, Dataset dataset, CancellationToken ct)
    {
        try
        {
            var results = await checker.RunAsync(dataset, dataset.Checks, ct);
            await control.WriteChecksAsync(pipeline, dataset, [.. results.Zip(dataset.Checks).Where(r => r.Second.Occasion != CheckOccasion.Demand).Select(r => r.First)], ct);
            return new CheckOutcome(dataset.Id, results, null);
        }
        catch (CdcSyncException fault)
        {
            return new CheckOutcome(dataset.Id, [], fault);
        }
    }
}

/// <summary>What became of one dataset's checks: results, or why there are none.</summary>
internal sealed record CheckOutcome(DatasetId Dataset, IReadOnlyList<CheckResult> Results, CdcSyncException? Fault);
