using CdcSync.Core.Datasets;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>When lanes are due by their schedules: by the clock, or because another dataset has published.</summary>
internal sealed class Timetable(Pipeline pipeline, EngineContext engine, IReadOnlyList<Lane> lanes)
{
    private readonly ILookup<DatasetId, Lane> _followers = lanes.Where(l => l.Dataset.Schedule is PollSchedule.After).ToLookup(l => ((PollSchedule.After)l.Dataset.Schedule).Dataset);

    /// <summary>A worker begins to work: what a clock called for while nobody worked is due now, and so is a load that is not done.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="written">The status of every dataset, as the warehouse has it.</param>
    public void Open(Lane lane, IReadOnlyDictionary<DatasetId, DatasetStatus> written)
    {
        var now = engine.Time.GetUtcNow();
        var checkpoint = written.GetValueOrDefault(lane.Dataset.Id)?.Checkpoint;
        var isLoading = checkpoint is { CompleteUpTo: null };
        Plan(lane, lane.Dataset.Schedule switch
        {
            _ when isLoading => now,
            PollSchedule.Cron cron => cron.Next(checkpoint?.CompleteUpTo ?? now, now),
            PollSchedule.After after => written.GetValueOrDefault(after.Dataset)?.Checkpoint?.CompleteUpTo is null ? null : now,
            _ => now,
        });
    }

    /// <summary>A lane is at its source's now, or has more to do at once.</summary>
    public void Passed(Step step)
    {
        var lane = step.Lane;
        lane.HasPublished |= step.Outcome.Kind == OutcomeKind.Synced;
        var now = engine.Time.GetUtcNow();
        if (step.More)
        {
            lane.Due = now;
            return;
        }

        Plan(lane, lane.Dataset.Schedule.Next(lane.Begun, now));
        if (!lane.HasPublished)
            return;
        lane.HasPublished = false;
        foreach (var follower in _followers[lane.Dataset.Id])
        {
            follower.Ask();
            engine.Observer.Planned(follower.Dataset, pipeline.FirstFree(follower.Dataset, now));
        }

        if (_followers.Contains(lane.Dataset.Id))
            engine.Bell.Ring();
    }

    private void Plan(Lane lane, DateTimeOffset? next)
    {
        if (next is { } at)
            next = pipeline.FirstFree(lane.Dataset, at + (lane.Dataset.Jitter * Random.Shared.NextDouble()));
        lane.Due = next ?? DateTimeOffset.MaxValue;
        engine.Observer.Planned(lane.Dataset, next);
    }
}
