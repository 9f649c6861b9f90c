using System.Globalization;
using CdcSync.Cli.Output;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Yaml;
using Microsoft.AspNetCore.Http;

namespace CdcSync.Cli.Http.Api;

/// <summary>A request's parameters: all in its query, none unknown, none twice but <c>dataset</c>. A misspelt one must not become "all datasets".</summary>
internal sealed class Query
{
    private readonly IQueryCollection _query;

    /// <param name="request">The request.</param>
    /// <param name="known">The parameters it may have beside <c>dataset</c>.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.RequestInvalid"/>: another one, or a body.</exception>
    public Query(HttpRequest request, params string[] known)
    {
        _query = request.Query;
        if (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0)
            throw Invalid("the request has a body; parameters are taken from the query, such as ?dataset=orders.");
        foreach (var (name, values) in _query)
        {
            if (name != "dataset" && !known.Contains(name, StringComparer.Ordinal))
                throw Invalid($"unknown parameter '{name}'.{Suggestion.For(name, [.. known, "dataset"])}");
            if (name != "dataset" && values.Count > 1)
                throw Invalid($"parameter '{name}' is there more than once.");
        }
    }

    /// <summary>The datasets named; null = all.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.UnknownDataset"/>.</exception>
    public IReadOnlySet<DatasetId>? Datasets(Pipeline pipeline) => _query["dataset"] is { Count: > 0 } names ? names.Select(n => Find(pipeline, n ?? "").Id).ToHashSet() : null;

    /// <summary>The datasets named; at least one.</summary>
    public IReadOnlySet<DatasetId> RequiredDatasets(Pipeline pipeline) => Datasets(pipeline) ?? throw Invalid("expected at least one ?dataset=NAME.");

    /// <summary>A dataset by name.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.UnknownDataset"/>.</exception>
    public static Dataset Find(Pipeline pipeline, string name) => pipeline.Datasets.FirstOrDefault(d => d.Id.Value == name)
        ?? throw new CdcSyncException(ErrorCodes.UnknownDataset, $"pipeline '{pipeline.Name}' has no dataset of that name.{Suggestion.For(name, pipeline.Datasets.Select(d => d.Id.Value))}", "Run: cdcsync status");

    /// <summary>A range of the one dataset that is named; null where there is none.</summary>
    public RowRange? Range(Pipeline pipeline)
    {
        if (One("range") is not { } text)
            return null;
        return _query["dataset"] is { Count: 1 } names ? RowRange.Parse(Find(pipeline, names[0] ?? ""), text) : throw Invalid("range needs the one dataset that it is of.");
    }

    /// <summary>How many entries, 1 to 10,000.</summary>
    public int Limit(int otherwise) => One("limit") is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is > 0 and <= 10_000 ? limit : throw Invalid("expected limit=1 to limit=10000.");

    /// <summary>True or false; false where it is not there.</summary>
    public bool Flag(string name) => One(name) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw Invalid($"expected {name}=true or {name}=false."),
    };

    /// <summary>One of an enum's words.</summary>
    public TEnum Word<TEnum>(string name, TEnum otherwise)
        where TEnum : struct, Enum
    {
        if (One(name) is not { } word)
            return otherwise;
        var words = Enum.GetValues<TEnum>().ToDictionary(v => Words.Of(v), v => v, StringComparer.Ordinal);
        return words.TryGetValue(word, out var value) ? value : throw Invalid($"{name} is none of {string.Join(", ", words.Keys)}.");
    }

    private string? One(string name) => _query[name] is { Count: > 0 } values ? values[0] : null;

    private static CdcSyncException Invalid(string message) => new(ErrorCodes.RequestInvalid, message, "docs/http.md has every path with its parameters. Run: cdcsync run --help");
}
