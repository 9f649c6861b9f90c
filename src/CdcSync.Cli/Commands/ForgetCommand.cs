using System.CommandLine;
using CdcSync.Cli.Config;
using CdcSync.Cli.Output;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Commands;

/// <summary><c>forget</c>: removes what the warehouse remembers of datasets that are no longer wanted, or are to begin anew. Targets stay.</summary>
internal static class ForgetCommand
{
    private static readonly Argument<string[]> Datasets = new("DATASET") { Description = "The datasets, in the pipeline file or no longer.", Arity = ArgumentArity.OneOrMore };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("forget", "Remove checkpoint, state, history and quarantine of datasets. Their tables stay.") { Datasets, CommonOptions.Yes, CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        await using var composition = new Composition(config, terminal.Scrubber);
        var control = composition.Warehouse.Control;
        await control.CheckSchemaAsync(ct);
        string[] known = [.. config.Pipeline.Datasets.Select(d => d.Id.Value).Union((await control.ReadStatusAsync(config.Name, ct)).Select(s => s.State.Dataset.Value))];
        DatasetId[] chosen = [.. parsed.GetRequiredValue(Datasets).Distinct(StringComparer.Ordinal).Select(name => Find(config.Name, known, name))];
        if (!parsed.GetValue(CommonOptions.Yes) && !terminal.Confirm($"Forget {string.Join(", ", chosen)}? What is configured begins anew with the next sync, into an empty table."))
            throw new CdcSyncException(ErrorCodes.WrongUsage, "nothing was done: it was not confirmed.", $"To confirm beforehand, run: cdcsync forget {string.Join(' ', chosen)} --yes");
        await using var observed = new ObservedPass(config.Pipeline, composition, terminal);
        var forgotten = new List<string>();
        foreach (var dataset in chosen)
            if (await observed.Engine.ForgetAsync(dataset, ct)) forgotten.Add(dataset.Value);
        var removed = await RemoveTrackingAsync(config, composition, chosen.ToHashSet(), ct);
        await observed.EndAsync();
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(new ForgetDocument(config.Name, forgotten, removed)) : Text(forgotten, removed));
        return (int)ExitCode.Ok;
    }

    /// <summary>What a source keeps for the pipeline alone goes with the last dataset that needed it: nobody would read it any more, and it would fill the source's disk.</summary>
    private static async Task<IReadOnlyList<string>> RemoveTrackingAsync(PipelineConfig config, Composition composition, IReadOnlySet<DatasetId> chosen, CancellationToken ct)
    {
        var left = await composition.Warehouse.Control.ReadCheckpointsAsync([.. config.Pipeline.Datasets.Select(d => d.Id)], ct);
        var removed = new List<string>();
        foreach (var source in config.Pipeline.Datasets.Where(d => d.Capture is Capture.ChangeTracking).GroupBy(d => d.SourceName))
        {
            if (!source.Any(d => chosen.Contains(d.Id)) || source.Any(d => left.ContainsKey(d.Id)) || composition.Source(source.Key) is not ITrackingRemoval removal) continue;
            var script = await removal.RemovalScriptAsync(ct);
            await removal.RemoveTrackingAsync(ct);
            if (script.Length > 0) removed.Add(script);
        }

        return removed;
    }

    private static string Text(List<string> forgotten, IReadOnlyList<string> removed)
    {
        var text = forgotten is [] ? "There was nothing to forget." : $"Forgotten: {string.Join(", ", forgotten)}.";
        return removed is [] ? text : $"{text}\nRun in the source:\n{string.Join('\n', removed)}";
    }

    private static DatasetId Find(string pipeline, string[] known, string name) => known.Contains(name) ? new DatasetId(name)
        : throw new CdcSyncException(ErrorCodes.UnknownDataset, $"pipeline '{pipeline}' has no dataset '{name}', and nothing is left of one.{Suggestion.For(name, known)}", "Run: cdcsync status");
}
