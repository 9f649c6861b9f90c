using System.Globalization;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Daemon;

/// <summary>Where metrics are pushed to, by OpenTelemetry's own environment variables.</summary>
/// <param name="Endpoint">Where they are POSTed.</param>
/// <param name="Protocol">The form of what is sent.</param>
/// <param name="Headers">Headers of each request; secret, as they may hold a key.</param>
/// <param name="Resource">What is measured.</param>
/// <param name="Interval">The time between two exports.</param>
/// <param name="Timeout">The patience with the receiver.</param>
/// <param name="Tls">Certificates beside the system's.</param>
internal sealed record OtlpOptions(Uri Endpoint, OtlpProtocol Protocol, IReadOnlyDictionary<string, string> Headers, IReadOnlyDictionary<string, string> Resource, TimeSpan Interval, TimeSpan Timeout, OtlpTls Tls)
{
    private const string Path = "v1/metrics";

    // What is accepted of a variable that can't change what is done: another value is refused by name.
    private static readonly (string Name, string Only, string Instead)[] Fixed =
    [
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "none", "Messages are sent as they are; they are some kilobytes. Unset it, or set it to none."),
        ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "none", "Messages are sent as they are; they are some kilobytes. Unset it, or set it to none."),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative", "Counters are cumulative, as on /metrics; a collector turns them into deltas (cumulativetodelta). Unset it, or set it to cumulative."),
        ("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "explicit_bucket_histogram", "Histograms have the buckets of /metrics. Unset it, or set it to explicit_bucket_histogram."),
    ];

    /// <summary>Reads them.</summary>
    /// <param name="variable">Gives the value of a variable.</param>
    /// <returns>Null where nothing is to be exported.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.WrongUsage"/>: a variable asks for what is not there, or can't be read.</exception>
    public static OtlpOptions? Read(Func<string, string?> variable)
    {
        string? Value(string name) => variable(name) is { Length: > 0 } value ? value : null;
        string? OfMetrics(string name) => Value($"OTEL_EXPORTER_OTLP_METRICS_{name}") ?? Value($"OTEL_EXPORTER_OTLP_{name}");

        var (own, all) = (Value("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"), Value("OTEL_EXPORTER_OTLP_ENDPOINT"));
        if ((own ?? all) is not { } endpoint || Value("OTEL_METRICS_EXPORTER") is "none" || string.Equals(Value("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase))
            return null;
        if (Value("OTEL_METRICS_EXPORTER") is { } exporter && exporter != "otlp")
            throw Wrong($"OTEL_METRICS_EXPORTER is '{exporter}': metrics are pushed by otlp alone, and can be pulled from /metrics at the same time.", "Unset it, or set it to otlp or none.");
        var protocol = OfMetrics("PROTOCOL") switch
        {
            null or "http/protobuf" => OtlpProtocol.Protobuf,                // the default of the specification
            "http/json" => OtlpProtocol.Json,
            var other => throw Wrong($"OTEL_EXPORTER_OTLP_PROTOCOL is '{other}': metrics are sent as http/protobuf or http/json.", "Set it to one of them, and the endpoint to the collector's port for HTTP (4318)."),
        };
        if (!Uri.TryCreate(own ?? $"{endpoint.TrimEnd('/')}/{Path}", UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw Wrong("OTEL_EXPORTER_OTLP_ENDPOINT is no address that begins with http:// or https://.", "Name the collector's port for HTTP, as in http://127.0.0.1:4318.");

        foreach (var (name, only, instead) in Fixed)
        {
            if (Value(name) is { } asked && !string.Equals(asked, only, StringComparison.OrdinalIgnoreCase))
                throw Wrong($"{name} is '{asked}': only {only} is there.", instead);
        }

        var resource = Pairs(Value("OTEL_RESOURCE_ATTRIBUTES"), "OTEL_RESOURCE_ATTRIBUTES");
        resource["service.name"] = Value("OTEL_SERVICE_NAME") ?? resource.GetValueOrDefault("service.name") ?? "cdcsync";
        return new OtlpOptions(url, protocol, Pairs(OfMetrics("HEADERS"), "OTEL_EXPORTER_OTLP_HEADERS"), resource,
            Milliseconds(Value("OTEL_METRIC_EXPORT_INTERVAL"), "OTEL_METRIC_EXPORT_INTERVAL", 60_000), Shorter(Milliseconds(OfMetrics("TIMEOUT"), "OTEL_EXPORTER_OTLP_TIMEOUT", 10_000), Milliseconds(Value("OTEL_METRIC_EXPORT_TIMEOUT"), "OTEL_METRIC_EXPORT_TIMEOUT", 30_000)),
            OtlpTls.Read(OfMetrics("CERTIFICATE"), OfMetrics("CLIENT_CERTIFICATE"), OfMetrics("CLIENT_KEY")));
    }

    /// <summary>Pairs <c>key=value</c>, separated by commas, percent-encoded.</summary>
    private static Dictionary<string, string> Pairs(string? text, string name)
    {
        var pairs = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // The pair is not quoted: it may hold a key.
            if (pair.Split('=', 2) is not [{ Length: > 0 } key, var value])
                throw Wrong($"{name} has an entry that is no key=value.", "Separate entries with commas, and write commas in values as %2C.");
            pairs[Uri.UnescapeDataString(key.Trim())] = Uri.UnescapeDataString(value.Trim());
        }

        return pairs;
    }

    // One is about a request, the other about all of an export, which is one request.
    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Milliseconds(string? text, string name, int otherwise)
    {
        if (text is null)
            return TimeSpan.FromMilliseconds(otherwise);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds > 0
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw Wrong($"{name}: expected milliseconds above 0, found '{text}'.", "Set it to a whole number, or unset it.");
    }

    internal static CdcSyncException Wrong(string what, string remedy) => new(ErrorCodes.WrongUsage, what, $"{remedy} Run: cdcsync run --help");
}

/// <summary>The form of what is sent.</summary>
internal enum OtlpProtocol
{
    /// <summary>The binary form.</summary>
    Protobuf,

    /// <summary>JSON.</summary>
    Json,
}
