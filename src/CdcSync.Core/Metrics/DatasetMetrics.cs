using CdcSync.Core.Datasets;

namespace CdcSync.Core.Metrics;

/// <summary>The series of one dataset, by subject.</summary>
internal sealed record DatasetMetrics(FreshnessMetrics Freshness, BatchMetrics Batches, ContractMetrics Contract, ComparisonMetrics Comparisons)
{
    /// <summary>Makes the families, and the series of each dataset.</summary>
    public static IReadOnlyDictionary<DatasetId, DatasetMetrics> Of(MetricRegistry registry, Pipeline pipeline, TimeProvider time)
    {
        var (freshness, batches) = (FreshnessMetrics.In(registry, pipeline, time), BatchMetrics.In(registry, pipeline));
        var (contract, comparisons) = (ContractMetrics.In(registry, pipeline, time), ComparisonMetrics.In(registry, pipeline));
        return pipeline.Datasets.ToDictionary(d => d.Id, d => new DatasetMetrics(freshness(d), batches(d), contract(d), comparisons(d)));
    }
}
