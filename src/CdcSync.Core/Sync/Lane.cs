using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Shaping;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>A dataset's own lane: one flow at a time works on it, and what the engine remembers of it between passes is here. Positions are not.</summary>
internal sealed class Lane(Dataset dataset, IChangeSource source, RangePlaces ranges, Keyring keyring, IRowGate valueGate)
{
    // Read by whoever wants to see it, while flows write: each in one piece.
    private long _due;
    private long _reconcileDue;
    private Order? _waiting;

    public Dataset Dataset { get; } = dataset;

    public IChangeSource Source { get; } = source;

    /// <summary>The places of the first loads of all the source's datasets.</summary>
    public RangePlaces RangePlaces { get; } = ranges;

    public Shaper Shaper { get; } = new(dataset, keyring);

    public IReadOnlyList<IRowGate> RowGates { get; } = [new ContractRowGate(dataset), new RuleRowGate(dataset), valueGate];

    /// <summary>The rules about the whole table that a batch must not break.</summary>
    public IReadOnlyList<ContractCheck> Rules { get; } = [.. dataset.Checks.Where(c => c.Occasion == CheckOccasion.Publication)];

    /// <summary>The deletes of the last day.</summary>
    public RecentDeletes Deletes { get; } = new();

    /// <summary>The source's columns as the warehouse has them written; null = not yet.</summary>
    public SourceSchema? Schema { get; set; }

    /// <summary>The changes of the source's columns that were told and are not written; null = none.</summary>
    public IReadOnlyList<SchemaChange>? ToldSchema { get; set; }

    /// <summary>The gates that a person lets this run through.</summary>
    public Acceptance Accepts { get; set; }

    private int _asked;

    /// <summary>True while it was asked to be polled as soon as it is free, whenever it is due.</summary>
    public bool IsAsked => Volatile.Read(ref _asked) != 0;

    /// <summary>Has it polled as soon as it is free. Whoever asks may be another source's flow: it rings the bell then.</summary>
    public void Ask() => Interlocked.Exchange(ref _asked, 1);

    private int _ordered;
    private int _accepting;

    /// <summary>True while a poll is under way that a person ordered, and that has not come to its end.</summary>
    public bool IsPollOrdered { get; set; }

    /// <summary>A poll begins, at an instant: what is asked from now on is for the next one.</summary>
    public void Begin(DateTimeOffset now)
    {
        Interlocked.Exchange(ref _asked, 0);
        IsPollOrdered |= Interlocked.Exchange(ref _ordered, 0) != 0;
        Accepts |= (Acceptance)Interlocked.Exchange(ref _accepting, 0);
        Busy = true;
        Begun = now;
    }

    /// <summary>True while a flow works on it; a pass leaves it out.</summary>
    public bool Busy { get; set; }

    /// <summary>What a load under way needs of the source before a checkpoint says it; null = no such load.</summary>
    public LoadHold? Load { get; set; }

    /// <summary>When it is to be polled next.</summary>
    public DateTimeOffset Due
    {
        get => new(Interlocked.Read(ref _due), TimeSpan.Zero);
        set => Interlocked.Exchange(ref _due, value.UtcTicks);
    }

    /// <summary>When its last poll began.</summary>
    public DateTimeOffset Begun { get; set; }

    /// <summary>When it must not be read; asked by a load between two ranges. Null = always free, as for who works at a person's word.</summary>
    public BlackoutHours? Blackout { get; set; }

    /// <summary>True if it has published since it was last at its source's now: those that follow it are asked then.</summary>
    public bool HasPublished { get; set; }

    /// <summary>When source and target are to be compared next; null = not by itself, or that is going on.</summary>
    public DateTimeOffset? ReconcileDue
    {
        get => Interlocked.Read(ref _reconcileDue) is var ticks and > 0 ? new(ticks, TimeSpan.Zero) : null;
        set => Interlocked.Exchange(ref _reconcileDue, value?.UtcTicks ?? 0);
    }

    /// <summary>The order that waits for the lane to be free; null = none.</summary>
    public Order? Waiting { get => Volatile.Read(ref _waiting); set => Volatile.Write(ref _waiting, value); }

    /// <summary>The order, or comparison by schedule, that is being carried out; null = none.</summary>
    public Order? Errand { get; set; }

    /// <summary>How the last one ended; null = there was none.</summary>
    public OrderEnd? Last { get; set; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; set; }

    /// <summary>The phase last written to the warehouse; null = not yet.</summary>
    public DatasetPhase? Phase { get; set; }

    /// <summary>The error last written to the warehouse.</summary>
    public string? WrittenError { get; set; }

    /// <summary>True while it is paused by a person: what has begun is finished, nothing new begins by itself.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Columns of the target that came later, and are empty in rows that nobody wrote to since.</summary>
    public IReadOnlyList<string> Unfilled { get; set; } = [];

    /// <summary>True if they can be filled by loading all anew only: rows can't be told apart, or not compared.</summary>
    public bool FillsByReload { get; set; }

    /// <summary>When filling them may be tried: once it was polled, and a while after it failed.</summary>
    public DateTimeOffset FillDue { get; set; } = DateTimeOffset.MaxValue;

    /// <summary>True once the target was found fit; forgotten after every failure.</summary>
    public bool TargetEnsured { get; set; }

    /// <summary>True if it must not go on without a resync. Sticky: what rewound or expired may look whole again later.</summary>
    public bool NeedsResync => Phase == DatasetPhase.ResyncRequired;

    /// <summary>What a reading at the source's time completes: under a timestamp mark, rows committed late may still come within the overlap.</summary>
    public DateTimeOffset CompleteAt(DateTimeOffset sourceTime) =>
        Dataset.Capture is Capture.HighWaterMark { Kind: MarkKind.Timestamp } mark ? sourceTime - mark.Overlap : sourceTime;

    /// <summary>Takes an order that could be carried out.</summary>
    /// <returns>The outlook given, or why it is another.</returns>
    public OrderOutlook Take(Order order, OrderOutlook outlook)
    {
        if (!outlook.IsAccepted())
            return outlook;
        if (order is Order.Sync { Accepts: var accepts })
        {
            var before = IsAsked;
            Interlocked.Or(ref _accepting, (int)accepts);
            Interlocked.Exchange(ref _ordered, 1);
            Ask();
            return before ? OrderOutlook.AlreadyOrdered : outlook;
        }

        var waiting = Interlocked.CompareExchange(ref _waiting, order, null);
        return waiting is null ? outlook : waiting == order ? OrderOutlook.AlreadyOrdered : OrderOutlook.AnotherWaits;
    }

    /// <summary>How it stands, for whoever wants to see.</summary>
    public LaneState State() => new(Dataset.Id, Errand switch
    {
        Order.Reconcile { Request.IsRepair: true } => LaneActivity.Repairing,
        Order.Reconcile => LaneActivity.Comparing,
        Order.Backfill => LaneActivity.Backfilling,
        Order.Resync => LaneActivity.Resyncing,
        _ => Busy ? LaneActivity.Syncing : LaneActivity.Idle,
    }, IsPaused || NeedsResync || Due == DateTimeOffset.MaxValue ? null : Due, IsPaused ? null : ReconcileDue, Waiting, Last);

    /// <summary>Datasets of one group publish together; one without a group is a group of its own.</summary>
    public string Unit => Dataset.Group is null ? $"dataset:{Dataset.Id}" : $"group:{Dataset.Group}";
}

/// <summary>What a load that has begun still needs of the source's changes.</summary>
/// <param name="From">Those after this position; null = all, as the position is being asked for.</param>
internal sealed record LoadHold(Position? From)
{
    public static LoadHold All { get; } = new((Position?)null);
}

/// <summary>What became of a lane in one step.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Outcome">What is told.</param>
/// <param name="More">True if the lane is not at its source's now yet: the next step may follow at once.</param>
internal sealed record Step(Lane Lane, DatasetOutcome Outcome, bool More = false)
{
    /// <summary>True if the warehouse has a newer checkpoint of it now.</summary>
    public bool Moved { get; init; }

    public static Step Done(Lane lane, OutcomeKind kind, long read, MergeStats stats, long quarantined, bool more) =>
        new(lane, new DatasetOutcome(lane.Dataset.Id, kind, read, stats, quarantined, null), more) { Moved = true };

    public static Step Failed(Lane lane, CdcSyncException fault) =>
        new(lane, new DatasetOutcome(lane.Dataset.Id, KindOf(fault.Code), 0, MergeStats.None, 0, fault));

    private static OutcomeKind KindOf(ErrorCode code) =>
        code == ErrorCodes.DeleteBreaker || code == ErrorCodes.VolumeGate || code == ErrorCodes.SourceSchemaFrozen || code == ErrorCodes.RuleBroken || code == ErrorCodes.RowRuleBroken || code == ErrorCodes.RuleUnanswered ? OutcomeKind.Blocked
        : code.Exit == ExitCode.ResyncRequired ? OutcomeKind.ResyncRequired
        : OutcomeKind.Failed;
}
