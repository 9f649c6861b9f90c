using CdcSync.Cli.Diagnosis;
using CdcSync.Cli.Output;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Views;

/// <summary>Shows what <c>doctor</c> found.</summary>
internal static class DoctorView
{
    public static DoctorDocument Document(string pipeline, IReadOnlyList<Examination> examinations)
    {
        Finding[] all = [.. examinations.SelectMany(e => e.Findings)];
        return new DoctorDocument(pipeline, Count(FindingLevel.Pass), Count(FindingLevel.Warn), Count(FindingLevel.Fail),
            [.. examinations.Select(e => new ExaminationDocument(e.Subject, [.. e.Findings.Select(f => new DoctorFindingDocument(Words.Of(f.Level), f.Check, f.Dataset?.Value, f.What, f.Fix, f.Code?.Id))]))])
        {
            ExitCode = (int)ExitCodes.Gravest(all.Select(f => f.Code?.Exit ?? ExitCode.Ok)),
        };

        int Count(FindingLevel level) => all.Count(f => f.Level == level);
    }

    /// <summary>A heading, a line per finding, and under it what mends it.</summary>
    public static string Text(Examination examination, Terminal terminal)
    {
        var findings = examination.Findings;
        var width = findings.Select(f => Place(f).Length).DefaultIfEmpty().Max();
        return string.Join('\n', findings.SelectMany(Lines).Prepend(examination.Subject));

        IEnumerable<string> Lines(Finding finding)
        {
            var code = finding.Code is { } c ? $"{c} " : "";
            yield return $"  {Level(finding.Level, terminal)}  {Place(finding).PadRight(width)}  {(code + finding.What).ReplaceLineEndings(" ")}";
            foreach (var line in finding.Fix?.Split('\n') ?? [])
                yield return $"        {"".PadRight(width)}  {line}";
        }
    }

    public static string Summary(DoctorDocument document) => $"{document.Passed} passed, {document.Warned} to look at, {document.Failed} failed.";

    private static string Place(Finding finding) => finding.Dataset is { } dataset ? $"{dataset}: {finding.Check}" : finding.Check;

    private static string Level(FindingLevel level, Terminal terminal) => level switch
    {
        FindingLevel.Fail => terminal.Red("fail"),
        FindingLevel.Warn => terminal.Yellow("warn"),
        _ => "pass",
    };
}
