using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary>Runs one command line, from its words to the exit code. The one place where errors become lines, documents and codes.</summary>
internal static class CommandLine
{
    private static readonly InvocationConfiguration Invocation = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };

    /// <summary>Runs it.</summary>
    /// <returns>The process's exit code, as <see cref="ExitCode"/> has it.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Terminal terminal)
    {
        using var signals = new StopSignals(terminal);
        ParseResult? parsed = null;
        CdcSyncException? fault = null;
        int exit;
        try
        {
            parsed = CommandTree.Create(terminal).Parse(args);
            fault = UsageErrors.Of(parsed);
            exit = fault is null ? await parsed.InvokeAsync(Invocation, signals.Token) : (int)fault.Code.Exit;
        }
        catch (OperationCanceledException) when (signals.Received is not null)
        {
            exit = (int)signals.Received;
        }
        catch (Exception e)
        {
            fault = e as CdcSyncException ?? UnexpectedFault.Of(e);
            exit = (int)fault.Code.Exit;
        }

        if (fault is not null)
            terminal.Fault(fault);
        if (args.Any(a => a is "--json" or "--json=true") && (fault is not null || parsed?.Action is not HelpExamples))
            TellEnd(parsed?.CommandResult.Command, terminal, exit, fault);
        return exit;
    }

    /// <summary>Whoever asks for JSON gets it, however it ends: one document, or a last line.</summary>
    private static void TellEnd(Command? command, Terminal terminal, int exit, CdcSyncException? fault)
    {
        if (command?.Options.Contains(CommonOptions.JsonLines) == true)
            new JsonFeed(terminal, TimeProvider.System).Tell(new EndLine(exit, FaultDocument.Of(fault)));
        else if (!terminal.HasData)
            terminal.Data(JsonOutput.Write(new EndDocument { ExitCode = exit, Error = FaultDocument.Of(fault) }));
    }
}
