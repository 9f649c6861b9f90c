using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Core.Sync;

/// <summary>What a person, or a system elsewhere, asks of a worker that works. It is carried out as soon as the dataset is free, and not remembered beyond the process.</summary>
public abstract record Order
{
    /// <summary>Poll at once, whatever the interval says: "the end-of-day close is done".</summary>
    /// <param name="Accepts">The gates that a person lets this poll through.</param>
    public sealed record Sync(Acceptance Accepts = Acceptance.None) : Order;

    /// <summary>Compare source and target; with repair, make them equal.</summary>
    /// <param name="Request">How.</param>
    public sealed record Reconcile(ReconcileRequest Request) : Order;

    /// <summary>Read rows again and publish them; delete what the source has no longer.</summary>
    /// <param name="Range">Which rows; null = all.</param>
    public sealed record Backfill(RowRange? Range) : Order;

    /// <summary>Load anew and publish the difference.</summary>
    /// <param name="Breaker">Whether the delete breaker may stop it.</param>
    public sealed record Resync(BreakerUse Breaker) : Order;
}

/// <summary>What becomes of an order.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Outlook">In a word.</param>
public sealed record OrderAnswer(DatasetId Dataset, OrderOutlook Outlook)
{
    /// <summary>True if it will be carried out.</summary>
    public bool IsAccepted => Outlook.IsAccepted();
}

/// <summary>When an order is carried out, or why it is not.</summary>
public enum OrderOutlook
{
    /// <summary>At once.</summary>
    Begins,

    /// <summary>As soon as what works on the dataset, or on its group, has ended.</summary>
    Follows,

    /// <summary>When the source's blackout hours are over.</summary>
    AfterBlackout,

    /// <summary>The like was ordered before, and waits.</summary>
    AlreadyOrdered,

    /// <summary>Not: another order of another kind waits.</summary>
    AnotherWaits,

    /// <summary>Not: a person paused it, or another of its group.</summary>
    Paused,

    /// <summary>Not: it, or another of its group, can't go on without a resync.</summary>
    ResyncRequired,

    /// <summary>Not: its first load is not complete, so there is nothing to compare yet.</summary>
    NotLoaded,
}

internal static class OrderOutlooks
{
    /// <summary>True if it means that the order is carried out.</summary>
    public static bool IsAccepted(this OrderOutlook outlook) => outlook is OrderOutlook.Begins or OrderOutlook.Follows or OrderOutlook.AfterBlackout or OrderOutlook.AlreadyOrdered;
}

/// <summary>How an order, or a comparison by schedule, ended.</summary>
/// <param name="Order">What it was.</param>
/// <param name="At">When it ended, by the worker's clock.</param>
/// <param name="Report">What a comparison found; null where it was none, or failed.</param>
/// <param name="Fault">Why it failed; null unless it did.</param>
public sealed record OrderEnd(Order Order, DateTimeOffset At, ReconcileReport? Report, CdcSyncException? Fault);

/// <summary>How a dataset's lane stands in a worker that works.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Activity">What goes on.</param>
/// <param name="NextPollAt">When it is polled next; null = not by itself.</param>
/// <param name="NextCompareAt">When it is compared next by schedule; null = not by itself, or that is going on.</param>
/// <param name="Waiting">The order that waits for it to be free; null = none.</param>
/// <param name="Last">How the last order or comparison by schedule ended; null = there was none since this worker works.</param>
public sealed record LaneState(DatasetId Dataset, LaneActivity Activity, DateTimeOffset? NextPollAt, DateTimeOffset? NextCompareAt, Order? Waiting, OrderEnd? Last);

/// <summary>What goes on in a lane.</summary>
public enum LaneActivity
{
    /// <summary>Nothing.</summary>
    Idle,

    /// <summary>It is read, or published.</summary>
    Syncing,

    /// <summary>It is compared.</summary>
    Comparing,

    /// <summary>It is compared and mended.</summary>
    Repairing,

    /// <summary>Rows of it are read again.</summary>
    Backfilling,

    /// <summary>It is loaded anew.</summary>
    Resyncing,
}
