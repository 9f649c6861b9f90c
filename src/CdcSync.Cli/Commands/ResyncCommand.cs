using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;

namespace CdcSync.Cli.Commands;

/// <summary><c>resync</c>: loads datasets anew beside their live tables and publishes the difference; what kept them from going on is cleared.</summary>
internal static class ResyncCommand
{
    private static readonly Argument<string[]> Datasets = new("DATASET") { Description = "The datasets.", Arity = ArgumentArity.OneOrMore };

    private static readonly Option<bool> AcceptDeletes = new("--accept-deletes") { Description = "Let it delete more than the delete breaker allows, this once." };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("resync", "Load datasets anew and publish the difference, for those that can't go on otherwise.") { Datasets, AcceptDeletes, CommonOptions.Yes, CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var chosen = parsed.GetRequiredValue(Datasets).Select(name => PipelineFile.Find(config.Pipeline, name).Id).ToHashSet();
        if (!parsed.GetValue(CommonOptions.Yes) && !terminal.Confirm($"Load {string.Join(", ", chosen)} anew, and delete in the warehouse what is no longer in the source?"))
            throw new CdcSyncException(ErrorCodes.WrongUsage, "nothing was done: it was not confirmed.", $"To confirm beforehand, run: cdcsync resync {string.Join(' ', chosen)} --yes");
        await using var composition = new Composition(config, terminal.Scrubber);
        await using var observed = new ObservedPass(config.Pipeline, composition, terminal);
        var report = await observed.Engine.ResyncAsync(chosen, parsed.GetValue(AcceptDeletes) ? BreakerUse.Accepted : BreakerUse.Armed, ct);
        return await observed.TellAsync(config.Name, report, parsed.GetValue(CommonOptions.Json) ? PassOutput.Json : PassOutput.Text);
    }
}
