using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>Why a checkpoint, of the log or of marks, can't be gone on from; each with its own code and remedy.</summary>
internal static class CheckpointFaults
{
    /// <summary>The changes after the checkpoint are gone.</summary>
    public static Reading Expired(Dataset dataset, string what) => Reading.Failed(ReadingState.Expired, new CdcSyncException(ErrorCodes.ChangesExpired, $"dataset {dataset.Id}: {what}.",
        $"Load the dataset again. Run: cdcsync resync {dataset.Id}"));

    /// <summary>The server went back in time, or another one took its place.</summary>
    public static Reading Rewound(Dataset dataset, string what) => Reading.Failed(ReadingState.Rewound, new CdcSyncException(ErrorCodes.SourceRewound,
        $"dataset {dataset.Id}: {what}: it was restored, or a standby took its place.", $"Load the dataset again. Run: cdcsync resync {dataset.Id}"));

    /// <summary>Columns were altered.</summary>
    public static Reading ColumnsChanged(Dataset dataset, string table) => Reading.Failed(ReadingState.Expired, new CdcSyncException(ErrorCodes.SourceColumnsChanged,
        $"dataset {dataset.Id}: columns of {table} that it reads were altered since the checkpoint, or added to the contract: rows nobody wrote to would keep old values.",
        $"Load the dataset again (gapPolicy: resnapshot does it by itself). Run: cdcsync resync {dataset.Id}"));
}
