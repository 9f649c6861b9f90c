using System.CommandLine;
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
        var command = new Command("validate", "Check the pipeline file and its contracts, offline.") { CommonOptions.Json };
        command.SetAction(parsed => Run(parsed, terminal));
        return command;
    }

    private static int Run(ParseResult parsed, Terminal terminal)
    {
        var loaded = PipelineFile.Load(parsed);
        if (loaded.Value is not null)
            EndpointOptions.Parse(loaded.Value.Http.Listen);
        var exit = loaded.Value is null ? ExitCode.Usage : ExitCode.Ok;
        if (parsed.GetValue(CommonOptions.Json))
            terminal.Data(JsonOutput.Write(new ValidateDocument(loaded.Value is not null, [.. loaded.Findings.Select(Of)]) { ExitCode = (int)exit }));
        else if (loaded.Findings.Count > 0)
            terminal.Data(string.Join('\n', loaded.Findings));
        if (loaded.Value is { } config)
            terminal.Note($"{config.File}: pipeline '{config.Name}', {config.Pipeline.Datasets.Count} datasets from {config.Sources.Count} sources: valid.");
        return (int)exit;
    }

    private static FindingDocument Of(Diagnostic finding) =>
        new(finding.At.File, finding.At.Line, finding.At.Column, finding.Severity == DiagnosticSeverity.Error ? "error" : "warning", finding.Code.Id, finding.Message);
}
