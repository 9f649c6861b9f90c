using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using CdcSync.Cli.Output;

namespace CdcSync.Cli.Commands;

/// <summary>The help with examples below: each is a line that works as it stands, in a folder with a fitting pipeline.</summary>
internal sealed class HelpExamples(HelpAction help, Terminal terminal) : SynchronousCommandLineAction
{
    /// <summary>The examples by the command's words; the root's by an empty one.</summary>
    internal static IReadOnlyDictionary<string, IReadOnlyList<string>> All { get; } = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
    {
        [""] = ["cdcsync demo", "cdcsync init first", "cdcsync discover shop.db --contract"],
        ["demo"] = ["cdcsync demo --seconds 60 --keep", "cdcsync demo --warehouse \"Host=localhost;Username=me;Database=scratch\""],
        ["init"] = ["cdcsync init first"],
        ["validate"] = ["cdcsync validate --config prod/cdcsync.yaml"],
        ["contract"] = ["cdcsync contract lint contracts/shop.odcs.yaml"],
        ["contract lint"] = ["cdcsync contract lint contracts/shop.odcs.yaml --json"],
        ["contract diff"] = ["cdcsync contract diff contracts/shop.odcs.yaml proposed.odcs.yaml"],
        ["contract test"] = ["cdcsync contract test", "cdcsync contract test orders --json"],
        ["doctor"] = ["cdcsync doctor", "cdcsync doctor orders --json"],
        ["discover"] = ["cdcsync discover shop 'sales*'", "cdcsync discover shop.db --contract", "cdcsync discover shop orders --enable-tracking --apply --retention 7d"],
        ["grants"] = ["cdcsync grants --login cdcsync"],
        ["migrate"] = ["cdcsync migrate"],
        ["sync"] = ["cdcsync sync --dry-run", "cdcsync sync orders order_lines", "cdcsync sync --json", "cdcsync sync orders --accept-volume --accept-schema"],
        ["run"] = ["cdcsync run --migrate", "cdcsync run --log-format json", "cdcsync run --listen 127.0.0.1:9464 --json"],
        ["status"] = ["cdcsync status", "cdcsync status --watch", "cdcsync status orders --json"],
        ["checkpoint"] = ["cdcsync checkpoint show"],
        ["checkpoint export"] = ["cdcsync checkpoint export > checkpoints.json"],
        ["checkpoint set"] = ["cdcsync checkpoint set orders --from checkpoints.json --yes"],
        ["checkpoint show"] = ["cdcsync checkpoint show orders --json"],
        ["history"] = ["cdcsync history orders --limit 5"],
        ["reconcile"] = ["cdcsync reconcile", "cdcsync reconcile orders --mode keys", "cdcsync reconcile orders --range ordered_on=2026-01-01..2026-02-01", "cdcsync reconcile orders --repair --html report.html"],
        ["backfill"] = ["cdcsync backfill orders --range order_id=1000..2000", "cdcsync backfill orders --json"],
        ["quarantine"] = ["cdcsync quarantine list"],
        ["quarantine list"] = ["cdcsync quarantine list orders --limit 10"],
        ["quarantine show"] = ["cdcsync quarantine show orders 4711", "cdcsync quarantine show order_lines 4711 2 --json"],
        ["quarantine retry"] = ["cdcsync quarantine retry orders"],
        ["quarantine drop"] = ["cdcsync quarantine drop orders 4711 --yes"],
        ["pause"] = ["cdcsync pause orders"],
        ["resume"] = ["cdcsync resume orders"],
        ["forget"] = ["cdcsync forget orders", "cdcsync forget old_orders --yes"],
        ["resync"] = ["cdcsync resync orders", "cdcsync resync orders --yes --accept-deletes"],
        ["rebuild"] = ["cdcsync rebuild orders", "cdcsync rebuild orders order_lines --into other.yaml --yes"],
    };

    /// <summary>A command as it is typed, without the program's name: <c>checkpoint show</c>.</summary>
    internal static string WordsOf(Command command) => command is RootCommand ? "" : command.Parents.OfType<Command>().Select(WordsOf).FirstOrDefault("") is { Length: > 0 } above ? $"{above} {command.Name}" : command.Name;

    /// <summary>Has a command tree show them.</summary>
    public static void AddTo(RootCommand root, Terminal terminal)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        option.Action = new HelpExamples((HelpAction)option.Action!, terminal);
    }

    public override int Invoke(ParseResult parseResult)
    {
        var (configuration, text) = (parseResult.InvocationConfiguration, new StringWriter());
        var output = configuration.Output;
        configuration.Output = text;
        var exit = help.Invoke(parseResult);
        configuration.Output = output;
        text.WriteLine("Examples:");
        foreach (var example in All[WordsOf(parseResult.CommandResult.Command)])
            text.WriteLine($"  {example}");
        if (CommonOptions.AsksForJson(parseResult))
            terminal.Data(JsonOutput.Write(new HelpDocument(text.ToString())));
        else
            output.Write(text);
        return exit;
    }
}
