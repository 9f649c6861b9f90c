using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary><c>pause</c> and <c>resume</c>: a person has datasets wait, for as long as a migration or an incident takes. The worker goes on with all others.</summary>
internal static class PauseCommand
{
    private static readonly Argument<string[]> Datasets = new("DATASET") { Description = "The datasets; others of their group go with them.", Arity = ArgumentArity.OneOrMore };

    public static Command Pause(Terminal terminal) => Create("pause", "Have datasets wait: what has begun is finished, nothing new is read.", paused: true, terminal);

    public static Command Resume(Terminal terminal) => Create("resume", "Let paused datasets go on from where they are.", paused: false, terminal);

    private static Command Create(string name, string description, bool paused, Terminal terminal)
    {
        var command = new Command(name, description) { Datasets, CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, paused, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, bool paused, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        Dataset[] named = [.. parsed.GetRequiredValue(Datasets).Select(name => PipelineFile.Find(config.Pipeline, name))];
        Dataset[] chosen = [.. config.Pipeline.Datasets.Where(d => named.Any(n => n.Id == d.Id || (n.Group is not null && n.Group == d.Group)))];
        await using var composition = new Composition(config, terminal.Scrubber);
        var control = composition.Warehouse.Control;
        await control.CheckSchemaAsync(ct);
        var known = (await control.ReadStatusAsync(config.Name, ct)).Select(s => s.State.Dataset).ToHashSet();
        if (chosen.FirstOrDefault(d => !known.Contains(d.Id)) is { } unseen)
            throw new CdcSyncException(ErrorCodes.UnknownDataset, $"{unseen.Id}: no worker has seen it yet, so there is nothing to {(paused ? "pause" : "resume")}.", $"Run: cdcsync sync {unseen.Id}");
        foreach (var dataset in chosen)
            await control.SetPausedAsync(config.Name, dataset.Id, paused, ct);

        var document = new PauseDocument(config.Name, paused, [.. chosen.Select(d => d.Id.Value)]);
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : Text(document));
        return (int)ExitCode.Ok;
    }

    private static string Text(PauseDocument document) => $"{(document.IsPaused ? "Paused" : "Goes on")}: {string.Join(", ", document.Datasets)}."
        + (document.IsPaused ? $"\nIts lag grows meanwhile, and the source must keep its changes. To go on, run: cdcsync resume {string.Join(' ', document.Datasets)}" : "");
}
