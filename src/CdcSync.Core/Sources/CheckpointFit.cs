using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Sources;

/// <summary>What every capture asks of a checkpoint before it looks into it.</summary>
public static class CheckpointFit
{
    /// <summary>Why a checkpoint can't be gone on from here; null = it can.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="checkpoint">Its checkpoint.</param>
    /// <param name="kind">The kind of positions the capture makes.</param>
    /// <param name="identity">The source as it is now.</param>
    public static Reading? Misfit(Dataset dataset, Checkpoint checkpoint, string kind, SourceIdentity identity)
    {
        if (checkpoint.Stream.Kind != kind)
            return Denied(dataset, ErrorCodes.OtherPositionKind, $"the checkpoint is of kind {checkpoint.Stream.Kind}, the dataset's capture makes {kind}", identity);
        return checkpoint.Source == identity ? null
            : Denied(dataset, ErrorCodes.OtherSource, $"the checkpoint was made on {checkpoint.Source}, the source now is {identity}", identity);
    }

    /// <summary>The checkpoint's position has a form that no version of this capture wrote.</summary>
    public static Reading Unreadable(Dataset dataset, SourceIdentity identity) =>
        Denied(dataset, ErrorCodes.StateCorrupt, "the checkpoint's position can't be understood", identity);

    private static Reading Denied(Dataset dataset, ErrorCode code, string what, SourceIdentity identity) => Reading.Failed(ReadingState.Denied,
        new CdcSyncException(code, $"dataset {dataset.Id}: {what}.", $"Load the dataset again. Run: cdcsync resync {dataset.Id}"), identity);
}
