using System.Diagnostics;

namespace CdcSync.Core.Sync;

/// <summary>
/// Places where a test kills the process, to prove that a crash loses nothing. Off unless the environment variable
/// <c>CDCSYNC_FAILPOINT</c> names one as <c>name:n</c>: the n-th hit ends the process with SIGKILL. As <c>name:n:bug</c> it throws what nobody expects.
/// </summary>
public static class Failpoints
{
    /// <summary>A read session is open, nothing read yet.</summary>
    public const string Opened = "opened";

    /// <summary>A chunk was read and shaped, not landed.</summary>
    public const string ChunkRead = "chunk-read";

    /// <summary>A landing file is complete.</summary>
    public const string Landed = "landed";

    /// <summary>A chunk passed the row gates.</summary>
    public const string Gated = "gated";

    /// <summary>A chunk is staged.</summary>
    public const string Staged = "staged";

    /// <summary>All is staged, the publishing transaction has not begun.</summary>
    public const string BeforePublish = "before-publish";

    /// <summary>Inside the publishing transaction, rows are merged.</summary>
    public const string Merged = "merged";

    /// <summary>Inside the publishing transaction, ledger and checkpoint are written.</summary>
    public const string BeforeCommit = "before-commit";

    /// <summary>Committed, nobody told.</summary>
    public const string AfterCommit = "after-commit";

    /// <summary>The source was told.</summary>
    public const string Acknowledged = "acknowledged";

    /// <summary>A comparison has found the keys that differ, and mended nothing yet.</summary>
    public const string Narrowed = "narrowed";

    /// <summary>All of them, in the order of the flow.</summary>
    public static IReadOnlyList<string> All { get; } = [Opened, ChunkRead, Landed, Gated, Staged, BeforePublish, Merged, BeforeCommit, AfterCommit, Acknowledged];

    private static readonly (string Name, int Hit, bool IsBug)? Armed = Parse(Environment.GetEnvironmentVariable("CDCSYNC_FAILPOINT"));
    private static int _hits;

    /// <summary>True if this process is to be killed at <paramref name="name"/>; lets a warehouse take the statement-by-statement way.</summary>
    public static bool IsArmed(string name) => Armed?.Name == name;

    /// <summary>Kills the process if this is the armed place and its turn.</summary>
    /// <exception cref="InvalidOperationException">It was armed to be a bug.</exception>
    public static void Hit(string name)
    {
        if (!IsArmed(name) || Interlocked.Increment(ref _hits) != Armed!.Value.Hit)
            return;
        if (Armed.Value.IsBug)
            throw new InvalidOperationException($"failpoint {name}");
        Process.GetCurrentProcess().Kill();
    }

    private static (string, int, bool)? Parse(string? setting)
    {
        var parts = setting?.Split(':');
        return parts is [var name, var hit, ..] && int.TryParse(hit, out var n) ? (name, n, parts is [_, _, "bug"]) : null;
    }
}
