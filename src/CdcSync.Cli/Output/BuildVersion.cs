using System.Reflection;

namespace CdcSync.Cli.Output;

/// <summary>Which build this is.</summary>
internal static class BuildVersion
{
    /// <summary>The semantic version, with the commit where the build knew it: <c>0.1.0+3f2a91c</c>.</summary>
    public static string Text { get; } = Short(typeof(BuildVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion);

    /// <summary>What a command line is answered with that asks for the version and nothing else, as text or as a document.</summary>
    /// <returns>Null where it asks for something else.</returns>
    public static string? AnswerTo(IReadOnlyList<string> args) => args switch
    {
        ["--version" or "-V"] => $"cdcsync {Text}",
        ["--version" or "-V", "--json"] or ["--json", "--version" or "-V"] => JsonOutput.Write(new VersionDocument(Text, Environment.Version.ToString())),
        _ => null,
    };

    private static string Short(string version) => version.Split('+') is [var number, var commit] ? $"{number}+{commit[..Math.Min(7, commit.Length)]}" : version;
}
