using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sync;

namespace CdcSync.Cli.Commands;

/// <summary><c>backfill</c>: reads rows of a dataset again and publishes them like any batch; what the source has no longer is deleted.</summary>
internal static class BackfillCommand
{
    private static readonly Argument<string> Name = new("DATASET") { Description = "The dataset." };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("backfill", "Read rows of a dataset again, all or a range, and publish them; delete what the source has no longer.") { Name, CommonOptions.Range, CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var dataset = PipelineFile.Find(config.Pipeline, parsed.GetRequiredValue(Name));
        var range = parsed.GetValue(CommonOptions.Range) is { } text ? RowRange.Parse(dataset, text) : null;
        await using var composition = new Composition(config, terminal.Scrubber);
        await using var observed = new ObservedPass(config.Pipeline, composition, terminal);
        var report = new PassReport([await observed.Engine.BackfillAsync(dataset.Id, range, ct)]);
        return await observed.TellAsync(config.Name, report, parsed.GetValue(CommonOptions.Json) ? PassOutput.Json : PassOutput.Text);
    }
}
