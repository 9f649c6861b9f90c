using System.Text.RegularExpressions;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

/// <summary>docs/state.md, read as a list of tables and their columns.</summary>
public static partial class StateDocument
{
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Tables { get; } = Read();

    private static Dictionary<string, IReadOnlyList<string>> Read()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "CdcSync.sln"))) root = root.Parent ?? throw new InvalidOperationException("no CdcSync.sln above the tests");
        var sections = File.ReadAllText(Path.Combine(root.FullName, "docs", "state.md")).Split("\n## ")[1..];
        return sections
            .Where(s => s.Contains("| column | meaning |", StringComparison.Ordinal))
            .ToDictionary(s => TableName().Match(s).Value, s => (IReadOnlyList<string>)[.. Row().Matches(s).SelectMany(m => m.Groups[1].Value.Split(", "))], StringComparer.Ordinal);
    }

    [GeneratedRegex("^[a-z_]+")]
    private static partial Regex TableName();

    [GeneratedRegex("^\\| ([a-z0-9_]+(?:, [a-z0-9_]+)*) \\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
