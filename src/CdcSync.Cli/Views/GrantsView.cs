using CdcSync.Cli.Output;
using CdcSync.Core.Diagnosis;

namespace CdcSync.Cli.Views;

/// <summary>Shows statements for administrators: as SQL, with comments that say where they are run.</summary>
internal static class GrantsView
{
    public static GrantsDocument Document(string pipeline, string login, IReadOnlyList<SystemGrants> systems) =>
        new(pipeline, login, [.. systems.Select(s => new SystemGrantsDocument(s.System, s.Kind, s.Script?.Minimal, s.Script?.Diagnostic))]);

    public static string Text(IReadOnlyList<SystemGrants> systems) => string.Join("\n\n", systems.Select(Text));

    private static string Text(SystemGrants system)
    {
        if (system.Script is not { } script)
            return $"-- {system.System} ({system.Kind}): has no logins. Its file and folder must be this user's to read{(system.System == "warehouse" ? " and write" : "")}.";
        var minimal = $"-- {system.System} ({system.Kind}): without these it does not work.\n{script.Minimal.TrimEnd()}";
        return script.Diagnostic is null ? minimal : $"{minimal}\n\n-- {system.System} ({system.Kind}): with these, doctor and the metrics see more.\n{script.Diagnostic.TrimEnd()}";
    }
}

/// <summary>What one system's login needs.</summary>
/// <param name="System">Where the statements are run: <c>source erp</c>.</param>
/// <param name="Kind">Its kind, as in the pipeline file.</param>
/// <param name="Script">The statements; null = it has no logins.</param>
internal sealed record SystemGrants(string System, string Kind, GrantScript? Script);
