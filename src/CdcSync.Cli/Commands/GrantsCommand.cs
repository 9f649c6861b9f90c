using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary><c>grants</c>: the statements that give a login what the pipeline needs on both sides. Touches no database.</summary>
internal static class GrantsCommand
{
    private static readonly Option<string> Login = new("--login") { Description = "The login that syncs, as the databases name it.", HelpName = "NAME", DefaultValueFactory = _ => "cdcsync" };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("grants", "Print what an administrator runs, so that a login may sync: the least, and what diagnostics need.") { Login, CommonOptions.Json };
        command.SetAction((parsed, _) => RunAsync(parsed, terminal));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var login = parsed.GetRequiredValue(Login);
        await using var composition = new Composition(config, terminal.Scrubber);
        List<SystemGrants> systems = [new("warehouse", config.Warehouse.Kind, (composition.Warehouse as IGrantable)?.Grants(config.Pipeline.Datasets, login))];
        foreach (var (name, system) in config.Sources)
            systems.Add(new($"source {name}", system.Kind, (composition.Source(name) as IGrantable)?.Grants([.. config.Pipeline.Datasets.Where(d => d.SourceName == name)], login)));
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(GrantsView.Document(config.Name, login, systems)) : GrantsView.Text(systems));
        return (int)ExitCode.Ok;
    }
}
