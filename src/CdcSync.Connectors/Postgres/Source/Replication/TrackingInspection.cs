using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Values;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>Whether the log tells all that a dataset needs: its table, its key, its columns.</summary>
internal static class TrackingInspection
{
    /// <summary>What is missing, the gravest first; empty = nothing.</summary>
    /// <param name="dataset">The dataset; its rows can be read (<see cref="DatasetInspection"/>).</param>
    /// <param name="found">Its object.</param>
    /// <param name="publication">The publication.</param>
    /// <param name="faults">How to say it.</param>
    public static IEnumerable<CdcSyncException> Faults(Dataset dataset, PostgresObject found, PublicationState publication, LogFaults faults)
    {
        foreach (var fault in TableFaults(dataset, found))
        {
            yield return fault;
            yield break;
        }
        if (!publication.Members.TryGetValue(found.Oid, out var member))
            yield return faults.Off(dataset, $"{found} is not in the publication");
        else if (member.HasFilter)
            yield return faults.Off(dataset, $"the publication has a row filter on {found}: rows that leave it would stay in the warehouse");
        else if (member.Columns is { } columns && dataset.Columns.Select(c => found.Column(c.Source)!).Where(c => !columns.Contains((short)c.Number)).Select(c => c.Name).ToList() is { Count: > 0 } hidden)
            yield return faults.Off(dataset, $"the publication's column list of {found} leaves out {string.Join(", ", hidden)}");
        else if (found.Kind == ObjectKind.Partitioned && !publication.IsViaRoot)
            yield return faults.Off(dataset, $"{found} is partitioned, and the publication tells changes as its partitions' (ALTER PUBLICATION … SET (publish_via_partition_root = true))");
    }

    /// <summary>What keeps a table from being added to a publication, or a dataset from being followed by it.</summary>
    private static IEnumerable<CdcSyncException> TableFaults(Dataset dataset, PostgresObject found)
    {
        if (WhyNotPublished(found) is var (code, why, remedy))
            yield return new CdcSyncException(code, $"dataset {dataset.Id}: {why}.", remedy);
        else if (!KeyNames(dataset).SetEquals(Identity(found).Select(c => c.Name)))
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch,
                $"dataset {dataset.Id}: the contract's key is ({string.Join(", ", dataset.Key.Select(k => k.Source))}), the log of {found} names rows by ({string.Join(", ", Identity(found).Select(c => c.Name))}).",
                "Declare that key in the contract, or give the table another REPLICA IDENTITY. Run: cdcsync discover --contract");
        else if (dataset.Key.Select(k => found.Column(k.Source)!).FirstOrDefault(c => c.IsGenerated || PostgresTypes.IsReadAsText(c.Type) || !KeyText.Has(c.Type)) is { } odd)
            yield return new CdcSyncException(ErrorCodes.SourceSchemaMismatch, $"dataset {dataset.Id}: the key column {odd.Name} of {found} is {odd.DeclaredType}{(odd.IsGenerated ? ", generated" : "")}, by which the log's rows can't be told apart here.",
                "Use a high-water mark or full-refresh for it. Run: cdcsync validate");
    }

    /// <summary>Why a table can't be in a publication without harm; null = it can.</summary>
    public static (ErrorCode Code, string Why, string Remedy)? WhyNotPublished(PostgresObject found) => found switch
    {
        { Kind: not (ObjectKind.Table or ObjectKind.Partitioned) } => (ErrorCodes.TrackingOff, $"{found} is not a table, and only tables can be tracked", "Use a high-water mark or full-refresh for it. Run: cdcsync validate"),
        { IsUnlogged: true } => (ErrorCodes.TrackingOff, $"{found} is unlogged: its changes are not in the log", "ALTER TABLE … SET LOGGED, or use a high-water mark or full-refresh. Run: cdcsync validate"),
        { IsPartition: true } => (ErrorCodes.TrackingOff, $"{found} is a partition: the log tells its changes as those of the table it is a part of", "Name that table. Run: cdcsync validate"),
        // Published, its UPDATE and DELETE would fail for the application.
        { Identity: ReplicaIdentity.None } => (ErrorCodes.SourceKeyMissing, $"{found} has no primary key that is its replica identity: published, the application could no longer update it",
            "Give it a primary key and ALTER TABLE … REPLICA IDENTITY DEFAULT, or use capture: full-refresh. Run: cdcsync discover"),
        _ when Identity(found).Count == 0 => (ErrorCodes.SourceKeyMissing, $"{found} has no primary key to tell its rows apart by", "Give it a primary key, or use capture: full-refresh. Run: cdcsync discover"),
        _ => null,
    };

    /// <summary>The columns by which the log tells rows apart: those of the replica identity; of all columns, the primary key's.</summary>
    public static IReadOnlyList<PostgresColumn> Identity(PostgresObject found) => found.Identity == ReplicaIdentity.Full ? found.Key : found.IdentityKey;

    private static HashSet<string> KeyNames(Dataset dataset) => [.. dataset.Key.Select(k => k.Source)];
}
