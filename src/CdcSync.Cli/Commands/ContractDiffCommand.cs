using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Core.Contracts;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary><c>contract diff</c>: what changed between two versions of a contract, and whether it breaks those who read the tables. Touches no database.</summary>
internal static class ContractDiffCommand
{
    private static readonly Argument<string> Old = new("OLD") { Description = "The contract as it was." };

    private static readonly Argument<string> New = new("NEW") { Description = "The contract as it is to be." };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("diff", "Say what changed between two versions of a contract, and whether it breaks those who read the tables.") { Old, New, CommonOptions.Json };
        command.SetAction(parsed => Diff(parsed, terminal));
        return command;
    }

    private static int Diff(ParseResult parsed, Terminal terminal)
    {
        var (old, now) = (Read(parsed.GetRequiredValue(Old)), Read(parsed.GetRequiredValue(New)));
        var changes = ContractDiff.Of(old, now);
        var document = new ContractDiffDocument(old.Version, now.Version, changes.Any(c => c.IsBreaking), ContractDiff.VersionSuffices(old, now, changes),
            [.. changes.Select(c => new ContractChangeDocument(c.Table, c.Column, c.Kind, c.IsBreaking, c.What))])
        {
            ExitCode = (int)(changes.Any(c => c.IsBreaking) ? ExitCode.Differences : ExitCode.Ok),
        };
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : Text(document));
        return document.ExitCode;
    }

    private static DataContract Read(string file)
    {
        if (!File.Exists(file))
            throw new CdcSyncException(ErrorCodes.ContractInvalid, $"there is no contract '{file}'.", "Name two files. Run: cdcsync contract diff --help");
        return ContractReader.ReadFile(file).OrThrow();
    }

    private static string Text(ContractDiffDocument document)
    {
        if (document.Changes is [])
            return "Nothing that readers of the tables see has changed.";
        var lines = document.Changes.Select(c => $"{(c.IsBreaking ? "breaking" : "        ")}  {c.Table}{(c.Column is null ? "" : $".{c.Column}")}: {c.What}");
        return string.Join('\n', [.. lines, .. document.VersionSuffices ? Array.Empty<string>() : [$"Version {document.OldVersion} → {document.NewVersion} does not say so: {(document.IsBreaking ? "what breaks asks for a greater first number" : "a change asks for a greater version")}."]]);
    }
}
