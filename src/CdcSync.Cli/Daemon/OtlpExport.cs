using System.Net.Http.Headers;
using CdcSync.Cli.Observing;
using CdcSync.Core.Metrics;
using Microsoft.Extensions.Logging;

namespace CdcSync.Cli.Daemon;

/// <summary>Pushes metrics to a collector at an interval, and once more at the end. A receiver that is away costs its values of that time, and nothing else.</summary>
internal sealed class OtlpExport : IAsyncDisposable
{
    private readonly OtlpOptions _options;
    private readonly MetricRegistry _registry;
    private readonly string _version;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly DateTimeOffset _begun;
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _exporting;
    private bool _isFailing;

    public OtlpExport(OtlpOptions options, MetricRegistry registry, string version, TimeProvider time, ILogger log)
    {
        (_options, _registry, _version, _time, _log) = (options, registry, version, time, log);
        _begun = time.GetUtcNow();
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, SslOptions = options.Tls.Options() }) { Timeout = options.Timeout };
        foreach (var (name, value) in options.Headers)
            _http.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        _exporting = Task.Run(ExportAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _exporting;
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task ExportAsync()
    {
        while (true)
        {
            await Task.Delay(_options.Interval, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Asked before: what is sent while it is told to stop does not say how it ended.
            var isLast = _stop.IsCancellationRequested;
            Tell(await SendAsync());
            if (isLast)
                return;
        }
    }

    /// <returns>What was wrong; null = nothing.</returns>
    private async Task<string?> SendAsync()
    {
        var (body, type) = _options.Protocol == OtlpProtocol.Json
            ? (OtlpMetrics.Write(_registry, _options.Resource, _version, _begun, _time.GetUtcNow()), "application/json")
            : (OtlpProtobuf.Write(_registry, _options.Resource, _version, _begun, _time.GetUtcNow()), "application/x-protobuf");
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        try
        {
            using var answer = await _http.PostAsync(_options.Endpoint, content, CancellationToken.None);
            return answer.IsSuccessStatusCode ? null : $"the collector answered {(int)answer.StatusCode}";
        }
        catch (HttpRequestException e)
        {
            return $"the collector can't be reached ({e.HttpRequestError})";
        }
        catch (OperationCanceledException)
        {
            return "the collector did not answer in time";
        }
    }

    /// <summary>A collector that is away is told once, and once that it is back.</summary>
    private void Tell(string? problem)
    {
        if (problem is not null && !_isFailing)
            _log.ExportFailed(problem);
        if (problem is null && _isFailing)
            _log.ExportWorksAgain();
        _isFailing = problem is not null;
    }
}
