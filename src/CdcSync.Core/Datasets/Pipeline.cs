using CdcSync.Core.Scheduling;

namespace CdcSync.Core.Datasets;

/// <summary>What one worker syncs: several datasets from several sources into one warehouse.</summary>
/// <param name="Name">Its name: a metric label and the lease's key.</param>
/// <param name="Datasets">The datasets, by id.</param>
public sealed record Pipeline(string Name, IReadOnlyList<Dataset> Datasets)
{
    /// <summary>When a worker does not read a source, by its name; a source that is not named may always be read.</summary>
    public IReadOnlyDictionary<string, BlackoutHours> Blackouts { get; init; } = new Dictionary<string, BlackoutHours>();

    /// <summary>How many key ranges of a source's first loads are read side by side, by its name; of a source that is not named, one of each load.</summary>
    public IReadOnlyDictionary<string, int> ParallelRanges { get; init; } = new Dictionary<string, int>();

    /// <summary>When a dataset is polled next by its schedule, as far as that is known from when it was read last.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="lastRead">When it was last read; null = never.</param>
    /// <param name="now">Now.</param>
    /// <returns>An instant, perhaps past: then it is overdue; null = when another dataset has published.</returns>
    public DateTimeOffset? NextRun(Dataset dataset, DateTimeOffset? lastRead, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        var next = lastRead is null && dataset.Schedule is PollSchedule.Every ? now : dataset.Schedule.Next(lastRead ?? now, lastRead ?? now);
        return next is { } at ? FirstFree(dataset, at) : null;
    }

    /// <summary>The instant itself, or the end of the blackout that it lies in.</summary>
    public DateTimeOffset FirstFree(Dataset dataset, DateTimeOffset instant)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return Blackouts.TryGetValue(dataset.SourceName, out var blackout) ? blackout.FirstFree(instant) ?? DateTimeOffset.MaxValue : instant;
    }
}
