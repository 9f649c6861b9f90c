using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Commands;

/// <summary><c>history</c>: what was published, newest first.</summary>
internal static class HistoryCommand
{
    private const int DefaultLimit = 20;

    private static readonly Option<int?> Limit = CommonOptions.Number("--limit", "-n", "COUNT", $"At most so many entries; default {DefaultLimit}.", 1, 10_000);

    public static Command Create(Terminal terminal)
    {
        var command = new Command("history", "Show what was published, newest first.") { CommonOptions.Datasets, CommonOptions.Dataset, Limit, CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var chosen = PipelineFile.Chosen(parsed, config.Pipeline);
        var limit = parsed.GetValue(Limit) ?? DefaultLimit;
        await using var composition = new Composition(config, terminal.Scrubber);
        var control = composition.Warehouse.Control;
        await control.CheckSchemaAsync(ct);
        var entries = new List<LedgerEntry>();
        foreach (var dataset in chosen?.Select(id => (DatasetId?)id) ?? [null])
            entries.AddRange(await control.ReadLedgerAsync(dataset, limit, ct));
        var document = HistoryView.Document(config.Name, [.. entries.OrderByDescending(e => e.CommittedAt).Take(limit)]);
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : HistoryView.Text(document));
        return (int)ExitCode.Ok;
    }
}
