using CdcSync.Core.Checkpoints;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>Where a batch begins and how it will move the checkpoint.</summary>
/// <param name="Kind">A window, a range, a whole content, a repair, a backfill.</param>
/// <param name="Mode">How it is published.</param>
/// <param name="Before">The checkpoint it goes on from; null = none yet.</param>
/// <param name="Identity">The source it is read from.</param>
/// <param name="SourceTime">The source's clock at the reading.</param>
/// <param name="Range">The key range, for a range of a first load.</param>
internal sealed record BatchStart(BatchKind Kind, PublishMode Mode, Checkpoint? Before, SourceIdentity Identity, DateTimeOffset SourceTime, KeyRange? Range = null)
{
    /// <summary>Whether the delete breaker may stop it.</summary>
    public BreakerUse Breaker { get; init; } = BreakerUse.Armed;

    /// <summary>Why the dataset is loaded anew; null = it is not.</summary>
    public ResyncCause? Resync { get; init; }

    /// <summary>The checkpoint whose content is built anew; null = it is no such batch.</summary>
    public Checkpoint? At { get; init; }

    /// <summary>The checkpoint after it. A range of a first load completes nothing: only a window read after the last range does. A repair and a backfill leave the stream where it is.</summary>
    public Checkpoint Next(Position upTo, DateTimeOffset? completeAt)
    {
        var generation = (Before?.Generation ?? 0) + 1;
        if (At is not null)
            return At with { Generation = generation };
        if (Kind is BatchKind.Repair or BatchKind.Backfill)
            return Before! with { Generation = generation };
        if (Range is null)
            return new Checkpoint(generation, Identity, upTo, null, completeAt);
        KeyRange[] remaining = [.. Before!.Snapshot!.Remaining.Where(r => r.Ordinal != Range.Ordinal)];
        return Before with { Generation = generation, Snapshot = remaining.Length == 0 ? null : Before.Snapshot with { Remaining = remaining }, CompleteUpTo = null };
    }
}
