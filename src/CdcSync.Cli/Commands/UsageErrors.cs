using System.CommandLine;
using System.CommandLine.Parsing;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Commands;

/// <summary>What is wrong with a command line's words, as the one error it is, with what was probably meant.</summary>
internal static class UsageErrors
{
    /// <summary>The error; null where the words can be used.</summary>
    public static CdcSyncException? Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var unknown = parsed.UnmatchedTokens.Concat(Swallowed(parsed)).Where(IsOption).Distinct(StringComparer.Ordinal).DefaultIfEmpty(parsed.UnmatchedTokens.FirstOrDefault()).OfType<string>().ToList();
        // The command's own --json says in which form it answers.
        if (unknown.Count == 0 && command is not RootCommand && parsed.RootCommandResult.GetResult(CommonOptions.RootJson) is { Implicit: false })
            return new CdcSyncException(ErrorCodes.WrongUsage, "--json belongs behind the command.", $"Run: {PathOf(command)} --json");
        if (parsed.Errors.Count == 0 && unknown.Count == 0)
            return null;
        // What follows from an unknown word is no news: its value is unknown too, and the verb it hides is missing.
        var messages = unknown.Count > 0 ? unknown.Select(word => Unknown(word, parsed)) : parsed.Errors.Select(e => Message(e, command)).Distinct(StringComparer.Ordinal);
        return new CdcSyncException(ErrorCodes.WrongUsage, string.Join('\n', messages), $"Run: {PathOf(command)} --help");
    }

    /// <summary>Words taken for arguments: an option spelled wrong must not become a dataset or a folder, unless it stands behind <c>--</c>.</summary>
    private static IEnumerable<string> Swallowed(ParseResult parsed) => parsed.Tokens.Any(t => t.Type == TokenType.DoubleDash) ? []
        : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value);

    private static string Unknown(string token, ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (!IsOption(token))
            return command.Subcommands.Count == 0 ? $"'{token}': {PathOf(command)} takes no more words." : $"unknown command '{token}'.{Suggestion.For(token, command.Subcommands.Select(c => c.Name))}";
        var word = token.Split('=')[0];
        var known = command.Options.Concat(parsed.RootCommandResult.Command.Options.Where(o => o.Recursive)).SelectMany(o => o.Aliases.Append(o.Name)).Where(n => n.StartsWith("--", StringComparison.Ordinal));
        return $"unknown option '{word}'.{Suggestion.For(word, known)}";
    }

    private static string Message(ParseError error, Command command) => error.SymbolResult switch
    {
        CommandResult when command is { Subcommands: [_, ..], Action: null } => $"a command is missing.{Suggestion.For("", command.Subcommands.Select(c => c.Name))}",
        CommandResult result when result.Command.Arguments.FirstOrDefault(a => a.Arity.MinimumNumberOfValues > 0 && result.GetResult(a) is null or { Tokens: [] }) is { } missing => $"{missing.Name} is missing.",
        OptionResult { Tokens: [] } option => $"{option.Option.Name} needs a value.",
        ArgumentResult { Tokens: [], Parent: OptionResult option } => $"{option.Option.Name} needs a value.",
        ArgumentResult { Tokens: [] } argument => $"{argument.Argument.Name} is missing.",
        _ => error.Message,
    };

    private static bool IsOption(string token) => token.Length > 1 && token[0] == '-';

    private static string PathOf(Command command) => string.Join(' ', command.Parents.OfType<Command>().Take(1).Select(PathOf).Append(command is RootCommand ? "cdcsync" : command.Name));
}
