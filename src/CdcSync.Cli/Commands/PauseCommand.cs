using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
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
        var named = parsed.GetRequiredValue(Datasets).Select(name => PipelineFile.Find(config.Pipeline, name).Id).ToHashSet();
        await using var composition = new Composition(config, terminal.Scrubber);
        var control = composition.Warehouse.Control;
        await control.CheckSchemaAsync(ct);
        var document = await PauseView.SetAsync(control, config.Pipeline, named, paused, ct);
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : PauseView.Text(document));
        return (int)ExitCode.Ok;
    }
}
