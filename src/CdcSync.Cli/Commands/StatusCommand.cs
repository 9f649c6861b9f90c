using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary><c>status</c>: how every dataset stands, as the warehouse has it written.</summary>
internal static class StatusCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("status", "Show state, lag, last error and next action of every dataset.") { CommonOptions.Datasets, CommonOptions.Dataset, CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var chosen = PipelineFile.Chosen(parsed, config.Pipeline);
        await using var composition = new Composition(config, terminal.Scrubber);
        var control = composition.Warehouse.Control;
        await control.CheckSchemaAsync(ct);
        var document = StatusView.Document(config.Pipeline, await control.ReadStatusAsync(config.Name, ct), await control.ReadPausedAsync(config.Name, ct), await control.ReadChecksAsync(config.Name, ct),
            await control.ReadSourceSchemasAsync(config.Name, ct), TimeProvider.System.GetUtcNow()).Only(chosen);
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : StatusView.Text(document));
        return (int)ExitCode.Ok;
    }
}
