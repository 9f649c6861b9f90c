using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary><c>checkpoint show</c>: how far every dataset has come, as the warehouse has it.</summary>
internal static class CheckpointCommand
{
    public static Command Create(Terminal terminal)
    {
        var show = new Command("show", "Show the checkpoints.") { CommonOptions.Datasets, CommonOptions.Dataset, CommonOptions.Json };
        show.SetAction((parsed, ct) => ShowAsync(parsed, terminal, ct));
        return new Command("checkpoint", "Look at checkpoints.") { show };
    }

    private static async Task<int> ShowAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var chosen = PipelineFile.Chosen(parsed, config.Pipeline);
        await using var composition = new Composition(config, terminal.Scrubber);
        var control = composition.Warehouse.Control;
        await control.CheckSchemaAsync(ct);
        var document = CheckpointView.Document(config.Pipeline, await control.ReadCheckpointsAsync([.. chosen ?? config.Pipeline.Datasets.Select(d => d.Id).ToHashSet()], ct));
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : CheckpointView.Text(document));
        return (int)ExitCode.Ok;
    }
}
