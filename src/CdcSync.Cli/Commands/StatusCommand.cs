using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary><c>status</c>: how every dataset stands, as the warehouse has it written.</summary>
internal static class StatusCommand
{
    private static readonly Option<bool> Watch = new("--watch", "-w") { Description = "Show it again every two seconds, until Ctrl-C; without a terminal, a line per dataset that changed." };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("status", "Show state, lag, last error and next action of every dataset.") { CommonOptions.Datasets, CommonOptions.Dataset, CommonOptions.Json, Watch };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        if (parsed.GetValue(Watch) && parsed.GetValue(CommonOptions.Json))
            throw new CdcSyncException(ErrorCodes.WrongUsage, "--watch does not go with --json.", "For events as JSON, ask the worker. Run: cdcsync run --json");
        var config = PipelineFile.Open(parsed, terminal);
        var chosen = PipelineFile.Chosen(parsed, config.Pipeline);
        await using var composition = new Composition(config, terminal.Scrubber);
        var control = composition.Warehouse.Control;
        await control.CheckSchemaAsync(ct);
        if (parsed.GetValue(Watch))
        {
            await new StatusWatch(terminal, ReadAsync, TimeProvider.System).RunAsync(ct);
            return (int)ExitCode.Ok;
        }

        var document = await ReadAsync(ct);
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : StatusView.Text(document));
        return (int)ExitCode.Ok;

        async Task<StatusDocument> ReadAsync(CancellationToken asked) => StatusView.Document(config.Pipeline, await control.ReadStatusAsync(config.Name, asked), await control.ReadPausedAsync(config.Name, asked), await control.ReadChecksAsync(config.Name, asked),
            await control.ReadSourceSchemasAsync(config.Name, asked), TimeProvider.System.GetUtcNow()).Only(chosen);
    }
}
