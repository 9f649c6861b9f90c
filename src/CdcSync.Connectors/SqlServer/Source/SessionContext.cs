using CdcSync.Connectors.SqlServer.Source.Tracking;
using CdcSync.Core.Checkpoints;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>What the readers of a session share.</summary>
/// <param name="Source">The source's name in the pipeline.</param>
/// <param name="Database">The connection, in its read transaction.</param>
/// <param name="Facts">What was asked before it.</param>
/// <param name="Isolation">How it reads.</param>
/// <param name="Ceiling">Of rowversions; 0 where no dataset asks for it.</param>
/// <param name="Versions">When versions were seen.</param>
internal sealed record SessionContext(string Source, ISourceDatabase Database, DatabaseFacts Facts, ReadIsolation Isolation, ulong Ceiling, VersionClock Versions)
{
    /// <summary>The age of the oldest transaction that holds the ceiling; null = there is none, it is not to be seen, or no dataset asks for the ceiling.</summary>
    public TimeSpan? OldestWriter { get; init; }

    /// <summary>The database.</summary>
    public SourceIdentity Identity { get; } = new("sqlserver", Facts.Identity);
}
