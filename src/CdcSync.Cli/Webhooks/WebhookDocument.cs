using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CdcSync.Cli.Output;

namespace CdcSync.Cli.Webhooks;

/// <summary>What a webhook is told: one document, also where it is sent several times.</summary>
/// <param name="Id">The same at each attempt, so that a receiver can tell a repetition.</param>
/// <param name="Event">What happened.</param>
/// <param name="At">When, by the worker's clock.</param>
/// <param name="Pipeline">The pipeline.</param>
/// <param name="Dataset">The dataset.</param>
/// <param name="CompleteUpTo">Every change that the source committed before it is in the table; null = not known, or not yet.</param>
/// <param name="Generation">published: the checkpoint's generation.</param>
/// <param name="Publication">published: the ledger's id of the transaction.</param>
/// <param name="Rows">published: rows changed; quarantined: rows in quarantine now; drift: rows that differ.</param>
/// <param name="From">recovered: what it has recovered from.</param>
/// <param name="Check">contract_broken, and recovered from it: the check.</param>
/// <param name="Changes">schema_changed: what changed.</param>
/// <param name="Order">order_ended: what was ordered.</param>
/// <param name="Outcome">order_ended: what came of it.</param>
/// <param name="Error">order_ended: the code of what made it fail; null = it did not.</param>
internal sealed record WebhookDocument(string Id, string Event, string At, string Pipeline, string Dataset, string? CompleteUpTo = null, long? Generation = null, string? Publication = null, long? Rows = null, string? From = null, string? Check = null,
    IReadOnlyList<SchemaChangeDocument>? Changes = null, string? Order = null, string? Outcome = null, string? Error = null)
{
    /// <summary>Rises when a field changes its meaning or goes.</summary>
    [JsonPropertyOrder(-1)]
    public int SchemaVersion => JsonOutput.SchemaVersion;

    /// <summary>As UTF-8 text.</summary>
    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, WebhookJson.Readable.WebhookDocument);
}

/// <summary>How documents are written.</summary>
[JsonSerializable(typeof(WebhookDocument))]
internal sealed partial class WebhookJson : JsonSerializerContext
{
    public static WebhookJson Readable { get; } = new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
