using System.CommandLine;
using CdcSync.Cli.Config;
using CdcSync.Cli.Daemon;
using CdcSync.Cli.Http;
using CdcSync.Cli.Output;

namespace CdcSync.Cli.Commands;

/// <summary><c>run</c>: the daemon.</summary>
internal static class RunCommand
{
    private static readonly Option<LogFormat?> Format = new("--log-format") { Description = "The form of the log's lines on stderr. Default: log.format, text.", HelpName = "text|json" };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("run", "Keep the warehouse up to date until told to stop.") { CommonOptions.Listen, CommonOptions.BehindProxy, Format, CommonOptions.Migrate, CommonOptions.JsonLines };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        if (parsed.GetValue(Format) is LogFormat.Json)
            terminal.NoteAsJson(TimeProvider.System);
        var config = PipelineFile.Open(parsed, terminal);
        if ((parsed.GetValue(Format) ?? config.Log.Format) is LogFormat.Json)
            terminal.NoteAsJson(TimeProvider.System);
        var endpoint = EndpointOptions.Of(config.Http, parsed.GetValue(CommonOptions.Listen), parsed.GetValue(CommonOptions.BehindProxy));
        endpoint.Check();
        var export = OtlpOptions.Read(Environment.GetEnvironmentVariable);
        foreach (var header in export?.Headers.Values ?? [])
            terminal.Scrubber.Add(header);
        await using var composition = new Composition(config, terminal.Scrubber);
        using var worker = new Worker(config, composition, terminal, parsed.GetValue(CommonOptions.JsonLines) ? new JsonFeed(terminal, TimeProvider.System) : null);
        await worker.RunAsync(endpoint, export, parsed.GetValue(CommonOptions.Migrate) ? FirstStep.Migrate : FirstStep.Work, ct);
        ct.ThrowIfCancellationRequested();                               // the signal that stopped it is the exit code
        return 0;
    }
}
