using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Cli.Output;

/// <summary>Every line that <c>run --json</c> and <c>demo --json</c> write: an event a line, the last one is <see cref="EndLine"/>.</summary>
[JsonSerializable(typeof(ReadyLine))]
[JsonSerializable(typeof(BatchLine))]
[JsonSerializable(typeof(StateLine))]
[JsonSerializable(typeof(PauseLine))]
[JsonSerializable(typeof(FirstLoadLine))]
[JsonSerializable(typeof(FailedLine))]
[JsonSerializable(typeof(SystemFailedLine))]
[JsonSerializable(typeof(QuarantineLine))]
[JsonSerializable(typeof(CheckLine))]
[JsonSerializable(typeof(OrderLine))]
[JsonSerializable(typeof(ReconciledLine))]
[JsonSerializable(typeof(SchemaLine))]
[JsonSerializable(typeof(LeaseLine))]
[JsonSerializable(typeof(ShopLine))]
[JsonSerializable(typeof(ComparisonLine))]
[JsonSerializable(typeof(EndLine))]
internal sealed partial class JsonLines : JsonSerializerContext
{
    private static readonly JsonLines Compact = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>An event as one line, without its end.</summary>
    public static string Write<TLine>(TLine line)
        where TLine : JsonLine => JsonSerializer.Serialize(line, typeof(TLine), Compact);
}

/// <summary>What every line begins with.</summary>
/// <param name="Event">What happened, in a word.</param>
internal abstract record JsonLine([property: JsonPropertyOrder(-2)] string Event)
{
    /// <summary>Rises when a field changes its meaning or goes.</summary>
    [JsonPropertyOrder(-3)]
    public int SchemaVersion => JsonOutput.SchemaVersion;

    /// <summary>When it was told, by the worker's clock.</summary>
    [JsonPropertyOrder(-1)]
    public string At { get; init; } = "";
}

internal sealed record ReadyLine(string Pipeline, int Datasets, string Metrics) : JsonLine("ready");

internal sealed record BatchLine(string Dataset, string Kind, long Generation, long RowsRead, long Inserted, long Updated, long Deleted, long Erased, long Quarantined, double Seconds, string? CompleteUpTo) : JsonLine("batch");

internal sealed record StateLine(string Dataset, string State) : JsonLine("state");

internal sealed record PauseLine(string Dataset, bool IsPaused) : JsonLine("pause");

internal sealed record FirstLoadLine(string Dataset, int Ranges, int RemainingRanges) : JsonLine("first_load");

internal sealed record FailedLine(string Dataset, FaultDocument Error, double? RetryInSeconds) : JsonLine("failed");

internal sealed record SystemFailedLine(string Side, FaultDocument Error, double RetryInSeconds) : JsonLine("system_failed");

internal sealed record QuarantineLine(string Dataset, long Rows) : JsonLine("quarantine");

internal sealed record CheckLine(string Dataset, string Check, string Severity, string Verdict, decimal? Value, string Expected) : JsonLine("check");

internal sealed record OrderLine(string Dataset, string Order, string Outcome, long? Missing, long? Different, long? Extra, long? Repaired, FaultDocument? Error) : JsonLine("order_ended");

internal sealed record ReconciledLine(string Dataset, string Mode, string Outcome, long Missing, long Different, long Extra, long Repaired, long InFlight, double Seconds) : JsonLine("reconciled");

internal sealed record SchemaLine(string Dataset, IReadOnlyList<SchemaChangeDocument> Changes) : JsonLine("schema_changed");

/// <summary>A change of a source's columns.</summary>
/// <param name="Kind">In a word.</param>
/// <param name="Column">The column.</param>
/// <param name="Text">For people.</param>
internal sealed record SchemaChangeDocument(string Kind, string Column, string Text)
{
    public static SchemaChangeDocument Of(SchemaChange change) => new(Words.Of(change.Kind), change.Column, change.What);
}

internal sealed record LeaseLine(bool IsHeld) : JsonLine("lease");

internal sealed record ShopLine(string Folder, int Seed, long Customers, long Orders, long Returns) : JsonLine("shop");

internal sealed record ComparisonLine(bool IsEqual, IReadOnlyList<ComparedDataset> Datasets) : JsonLine("comparison");

internal sealed record ComparedDataset(string Dataset, long SourceRows, long WarehouseRows, long Missing, long Different, long Extra);

/// <summary>The last line, always.</summary>
internal sealed record EndLine(int ExitCode, FaultDocument? Error) : JsonLine("end");
