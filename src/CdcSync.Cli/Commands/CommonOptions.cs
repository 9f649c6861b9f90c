using System.CommandLine;
using System.Globalization;
using CdcSync.Cli.Http;

namespace CdcSync.Cli.Commands;

/// <summary>Options that several verbs take.</summary>
internal static class CommonOptions
{
    /// <summary>The pipeline file; known to every verb.</summary>
    public static Option<string> Config { get; } = new("--config", "-c")
    {
        Description = "The pipeline file.",
        HelpName = "FILE",
        DefaultValueFactory = _ => "cdcsync.yaml",
        Recursive = true,
    };

    /// <summary>Answers as JSON on stdout, one document with a <c>schemaVersion</c>.</summary>
    public static Option<bool> Json { get; } = new("--json") { Description = "Answer as one JSON document." };

    /// <summary>Without a command: the version, or the help, as one document.</summary>
    public static Option<bool> RootJson { get; } = new("--json") { Description = "With --version or --help: answer as one JSON document." };

    /// <summary>Tells what happens on stdout, a JSON document per line; the last line has the exit code.</summary>
    public static Option<bool> JsonLines { get; } = new("--json") { Description = "Tell what happens as lines of JSON; the last one has the exit code." };

    /// <summary>True if the answer is to be JSON, of whatever form.</summary>
    public static bool AsksForJson(ParseResult parsed) => parsed.CommandResult.Command.Options.Any(o => (o == Json || o == JsonLines || o == RootJson) && parsed.GetValue((Option<bool>)o));

    /// <summary>Where the daemon answers.</summary>
    public static Option<string?> Listen { get; } = new("--listen")
    {
        Description = $"Where the status page, the API and /metrics answer; port 0 = any free one. Default: http.listen, {EndpointOptions.DefaultListen}.",
        HelpName = "ADDRESS:PORT",
    };

    /// <summary>Says who encrypts what the daemon answers.</summary>
    public static Option<bool> BehindProxy { get; } = new("--behind-proxy") { Description = "A proxy in front ends TLS: allow to listen off loopback." };

    /// <summary>Limits a verb to some datasets.</summary>
    public static Option<string[]> Dataset { get; } = new("--dataset", "-d")
    {
        Description = "Only this dataset; may be given several times. The same as DATASET.",
        HelpName = "NAME",
    };

    /// <summary>The same as words, as people type it.</summary>
    public static Argument<string[]> Datasets { get; } = new("DATASET") { Description = "Only these datasets; default all.", Arity = ArgumentArity.ZeroOrMore };

    /// <summary>Runs <c>migrate</c> first, for who wants one command less.</summary>
    public static Option<bool> Migrate { get; } = new("--migrate") { Description = "Create or upgrade the control schema first." };

    /// <summary>An option whose value is a whole number within a range.</summary>
    public static Option<int?> Number(string name, string? alias, string helpName, string description, int least, int most) =>
        new(name, alias is null ? [] : [alias])
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
                    return value;
                result.AddError($"{name}: expected a whole number from {least} to {most}, found '{text}'.");
                return null;
            },
        };

    /// <summary>Limits a verb to some rows.</summary>
    public static Option<string?> Range { get; } = new("--range")
    {
        Description = "Only rows whose COLUMN (of the warehouse) is from FROM up to, not including, TO: an integer, a date or an instant. One of the two may be left out.",
        HelpName = "COLUMN=FROM..TO",
    };

    /// <summary>Confirms beforehand what a verb would ask.</summary>
    public static Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask." };
}
