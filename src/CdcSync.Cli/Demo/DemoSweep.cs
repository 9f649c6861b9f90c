using System.Data.Common;
using System.Text.RegularExpressions;
using CdcSync.Cli.Output;

namespace CdcSync.Cli.Demo;

/// <summary>
/// Removes what demos left behind that were killed: their temporary folders, and their schemas in PostgreSQL. A folder is certainly one's own if it has the lock
/// file of a demo, and certainly stale if nobody holds the lock; the system lets go of it when a process ends, however it ends.
/// </summary>
internal static partial class DemoSweep
{
    /// <summary>The lock file's name.</summary>
    public const string LockFile = ".demo.lock";

    /// <summary>Removes them. What can't be removed now stays for the next demo.</summary>
    public static async Task RunAsync(Terminal terminal)
    {
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), DemoFolder.Prefix + "*"))
        {
            try
            {
                await using var held = new FileStream(Path.Combine(folder, LockFile), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                await RemoveSchemaAsync(folder, terminal);
                Directory.Delete(folder, recursive: true);
                terminal.Note($"Removed what a demo that was killed had left: {folder}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or DbException)
            {
                // It lives, or is no demo's, or another's, or its database does not answer now.
            }
        }
    }

    private static async Task RemoveSchemaAsync(string folder, Terminal terminal)
    {
        if (!File.Exists(Path.Combine(folder, DemoFolder.WarehouseSecret)))
            return;
        var connection = await File.ReadAllTextAsync(Path.Combine(folder, DemoFolder.WarehouseSecret));
        terminal.Scrubber.Add(connection);
        // The name that a demo gave itself, and no other.
        if (Pipeline().Match(await File.ReadAllTextAsync(Path.Combine(folder, DemoFolder.PipelineFile))) is { Success: true } name)
            await new DemoWarehouse.Postgres(connection, name.Groups[1].Value).RemoveAsync();
    }

    [GeneratedRegex(@"^pipeline: (demo_[0-9a-f]{8})$", RegexOptions.Multiline)]
    private static partial Regex Pipeline();
}
