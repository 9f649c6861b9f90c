using System.CommandLine;
using CdcSync.Cli.Diagnosis;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;

namespace CdcSync.Cli.Commands;

/// <summary><c>doctor</c>: looks online at all that a sync needs, names what is wrong and what mends it. Changes nothing.</summary>
internal static class DoctorCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("doctor", "Look at all that a sync needs, online: what is wrong, and what mends it.") { CommonOptions.Datasets, CommonOptions.Dataset, CommonOptions.Json };
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var chosen = PipelineFile.Chosen(parsed, config.Pipeline);
        var isJson = parsed.GetValue(CommonOptions.Json);
        await using var composition = new Composition(config, terminal.Scrubber);
        var examinations = new List<Examination>();
        await foreach (var examination in new Doctor(config, composition, TimeProvider.System).ExamineAsync(chosen, ct))
        {
            examinations.Add(examination);
            // Told as it comes: a host that does not answer takes its time.
            if (!isJson)
                terminal.Data(DoctorView.Text(examination, terminal));
        }

        var document = DoctorView.Document(config.Name, examinations);
        terminal.Data(isJson ? JsonOutput.Write(document) : DoctorView.Summary(document));
        return document.ExitCode;
    }
}
