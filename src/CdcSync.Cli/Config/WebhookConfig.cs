using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>Whom <c>run</c> tells what happens.</summary>
/// <param name="Name">Its name: a metric label.</param>
/// <param name="Url">Where it is told. Never shown: it may hold a token.</param>
/// <param name="Key">Signs what is told.</param>
/// <param name="Events">What it is told of.</param>
/// <param name="Datasets">Of which datasets; empty = of all.</param>
internal sealed record WebhookConfig(string Name, Uri Url, SecretString Key, IReadOnlySet<WebhookEvent> Events, IReadOnlySet<string> Datasets);

/// <summary>What a webhook can be told of.</summary>
internal enum WebhookEvent
{
    /// <summary>Rows were published; the table is complete up to an instant.</summary>
    Published,

    /// <summary>Rows broke the contract and were kept out.</summary>
    Quarantined,

    /// <summary>A gate stopped a batch; nothing after it is published until someone decides.</summary>
    Blocked,

    /// <summary>A check of severity error does not hold, or can't be answered.</summary>
    ContractBroken,

    /// <summary>A comparison left rows that differ.</summary>
    Drift,

    /// <summary>The dataset can't go on without a resync.</summary>
    ResyncRequired,

    /// <summary>The columns of the source changed.</summary>
    SchemaChanged,

    /// <summary>What a person, or a system elsewhere, ordered has ended.</summary>
    OrderEnded,

    /// <summary>What was told of as quarantined, blocked, broken, drifted or in need of a resync is well again.</summary>
    Recovered,
}
