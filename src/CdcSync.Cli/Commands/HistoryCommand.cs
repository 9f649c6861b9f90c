using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary><c>history</c>: what was published, newest first.</summary>
internal static class HistoryCommand
{
    private static readonly Option<string?> Dataset = new("--dataset", "-d") { Description = "Only this dataset.", HelpName = "NAME" };

    private static readonly Option<int> Limit = new("--limit", "-n")
    {
        Description = "At most so many entries.",
        HelpName = "COUNT",
        DefaultValueFactory = _ => 20,
        Validators = { CommonOptions.Between(1, 10_000) },
    };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("history", "Show what was published, newest first.") { Dataset, Limit, CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var dataset = parsed.GetValue(Dataset) is { } name ? PipelineFile.Find(config.Pipeline, name) : null;
        await using var composition = new Composition(config, terminal.Scrubber);
        var control = composition.Warehouse.Control;
        await control.CheckSchemaAsync(ct);
        var document = HistoryView.Document(config.Name, await control.ReadLedgerAsync(dataset?.Id, parsed.GetValue(Limit), ct));
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : HistoryView.Text(document));
        return (int)ExitCode.Ok;
    }
}
