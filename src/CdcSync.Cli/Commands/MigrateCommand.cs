using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary><c>migrate</c>: brings the control schema in the warehouse to this binary's version.</summary>
internal static class MigrateCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("migrate", "Create or upgrade the control schema in the warehouse.") { CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        await using var composition = new Composition(config, terminal.Scrubber);
        var ran = await composition.Warehouse.Control.MigrateAsync(ct);
        if (parsed.GetValue(CommonOptions.Json))
            terminal.Data(JsonOutput.Write(new MigrateDocument(config.Name, ran)));
        else
            terminal.Data(ran.Count == 0 ? "Nothing to do: the control schema is up to date." : string.Join('\n', ran));
        return (int)ExitCode.Ok;
    }
}
