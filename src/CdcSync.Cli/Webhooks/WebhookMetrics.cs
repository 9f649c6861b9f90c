using CdcSync.Core.Metrics;

namespace CdcSync.Cli.Webhooks;

/// <summary>What became of deliveries.</summary>
internal enum DeliveryOutcome
{
    /// <summary>The receiver took it.</summary>
    Delivered,

    /// <summary>It did not, and is asked again.</summary>
    Failed,

    /// <summary>It never will have it: refused, too late, or more than are kept waiting.</summary>
    Dropped,
}

/// <summary>The series of one webhook.</summary>
internal sealed record WebhookMetrics(IReadOnlyDictionary<DeliveryOutcome, Counter> Deliveries, Gauge Waiting);
