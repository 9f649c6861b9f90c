using System.CommandLine;
using CdcSync.Cli.Config;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Landing;
using CdcSync.Core.Sync;

namespace CdcSync.Cli.Commands;

/// <summary><c>rebuild</c>: builds datasets anew from their landing files, in their own warehouse or in that of another pipeline file, and publishes the difference. The source is not asked.</summary>
internal static class RebuildCommand
{
    private static readonly Argument<string[]> Datasets = new("DATASET") { Description = "The datasets.", Arity = ArgumentArity.OneOrMore };

    private static readonly Option<string?> Into = new("--into") { Description = "The pipeline file whose warehouse they are built in; it has datasets of the same names. Default the same.", HelpName = "FILE" };

    private static readonly Option<bool> AcceptDeletes = new("--accept-deletes") { Description = "Let it delete more than the delete breaker allows, this once." };

    private static readonly Option<bool> AcceptMissing = new("--accept-missing") { Description = "Leave columns that older files do not have empty in rows that were not landed since." };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("rebuild", "Build datasets anew from their landing files, without the source, and publish the difference.") { Datasets, Into, AcceptDeletes, AcceptMissing, CommonOptions.Yes, CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var from = PipelineFile.Open(parsed, terminal);
        var into = parsed.GetValue(Into) is { } file ? PipelineFile.Open(file, terminal) : null;
        var chosen = parsed.GetRequiredValue(Datasets).Select(name => PipelineFile.Find(from.Pipeline, name).Id).ToHashSet();
        if (into is not null) CheckPair(from, into, parsed.GetRequiredValue(Into)!, chosen);
        if (!parsed.GetValue(CommonOptions.Yes) && !terminal.Confirm($"Build {string.Join(", ", chosen)} anew{(into is null ? "" : $" in the warehouse of '{parsed.GetValue(Into)}'")}, and delete there what was not landed?"))
            throw new CdcSyncException(ErrorCodes.WrongUsage, "nothing was done: it was not confirmed.", $"To confirm beforehand, run: cdcsync rebuild {string.Join(' ', chosen)} --yes");
        var request = new RebuildRequest(parsed.GetValue(AcceptDeletes) ? BreakerUse.Accepted : BreakerUse.Armed, parsed.GetValue(AcceptMissing) ? MissingColumns.AreNull : MissingColumns.Refused);
        await using var landed = new Composition(from, terminal.Scrubber);
        await using var other = into is null ? null : new Composition(into, terminal.Scrubber);
        await using var observed = new ObservedPass((into ?? from).Pipeline, other ?? landed, terminal);
        var rebuilt = await observed.Engine.RebuildAsync(chosen, other is null ? null : landed.History(), request, ct);
        await observed.EndAsync();
        var document = RebuildView.Document((into ?? from).Pipeline, into is not null, rebuilt);
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : RebuildView.Text(document));
        foreach (var fault in rebuilt.Select(r => r.Outcome.Fault).OfType<CdcSyncException>())
            terminal.Fault(fault);
        return document.ExitCode;
    }

    /// <summary>Two pipelines of one name in one landing folder would each sweep the files of the other.</summary>
    private static void CheckPair(PipelineConfig from, PipelineConfig into, string file, IEnumerable<DatasetId> chosen)
    {
        foreach (var dataset in chosen) _ = PipelineFile.Find(into.Pipeline, dataset.Value);
        if (from.Name == into.Name && Path.GetFullPath(from.Landing.Path) == Path.GetFullPath(into.Landing.Path))
        {
            throw new CdcSyncException(ErrorCodes.WrongUsage, $"'{file}' is of a pipeline of the same name with the same landing folder, {from.Landing.Path}: each would sweep the other's files.",
                $"Give it a landing.path of its own. Run: cdcsync validate --config {file}");
        }
    }
}
