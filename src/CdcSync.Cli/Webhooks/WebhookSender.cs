using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using CdcSync.Cli.Config;
using CdcSync.Cli.Observing;
using Microsoft.Extensions.Logging;

namespace CdcSync.Cli.Webhooks;

/// <summary>Tells one receiver, one document after the other. Never holds up whoever adds to its queue; never tells where its receiver is.</summary>
internal sealed class WebhookSender : IAsyncDisposable
{
    /// <summary>Documents that may wait.</summary>
    public const int Limit = 256;

    // From one second, doubling, five minutes at the most: about an hour in all.
    private const int Attempts = 25;
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(3);

    private readonly WebhookConfig _webhook;
    private readonly byte[] _key;
    private readonly WebhookMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly WebhookQueue _queue = new(Limit);
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Patience };
    private readonly Task _sending;
    private volatile bool _isTelling;

    public WebhookSender(WebhookConfig webhook, WebhookMetrics metrics, TimeProvider time, ILogger log)
    {
        _webhook = webhook;
        _key = KeyBytes.Decode(webhook.Key.Reveal()).Key!;
        _metrics = metrics;
        _time = time;
        _log = log;
        metrics.Waiting.ComputeFrom(() => _queue.Count + (_isTelling ? 1 : 0));
        _sending = Task.Run(SendAsync);
    }

    /// <summary>The receiver.</summary>
    public WebhookConfig Webhook => _webhook;

    /// <summary>Has a document sent, in its turn.</summary>
    public void Tell(WebhookDocument document)
    {
        if (_queue.Add(document))
            Drop("more wait than are kept");
    }

    /// <summary>Gives what waits a moment more, and then up.</summary>
    public async ValueTask DisposeAsync()
    {
        var until = _time.GetTimestamp();
        while ((_queue.Count > 0 || _isTelling) && _time.GetElapsedTime(until) < Farewell)
            await Task.Delay(TimeSpan.FromMilliseconds(20), _time);
        await _stop.CancelAsync();
        await _sending;
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                var document = await _queue.TakeAsync(_stop.Token);
                _isTelling = true;
                await DeliverAsync(document);
                _isTelling = false;
            }
        }
        catch (OperationCanceledException)
        {
            // The worker stops: what waits is lost, as the documents say.
        }
    }

    private async Task DeliverAsync(WebhookDocument document)
    {
        var body = document.ToUtf8();
        var wait = FirstWait;
        for (var attempt = 1; ; attempt++)
        {
            var (problem, mayPass) = await AttemptAsync(document, body);
            if (problem is null)
            {
                _metrics.Deliveries[DeliveryOutcome.Delivered].Add();
                return;
            }

            if (!mayPass || attempt == Attempts)
            {
                Drop(problem);
                return;
            }

            _metrics.Deliveries[DeliveryOutcome.Failed].Add();
            if (attempt == 1)
                _log.WebhookFailed(_webhook.Name, problem);
            await Task.Delay(wait * (0.5 + (Random.Shared.NextDouble() / 2)), _time, _stop.Token);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    /// <summary>Sends once.</summary>
    /// <returns>What was wrong, and whether it may pass; null = delivered.</returns>
    private async Task<(string? Problem, bool MayPass)> AttemptAsync(WebhookDocument document, byte[] body)
    {
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, _webhook.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", document.Id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", WebhookSignature.Of(_key, document.Id, timestamp, body));
        try
        {
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stop.Token);
            return answer.IsSuccessStatusCode
                ? (null, false)
                : ($"answered {(int)answer.StatusCode}", answer.StatusCode >= HttpStatusCode.InternalServerError || answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or (HttpStatusCode)425);
        }
        catch (HttpRequestException e)
        {
            return ($"can't be reached ({e.HttpRequestError})", true);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            return ("did not answer in time", true);
        }
    }

    private void Drop(string problem)
    {
        _metrics.Deliveries[DeliveryOutcome.Dropped].Add();
        _log.WebhookDropped(_webhook.Name, problem);
    }
}
