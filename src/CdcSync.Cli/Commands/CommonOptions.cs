using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

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

    /// <summary>Limits a verb to some datasets.</summary>
    public static Option<string[]> Dataset { get; } = new("--dataset", "-d")
    {
        Description = "Only this dataset; may be given several times.",
        HelpName = "NAME",
    };

    /// <summary>Runs <c>migrate</c> first, for who wants one command less.</summary>
    public static Option<bool> Migrate { get; } = new("--migrate") { Description = "Create or upgrade the control schema first." };

    /// <summary>Refuses a whole number out of its range; what is no number at all is told by the parser.</summary>
    public static Action<OptionResult> Between(int least, int most) => result =>
    {
        if (result.Tokens is [var token] && int.TryParse(token.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && (value < least || value > most))
            result.AddError($"{result.Option.Name}: expected {least} to {most}.");
    };

    /// <summary>Confirms beforehand what a verb would ask.</summary>
    public static Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask." };
}
