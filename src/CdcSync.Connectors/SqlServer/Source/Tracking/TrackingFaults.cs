using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.SqlServer.Source.Tracking;

/// <summary>What can be wrong with change tracking, each with its own code and remedy.</summary>
internal static class TrackingFaults
{
    /// <summary>There is no minimum valid version: tracking is off, or the login may not see it.</summary>
    public static CdcSyncException Off(string source, Dataset dataset, SqlServerObject table) => table is { Tracking: not null, MayViewChanges: false }
        ? new(ErrorCodes.SourceDenied, $"dataset {dataset.Id}: the login may not see the changes of {table}.", $"Let it: {SetupSql.Grant(table.Schema, table.Name, "cdcsync", SourceRights.Changes).Text} (with its own name). Run: cdcsync sync")
        : new(ErrorCodes.TrackingOff, $"dataset {dataset.Id}: change tracking is off for {table}.", $"Switch it on, then load the dataset again. Run: cdcsync discover {source} --enable-tracking --apply, then cdcsync resync {dataset.Id}");

    /// <summary>The server is a replica.</summary>
    public static CdcSyncException NotPrimary(string what) => new(ErrorCodes.SourceNotPrimary, $"{what}: the server is a replica.", "Connect to the primary, or to the listener without ApplicationIntent=ReadOnly; it is tried again. Run: cdcsync status");

    /// <summary>The changes are gone.</summary>
    public static CdcSyncException Expired(Dataset dataset, string what) => new(ErrorCodes.ChangesExpired, $"dataset {dataset.Id}: {what}.",
        $"Load the dataset again, and keep changes for longer than the longest pause. Run: cdcsync resync {dataset.Id}");

    /// <summary>The source went back in time.</summary>
    public static CdcSyncException Rewound(Dataset dataset, string what) => new(ErrorCodes.SourceRewound, $"dataset {dataset.Id}: {what}: it was restored to an older state, or failed over with loss of data.",
        $"Load the dataset again. Run: cdcsync resync {dataset.Id}");

    /// <summary>Columns were altered.</summary>
    public static CdcSyncException ColumnsChanged(Dataset dataset, SqlServerObject table) => new(ErrorCodes.SourceColumnsChanged,
        $"dataset {dataset.Id}: columns of {table} that it reads were altered since the checkpoint, or added to the contract. Change tracking does not record that: rows nobody wrote to would keep old values.",
        $"Load the dataset again (gapPolicy: resnapshot does it by itself). Run: cdcsync resync {dataset.Id}");

    /// <summary>Rows changed that the login does not see.</summary>
    public static CdcSyncException Hidden(Dataset dataset, SqlServerObject table, long rows) => new(ErrorCodes.SourceRowsHidden,
        $"dataset {dataset.Id}: {rows} changed rows of {table} can't be seen by the login: a row-level security policy hides them.",
        "Exempt the login from the policy, or read a view by a high-water mark. Run: cdcsync sync");
}
