namespace CdcSync.Core.Errors;

/// <summary>A registered kind of error: its stable number, what it means, and how processes and retries treat it.</summary>
/// <param name="Id">The stable number, <c>CDC</c> and four digits. Never reused.</param>
/// <param name="Title">A few words for tables and docs/errors.md.</param>
/// <param name="Exit">The exit code of a command that ends with it.</param>
/// <param name="IsTransient">True if a retry without anyone acting may succeed.</param>
public sealed record ErrorCode(string Id, string Title, ExitCode Exit, bool IsTransient = false)
{
    /// <inheritdoc/>
    public override string ToString() => Id;
}

/// <summary>Exit codes of the command line; stable. Where several apply: 1 &gt; 6 &gt; 7 &gt; 4 &gt; 5 &gt; 8 &gt; 3.</summary>
public enum ExitCode
{
    /// <summary>All went well.</summary>
    Ok = 0,

    /// <summary>A bug in CdcSync.</summary>
    Bug = 1,

    /// <summary>Wrong usage, configuration or contract.</summary>
    Usage = 2,

    /// <summary>Differences were found.</summary>
    Differences = 3,

    /// <summary>The source failed.</summary>
    Source = 4,

    /// <summary>The warehouse failed.</summary>
    Warehouse = 5,

    /// <summary>State conflict: lease, newer state, corrupt state.</summary>
    StateConflict = 6,

    /// <summary>A dataset can't go on without a resync.</summary>
    ResyncRequired = 7,

    /// <summary>Some datasets succeeded, others did not, or rows were quarantined.</summary>
    Partial = 8,

    /// <summary>Stopped by SIGINT.</summary>
    Interrupted = 130,

    /// <summary>Stopped by SIGTERM.</summary>
    Terminated = 143,
}

/// <summary>Which exit code speaks where several would.</summary>
public static class ExitCodes
{
    private static readonly ExitCode[] Precedence =
        [ExitCode.Bug, ExitCode.StateConflict, ExitCode.ResyncRequired, ExitCode.Source, ExitCode.Warehouse, ExitCode.Usage, ExitCode.Partial, ExitCode.Differences];

    /// <summary>The one that tells most; <see cref="ExitCode.Ok"/> where nothing else is among them.</summary>
    public static ExitCode Gravest(IEnumerable<ExitCode> codes)
    {
        var asked = codes.ToHashSet();
        return Precedence.FirstOrDefault(asked.Contains, ExitCode.Ok);
    }
}
