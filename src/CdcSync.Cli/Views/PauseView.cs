using CdcSync.Cli.Output;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Views;

/// <summary>Has datasets wait, or go on, and shows which.</summary>
internal static class PauseView
{
    /// <summary>Pauses datasets or lets them go on; others of their group go with them.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.UnknownDataset"/>: no worker has seen one of them yet.</exception>
    public static async Task<PauseDocument> SetAsync(IControlStore control, Pipeline pipeline, IReadOnlySet<DatasetId> named, bool isPaused, CancellationToken ct)
    {
        var groups = pipeline.Datasets.Where(d => d.Group is not null && named.Contains(d.Id)).Select(d => d.Group).ToHashSet(StringComparer.Ordinal);
        Dataset[] chosen = [.. pipeline.Datasets.Where(d => named.Contains(d.Id) || groups.Contains(d.Group))];
        var known = (await control.ReadStatusAsync(pipeline.Name, ct)).Select(s => s.State.Dataset).ToHashSet();
        if (chosen.FirstOrDefault(d => !known.Contains(d.Id)) is { } unseen)
            throw new CdcSyncException(ErrorCodes.UnknownDataset, $"{unseen.Id}: no worker has seen it yet, so there is nothing to {(isPaused ? "pause" : "resume")}.", $"Run: cdcsync sync {unseen.Id}");
        foreach (var dataset in chosen)
            await control.SetPausedAsync(pipeline.Name, dataset.Id, isPaused, ct);
        return new PauseDocument(pipeline.Name, isPaused, [.. chosen.Select(d => d.Id.Value)]);
    }

    public static string Text(PauseDocument document) => $"{(document.IsPaused ? "Paused" : "Goes on")}: {string.Join(", ", document.Datasets)}."
        + (document.IsPaused ? $"\nIts lag grows meanwhile, and the source must keep its changes. To go on, run: cdcsync resume {string.Join(' ', document.Datasets)}" : "");
}
