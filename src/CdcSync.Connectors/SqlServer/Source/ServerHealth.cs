namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>What diagnostics ask of a server and the database. What the login may not see is null, never "there is none".</summary>
/// <param name="Version">The product's version: <c>16.0.4135.4</c>.</param>
/// <param name="Compatibility">The database's compatibility level; 0 = not to be seen.</param>
/// <param name="Transactions">Needs VIEW SERVER STATE (on Azure SQL Database VIEW DATABASE STATE).</param>
/// <param name="Commits">Needs VIEW DATABASE STATE.</param>
internal sealed record ServerHealth(string Version, int Compatibility, OpenTransactions? Transactions, TrackedCommits? Commits);

/// <summary>What others have open in the database.</summary>
/// <param name="OldestWriter">Age of the oldest transaction that has written: no rowversion above its first is read before it ends. Null = there is none.</param>
/// <param name="OldestSnapshot">Age of the oldest SNAPSHOT transaction: no row version after its begin is cleaned up. Null = there is none.</param>
internal sealed record OpenTransactions(TimeSpan? OldestWriter, TimeSpan? OldestSnapshot);

/// <summary>What change tracking keeps.</summary>
/// <param name="Oldest">Age of the oldest commit: not much above the retention where the clean-up works. Null = it keeps none.</param>
internal sealed record TrackedCommits(TimeSpan? Oldest);
