using System.Reflection;

namespace CdcSync.Cli.Output;

/// <summary>Which build this is.</summary>
internal static class BuildVersion
{
    /// <summary>The semantic version, with the commit where the build knew it: <c>0.1.0+3f2a91c</c>.</summary>
    public static string Text { get; } = Short(typeof(BuildVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion);

    private static string Short(string version) => version.Split('+') is [var number, var commit] ? $"{number}+{commit[..Math.Min(7, commit.Length)]}" : version;
}
