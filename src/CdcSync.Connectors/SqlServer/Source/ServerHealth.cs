namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>What diagnostics ask of a server and the database.</summary>
/// <param name="Version">The product's version: <c>16.0.4135.4</c>.</param>
/// <param name="Compatibility">The database's compatibility level; 0 = not to be seen.</param>
/// <param name="Activity">What needs VIEW DATABASE STATE; null = the login may not see it.</param>
internal sealed record ServerHealth(string Version, int Compatibility, DatabaseActivity? Activity);

/// <summary>What others do in the database.</summary>
/// <param name="OldestWriter">Age of the oldest open transaction that has written: no rowversion above its first is read before it ends. Null = there is none.</param>
/// <param name="OldestSnapshot">Age of the oldest SNAPSHOT transaction: no row version after its begin is cleaned up. Null = there is none.</param>
/// <param name="OldestCommit">Age of the oldest commit that change tracking keeps: not much above the retention where its clean-up works. Null = it keeps none.</param>
internal sealed record DatabaseActivity(TimeSpan? OldestWriter, TimeSpan? OldestSnapshot, TimeSpan? OldestCommit);
