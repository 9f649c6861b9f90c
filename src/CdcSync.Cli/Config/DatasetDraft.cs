using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>A dataset as the file has it, with its defaults filled in, before it meets its contract's columns.</summary>
internal sealed record DatasetDraft
{
    /// <summary>The mapping in the file, for places and messages.</summary>
    public required FieldReader Reader { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The source's name.</summary>
    public required string Source { get; init; }

    /// <summary>What is read.</summary>
    public required SourceObject? Object { get; init; }

    /// <summary>The contract.</summary>
    public required DataContract? Contract { get; init; }

    /// <summary>The contract's object.</summary>
    public required ContractObject? Table { get; init; }

    /// <summary>How changes are found.</summary>
    public required Capture? Capture { get; init; }

    /// <summary>Where the rows go.</summary>
    public required TargetTable? Target { get; init; }

    /// <summary>The clock it is polled by, unless it follows another dataset.</summary>
    public required PollSchedule Clock { get; init; }

    /// <summary>The name of the dataset it is polled after; null = it goes by the clock.</summary>
    public required string? After { get; init; }

    /// <summary>By up to how much a poll is late at random.</summary>
    public required TimeSpan Jitter { get; init; }

    /// <summary>How important it is.</summary>
    public required int Priority { get; init; }

    /// <summary>What a delete does.</summary>
    public required DeleteMode Deletes { get; init; }

    /// <summary>What a gap does.</summary>
    public required GapPolicy GapPolicy { get; init; }

    /// <summary>The group it publishes with.</summary>
    public required string? Group { get; init; }

    /// <summary>The delete breaker.</summary>
    public required DeleteBreaker Breaker { get; init; }

    /// <summary>When source and target are compared.</summary>
    public required ReconcileSchedule? Reconcile { get; init; }

    /// <summary>The time between two check passes; null = the default.</summary>
    public required TimeSpan? CheckInterval { get; init; }
}

/// <summary>What datasets do unless they say otherwise: the file's <c>defaults</c>.</summary>
internal sealed record DatasetDefaults(PollSchedule Clock, TimeSpan Jitter, DeleteMode Deletes, GapPolicy GapPolicy, DeleteBreaker Breaker)
{
    /// <summary>What holds where the file has no defaults.</summary>
    internal static DatasetDefaults None { get; } = new(new PollSchedule.Every(TimeSpan.FromMinutes(1)), TimeSpan.Zero, DeleteMode.Hard, GapPolicy.Fail, DeleteBreaker.Default);
}
