using System.CommandLine;
using CdcSync.Cli.Config;
using CdcSync.Cli.Daemon;
using CdcSync.Cli.Http;
using CdcSync.Cli.Output;

namespace CdcSync.Cli.Commands;

/// <summary><c>run</c>: the daemon.</summary>
internal static class RunCommand
{
    private static readonly Option<string?> Listen = new("--listen")
    {
        Description = $"Where the status page, the API and /metrics answer; port 0 = any free one. Default: http.listen, {EndpointOptions.DefaultListen}.",
        HelpName = "ADDRESS:PORT",
    };

    private static readonly Option<bool> BehindProxy = new("--behind-proxy") { Description = "A proxy in front ends TLS: allow to listen off loopback." };

    private static readonly Option<LogFormat?> Format = new("--log-format") { Description = "The form of the log's lines on stderr. Default: log.format, text.", HelpName = "text|json" };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("run", "Keep the warehouse up to date until told to stop.") { Listen, BehindProxy, Format, CommonOptions.Migrate, CommonOptions.JsonLines };
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
        var http = config.Http;
        var endpoint = new EndpointOptions(EndpointOptions.Parse(parsed.GetValue(Listen) ?? http.Listen))
        {
            Token = http.Token,
            MetricsToken = http.MetricsToken,
            Hosts = http.Hosts,
            Certificate = http.Certificate,
            Exposure = http.BehindProxy || parsed.GetValue(BehindProxy) ? EndpointExposure.BehindProxy : EndpointExposure.Direct,
        };
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
