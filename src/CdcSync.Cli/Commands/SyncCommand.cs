using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;

namespace CdcSync.Cli.Commands;

/// <summary><c>sync</c>: brings every dataset to its source's now, then ends.</summary>
internal static class SyncCommand
{
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Read and count what would be synced; write nothing." };

    private static readonly Option<bool> AcceptDeletes = new("--accept-deletes") { Description = "Let the named datasets delete more than the delete breaker allows, this once." };

    private static readonly Option<bool> AcceptVolume = new("--accept-volume") { Description = "Let the named datasets read another number of rows than their history makes likely, this once." };

    private static readonly Option<bool> AcceptSchema = new("--accept-schema") { Description = "Accept, for the named datasets, the changes of the source's columns that their contracts freeze." };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("sync", "Bring the warehouse to the sources' now, once.") { CommonOptions.Datasets, CommonOptions.Dataset, DryRun, AcceptDeletes, AcceptVolume, AcceptSchema, CommonOptions.Migrate, CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var chosen = PipelineFile.Chosen(parsed, config.Pipeline);
        var isDryRun = parsed.GetValue(DryRun);
        var accepts = (parsed.GetValue(AcceptDeletes) ? Acceptance.Deletes : Acceptance.None) | (parsed.GetValue(AcceptVolume) ? Acceptance.Volume : Acceptance.None)
            | (parsed.GetValue(AcceptSchema) ? Acceptance.Schema : Acceptance.None);
        if (accepts != Acceptance.None && chosen is null)
            throw new CdcSyncException(ErrorCodes.WrongUsage, "what is blocked is accepted for named datasets only.", "Name them. Run: cdcsync status");
        await using var composition = new Composition(config, terminal.Scrubber);
        if (parsed.GetValue(CommonOptions.Migrate) && !isDryRun)
            await composition.Warehouse.Control.MigrateAsync(ct);
        await using var observed = new ObservedPass(config.Pipeline, composition, terminal);
        var report = isDryRun ? await observed.Engine.DryRunAsync(chosen, ct) : await observed.Engine.SyncOnceAsync(chosen, ct, accepts);
        return await observed.TellAsync(config.Name, report, (parsed.GetValue(CommonOptions.Json) ? PassOutput.Json : PassOutput.Text) | (isDryRun ? PassOutput.DryRun : PassOutput.Text));
    }
}
