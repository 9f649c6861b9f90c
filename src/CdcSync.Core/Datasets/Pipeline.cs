namespace CdcSync.Core.Datasets;

/// <summary>What one worker syncs: several datasets from several sources into one warehouse.</summary>
/// <param name="Name">Its name: a metric label and the lease's key.</param>
/// <param name="Datasets">The datasets, by id.</param>
public sealed record Pipeline(string Name, IReadOnlyList<Dataset> Datasets);
