using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Sources;
using CdcSync.Core.Sync;

namespace CdcSync.Core.Checks;

/// <summary>Measures checks whose time has come, one dataset after the other, beside whatever else the worker does.</summary>
internal sealed class CheckLoop(EngineContext engine, Pipeline pipeline, IReadOnlyDictionary<string, IChangeSource> sources)
{
    // Nobody waits for a check; a warehouse that fails is not to be asked for whole tables again at once.
    private static readonly TimeSpan AfterFault = TimeSpan.FromMinutes(1), UntilLoaded = TimeSpan.FromSeconds(10), LongestSleep = TimeSpan.FromSeconds(30);

    private readonly Checker _checker = new(engine.Warehouse, sources, pipeline, engine.Time);
    private readonly List<Entry> _entries = [.. from d in pipeline.Datasets from c in d.Checks where c.Occasion != CheckOccasion.Demand select new Entry(d, c)];

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await OpenAsync(ct);
        while (true)
        {
            var now = engine.Time.GetUtcNow();
            foreach (var due in _entries.Where(e => e.Due <= now).GroupBy(e => (e.Dataset, e.Deadline is null)))
                await MeasureAsync(due.Key.Dataset, [.. due], ct);
            var next = _entries.Select(e => e.Due - engine.Time.GetUtcNow()).Append(LongestSleep).Min();
            await Task.Delay(next > TimeSpan.Zero ? next : TimeSpan.Zero, engine.Time, ct);
        }
    }

    private async Task OpenAsync(CancellationToken ct)
    {
        var measured = await engine.Checks.OpenAsync(pipeline.Datasets, ct);
        foreach (var entry in _entries)
        {
            entry.MissedUpTo = measured.TryGetValue((entry.Dataset.Id, entry.Check.Id), out var looked) ? looked : engine.Time.GetUtcNow();
            entry.Due = entry.Deadline is null && measured.TryGetValue((entry.Dataset.Id, entry.Check.Id), out var last) ? entry.After(last) : engine.Time.GetUtcNow();
        }
    }

    /// <summary>Measures checks of a dataset. A failure is told, and fails nothing else.</summary>
    private async Task MeasureAsync(Dataset dataset, IReadOnlyList<Entry> due, CancellationToken ct)
    {
        try
        {
            var results = await _checker.RunAsync(dataset, [.. due.Select(e => e.Check)], ct);
            foreach (var (entry, result) in due.Zip(results))
            {
                entry.Plan(result);
                if (entry.Missed(result) is { } missed) engine.Observer.DeadlineMissed(dataset, entry.Check, missed);
            }
            // While it waits, what was judged before still holds.
            await engine.Checks.RecordAsync(dataset, [.. results.Where(r => (r.Verdict != CheckVerdict.Waiting || !engine.Checks.IsJudged(dataset.Id, r.Check)) && !engine.Checks.IsBlocking(dataset.Id, r.Check))], ct);
        }
        catch (CdcSyncException fault)
        {
            var wait = fault.Code == ErrorCodes.NotLoaded ? UntilLoaded : AfterFault;
            foreach (var entry in due) entry.Due = engine.Time.GetUtcNow() + wait;
            if (fault.Code != ErrorCodes.NotLoaded) engine.Observer.WorkerFailed("warehouse", fault, wait);
        }
    }

    /// <summary>A check and when it is measured next.</summary>
    private sealed class Entry(Dataset dataset, ContractCheck check)
    {
        private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(10), LongestWaitForLate = TimeSpan.FromMinutes(1);
        private TimeSpan _wait = FirstWait;

        public Dataset Dataset => dataset;

        public ContractCheck Check => check;

        public DateTimeOffset Due { get; set; }

        public Deadline? Deadline => (check.Measure as DeadlineMeasure)?.Deadline;

        /// <summary>Deadlines up to then were judged before.</summary>
        public DateTimeOffset MissedUpTo { get; set; }

        /// <summary>The deadline that a result finds missed, the first time it does.</summary>
        public DateTimeOffset? Missed(CheckResult result)
        {
            if (Deadline is null || !result.IsFailed || Deadline.NewestAt(result.At).At is var at && at <= MissedUpTo) return null;
            MissedUpTo = at;
            return at;
        }

        public DateTimeOffset After(DateTimeOffset last) => Deadline?.NextAfter(last) ?? (check.Schedule is { } cron ? cron.Next(last, TimeZoneInfo.Utc) ?? DateTimeOffset.MaxValue : last + dataset.CheckInterval);

        /// <summary>What waits is looked at again soon, then less and less often; what is late every minute at least, for it costs nothing, and somebody waits.</summary>
        public void Plan(CheckResult result)
        {
            var next = After(result.At);
            var soon = result.At + _wait;
            var waits = result.Verdict == CheckVerdict.Waiting || (Deadline is not null && result.IsFailed);
            _wait = waits ? 2 * _wait : FirstWait;
            if (Deadline is not null && _wait > LongestWaitForLate) _wait = LongestWaitForLate;
            Due = waits && soon < next ? soon : next;
        }
    }
}
