using System.Diagnostics;
using CdcSync.Cli.Config;
using CdcSync.Cli.Output;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Cli.Diagnosis;

/// <summary>Looks at all that a pipeline needs, as a sync would meet it, and changes nothing.</summary>
internal sealed class Doctor(PipelineConfig config, Composition composition, TimeProvider time)
{
    // What a watermark may be wrong by where nobody would notice; docs/cli.md names it.
    private static readonly TimeSpan NotableOffset = TimeSpan.FromSeconds(5);

    /// <summary>Examines one part after the other: the landing folder, the warehouse, each source.</summary>
    /// <param name="chosen">The datasets to look at; null = all.</param>
    /// <param name="ct">Cancels.</param>
    public async IAsyncEnumerable<Examination> ExamineAsync(IReadOnlySet<DatasetId>? chosen, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        Dataset[] datasets = [.. config.Pipeline.Datasets.Where(d => chosen is null || chosen.Contains(d.Id))];
        yield return new Examination($"landing {config.Landing.Path}", LandingExamination.Of(config.Landing));
        yield return new Examination($"warehouse ({config.Warehouse.Kind})", await WarehouseAsync(datasets, ct));
        var checkpoints = await CheckpointsAsync(datasets, ct);
        foreach (var (name, system) in config.Sources.Where(s => datasets.Any(d => d.SourceName == s.Key)))
            yield return new Examination($"source {name} ({system.Kind})", await SourceAsync(name, [.. datasets.Where(d => d.SourceName == name)], checkpoints, ct));
    }

    private async Task<IReadOnlyList<Finding>> WarehouseAsync(Dataset[] datasets, CancellationToken ct)
    {
        var warehouse = composition.Warehouse;
        var findings = new List<Finding>();
        try
        {
            findings.Add(await ControlSchemaAsync(ct));
            if (warehouse is IDiagnosable diagnosable)
                findings.AddRange(await diagnosable.DiagnoseAsync(datasets, ct));
        }
        catch (CdcSyncException fault)
        {
            findings.Add(Finding.Fail("connection", fault));
        }

        return findings;
    }

    private async Task<Finding> ControlSchemaAsync(CancellationToken ct)
    {
        try
        {
            await composition.Warehouse.Control.CheckSchemaAsync(ct);
            return Finding.Pass("control schema", "is of this version");
        }
        catch (CdcSyncException fault) when (fault.Code == ErrorCodes.ControlSchemaMissing || fault.Code == ErrorCodes.ControlSchemaNewer)
        {
            return Finding.Fail("control schema", fault);
        }
    }

    /// <summary>The checkpoints; none where the warehouse does not tell, which it was asked about before.</summary>
    private async Task<IReadOnlyDictionary<DatasetId, Checkpoint>> CheckpointsAsync(Dataset[] datasets, CancellationToken ct)
    {
        try
        {
            await composition.Warehouse.Control.CheckSchemaAsync(ct);
            return await composition.Warehouse.Control.ReadCheckpointsAsync([.. datasets.Select(d => d.Id)], ct);
        }
        catch (CdcSyncException)
        {
            return new Dictionary<DatasetId, Checkpoint>();
        }
    }

    private async Task<IReadOnlyList<Finding>> SourceAsync(string name, Dataset[] datasets, IReadOnlyDictionary<DatasetId, Checkpoint> checkpoints, CancellationToken ct)
    {
        var source = composition.Source(name);
        var findings = new List<Finding>();
        try
        {
            var readings = await ReadAsync(source, datasets, checkpoints, findings, ct);
            if (source is IDiagnosable diagnosable)
                findings.AddRange(await diagnosable.DiagnoseAsync(datasets, ct));
            foreach (var dataset in datasets)
                findings.AddRange(await CaptureAsync(source, dataset, readings[dataset.Id], checkpoints.ContainsKey(dataset.Id), ct));
        }
        catch (CdcSyncException fault)
        {
            findings.Add(Finding.Fail("connection", fault));
        }

        return findings;
    }

    /// <summary>Opens a reading as a pass would, and lets go of it without reading a row.</summary>
    private async Task<IReadOnlyDictionary<DatasetId, Reading>> ReadAsync(IChangeSource source, Dataset[] datasets, IReadOnlyDictionary<DatasetId, Checkpoint> checkpoints, List<Finding> findings, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        var asked = time.GetUtcNow();
        await using var session = await source.OpenAsync([.. datasets.Select(d => new ReadRequest(d, checkpoints.GetValueOrDefault(d.Id)))], ct);
        var answered = time.GetUtcNow();
        findings.Add(Finding.Pass("connection", $"answers, in {Words.Of(Stopwatch.GetElapsedTime(began))}"));
        var offset = session.SourceTime < asked ? session.SourceTime - asked : session.SourceTime > answered ? session.SourceTime - answered : TimeSpan.Zero;
        var apart = $"{Words.Of(offset.Duration())} {(offset < TimeSpan.Zero ? "behind" : "ahead of")} this machine's";
        findings.Add(offset.Duration() < NotableOffset ? Finding.Pass("clock", offset == TimeSpan.Zero ? "agrees with this machine's" : apart)
            : Finding.Warn("clock", $"the source's is {apart}. Lag is corrected by it; timestamps that applications set are not.", "Let both machines take their time from one server (NTP)."));
        return session.Readings;
    }

    private static async Task<IReadOnlyList<Finding>> CaptureAsync(IChangeSource source, Dataset dataset, Reading reading, bool hasCheckpoint, CancellationToken ct)
    {
        var faults = (await source.CheckAsync(dataset, ct)).ToList();
        if (reading.Fault is { } refused && faults.All(f => f.Code != refused.Code))
            faults.Add(refused);
        if (faults.Count > 0)
            return [.. faults.Select(f => Finding.Fail("capture", f, dataset.Id))];
        return [Finding.Pass("capture", !hasCheckpoint ? "ready for its first load"
            : reading.State == ReadingState.Unchanged ? "goes on from its checkpoint; nothing has changed" : "goes on from its checkpoint; there may be changes", dataset.Id)];
    }
}

/// <summary>What was found on one part of a pipeline.</summary>
/// <param name="Subject">The part: <c>source erp (sqlserver)</c>.</param>
/// <param name="Findings">What was looked at, in order.</param>
internal sealed record Examination(string Subject, IReadOnlyList<Finding> Findings);
