using System.CommandLine;
using CdcSync.Cli.Config;
using CdcSync.Cli.Http;
using CdcSync.Cli.Output;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Commands;

/// <summary><c>validate</c>: reads the pipeline file and its contracts, and says all that is wrong with them. Touches no database.</summary>
internal static class ValidateCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("validate", "Check the pipeline file and its contracts, offline.") { CommonOptions.Listen, CommonOptions.BehindProxy, CommonOptions.Json };
        command.SetAction(parsed => Run(parsed, terminal));
        return command;
    }

    private static int Run(ParseResult parsed, Terminal terminal)
    {
        var loaded = PipelineFile.Load(parsed);
        IReadOnlyList<Diagnostic> findings = [.. loaded.Findings, .. loaded.Value is { } read ? Exposure(read.Http, EndpointOptions.Of(read.Http, parsed.GetValue(CommonOptions.Listen), parsed.GetValue(CommonOptions.BehindProxy))) : []];
        var isValid = loaded.Value is not null && findings.Count == loaded.Findings.Count;
        var exit = isValid ? ExitCode.Ok : ExitCode.Usage;
        if (parsed.GetValue(CommonOptions.Json))
            terminal.Data(JsonOutput.Write(new ValidateDocument(isValid, [.. findings.Select(Of)]) { ExitCode = (int)exit }));
        else if (findings.Count > 0)
            terminal.Data(string.Join('\n', findings));
        if (isValid && loaded.Value is { } config)
            terminal.Note($"{config.File}: pipeline '{config.Name}', {config.Pipeline.Datasets.Count} datasets from {config.Sources.Count} sources: valid.");
        return (int)exit;
    }

    /// <summary>What <c>run</c> would refuse to start with.</summary>
    private static IEnumerable<Diagnostic> Exposure(HttpConfig http, EndpointOptions endpoint)
    {
        try
        {
            endpoint.Check();
            return [];
        }
        catch (CdcSyncException fault)
        {
            return [new Diagnostic(fault.Code, http.At, $"http: {fault.Message} {fault.Remedy}", DiagnosticSeverity.Error)];
        }
    }

    private static FindingDocument Of(Diagnostic finding) =>
        new(finding.At.File, finding.At.Line, finding.At.Column, finding.Severity == DiagnosticSeverity.Error ? "error" : "warning", finding.Code.Id, finding.Message);
}
