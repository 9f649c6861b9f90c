using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
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
        await observed.EndAsync();
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(new ForgetDocument(config.Name, forgotten)) : forgotten is [] ? "There was nothing to forget." : $"Forgotten: {string.Join(", ", forgotten)}.");
        return (int)ExitCode.Ok;
    }

    private static DatasetId Find(string pipeline, string[] known, string name) => known.Contains(name) ? new DatasetId(name)
        : throw new CdcSyncException(ErrorCodes.UnknownDataset, $"pipeline '{pipeline}' has no dataset '{name}', and nothing is left of one.{Suggestion.For(name, known)}", "Run: cdcsync status");
}
