using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>What can be wrong with reading the log, each with its own code and remedy.</summary>
/// <param name="source">The source's name in the pipeline.</param>
/// <param name="slot">The slot's name.</param>
/// <param name="publication">The publication's name.</param>
internal sealed class LogFaults(string source, string slot, string publication)
{
    private const string Again = "It is tried again. Run: cdcsync status";

    /// <summary>What keeps the whole log from being read; null = nothing.</summary>
    public CdcSyncException? Of(LogFacts facts) => facts switch
    {
        { Server.IsStandby: true } => new(ErrorCodes.SourceNotPrimary, $"source {source}: the server is a standby: its slots do not survive, and are not made there.", $"Connect to the primary. {Again}"),
        { Server.WalLevel: not "logical" } => new(ErrorCodes.TrackingOff, $"source {source}: the server's wal_level is {facts.Server.WalLevel}, change tracking needs logical.",
            $"ALTER SYSTEM SET wal_level = logical; and restart the server. Run: cdcsync discover {source} --enable-tracking"),
        { Slot: null } => Off($"there is no replication slot {slot}"),
        { Slot.Plugin: not "pgoutput" } => Off($"the replication slot {slot} is of {facts.Slot.Plugin ?? "a physical standby"}, expected pgoutput"),
        _ when facts.Slot.Database != facts.Server.Database => Off($"the replication slot {slot} is another database's"),
        { Publication: null } => Off($"there is no publication {publication}"),
        { Publication.IsForAllTables: true } => Off($"the publication {publication} is for all tables: a table without a key could no longer be updated"),
        { Publication.IsWhole: false } => Off($"the publication {publication} leaves out inserts, updates, deletes or truncates (ALTER PUBLICATION … SET (publish = 'insert, update, delete, truncate'))"),
        { Slot.ActivePid: { } pid } => new(ErrorCodes.SlotInUse, $"source {source}: the replication slot {slot} is in use by process {pid}.",
            $"Nothing else may read from it: see pg_stat_activity, or name another slot in the pipeline file. {Again}"),
        _ => null,
    };

    /// <summary>Change tracking is not on, or was switched off.</summary>
    public CdcSyncException Off(string what) => new(ErrorCodes.TrackingOff, $"source {source}: {what}.",
        $"Switch change tracking on; datasets that were loaded before have to be loaded again. Run: cdcsync discover {source} --enable-tracking --apply, then cdcsync resync");

    /// <summary>Change tracking is not on for the dataset's table.</summary>
    public CdcSyncException Off(Dataset dataset, string what) => new(ErrorCodes.TrackingOff, $"dataset {dataset.Id}: {what}.",
        $"Switch change tracking on for it. Run: cdcsync discover {source} --enable-tracking --apply, then cdcsync resync {dataset.Id} if it was loaded before");

    /// <summary>The role may not read slots.</summary>
    public CdcSyncException NoReplication(Dataset dataset) => new(ErrorCodes.SourceDenied, $"dataset {dataset.Id}: the role of source {source} may not read replication slots.",
        "ALTER ROLE cdcsync REPLICATION (with its own name; managed servers have a role of their own for it). Run: cdcsync sync");

    /// <summary>A dataset had fallen too far behind: the slot goes on without it.</summary>
    public CdcSyncException Detached(DatasetId dataset, long behind, long limit) => new(ErrorCodes.ChangesExpired,
        $"dataset {dataset}: it held back {behind >> 20} MiB of the log of source {source}, more than the {limit >> 20} MiB allowed; the slot {slot} goes on without it.",
        $"Load the dataset again once what stopped it is mended (cdcsync status). Run: cdcsync resync {dataset}");

    /// <summary>A transaction may have written its commit without being visible yet.</summary>
    public CdcSyncException Unsettled(string what, string who) => new(ErrorCodes.SourceTransactionInTheWay, $"{what}: {who} of source {source} may be committing and is not visible yet.",
        $"It is waited for; see pg_stat_activity and pg_prepared_xacts. {Again}");

    /// <summary>The log is written, but not made safe.</summary>
    public CdcSyncException NotFlushed() => new(ErrorCodes.SourceUnavailable, $"source {source}: the server does not make its log safe: what was committed can't be read yet.", $"Look at its disk. {Again}");
}
