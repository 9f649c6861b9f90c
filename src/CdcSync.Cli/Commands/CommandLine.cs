using System.CommandLine;
using System.CommandLine.Parsing;
using CdcSync.Cli.Output;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Commands;

/// <summary>Runs one command line, from its words to the exit code. The one place where errors become lines and codes.</summary>
internal static class CommandLine
{
    /// <summary>Runs it.</summary>
    /// <returns>The process's exit code, as <see cref="ExitCode"/> has it.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Terminal terminal)
    {
        using var signals = new StopSignals(terminal);
        try
        {
            var root = CommandTree.Create(terminal);
            var parsed = root.Parse(args);
            return parsed.Errors.Count > 0
                ? Refuse(parsed, terminal)
                : await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, signals.Token);
        }
        catch (OperationCanceledException) when (signals.Received is not null)
        {
            return (int)signals.Received;
        }
        catch (CdcSyncException fault)
        {
            terminal.Fault(fault);
            return (int)fault.Code.Exit;
        }
        catch (Exception bug)
        {
            terminal.Bug(bug);
            return (int)ExitCode.Bug;
        }
    }

    private static int Refuse(ParseResult parsed, Terminal terminal)
    {
        foreach (var error in parsed.Errors.DistinctBy(e => e.Message))
            terminal.Note(terminal.Red($"{ErrorCodes.WrongUsage} {error.Message}{Meant(parsed, error)} Run: {PathOf(parsed.CommandResult.Command)} --help"));
        return (int)ErrorCodes.WrongUsage.Exit;
    }

    /// <summary>The nearest verb or option, for a word that is neither.</summary>
    private static string Meant(ParseResult parsed, ParseError error)
    {
        var word = parsed.UnmatchedTokens.FirstOrDefault(token => error.Message.Contains($"'{token}'", StringComparison.Ordinal));
        if (word is null)
            return "";
        var command = parsed.CommandResult.Command;
        var known = word.StartsWith('-')
            ? command.Options.Concat(parsed.RootCommandResult.Command.Options.Where(o => o.Recursive)).Select(o => o.Name)
            : command.Subcommands.Select(c => c.Name);
        return Suggestion.Nearest(word, [.. known]) is { } near ? $" Did you mean '{near}'?" : "";
    }

    private static string PathOf(Command command) => string.Join(' ', command.Parents.OfType<Command>().Take(1).Select(PathOf).Append(command is RootCommand ? "cdcsync" : command.Name));
}
