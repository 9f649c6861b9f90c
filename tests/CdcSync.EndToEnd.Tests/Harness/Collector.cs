using System.Collections.Concurrent;
using System.Net;

namespace CdcSync.EndToEnd.Tests.Harness;

/// <summary>A real listener on loopback that keeps what is POSTed to it: a collector of metrics, or whoever a webhook tells.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly HttpListener _listener;
    private readonly Task _serving;

    public Collector()
    {
        (_listener, Address) = Loopback.Listen();
        _serving = Task.Run(ServeAsync);
    }

    public Uri Address { get; }

    public int Answer { get; init; } = 200;

    public ConcurrentQueue<(string Path, string? ContentType, string? Key, string Body)> Received { get; } = [];

    public async Task UntilAsync(Func<(string Path, string? ContentType, string? Key, string Body), bool> holds)
    {
        for (var i = 0; !Received.Any(holds); i++)
        {
            Assert.True(i < 6_000, "it did not come true");
            await Task.Delay(10);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var body = new StreamReader(context.Request.InputStream);
                Received.Enqueue((context.Request.Url!.AbsolutePath, context.Request.ContentType, context.Request.Headers["x-key"], await body.ReadToEndAsync()));
                context.Response.StatusCode = Answer;
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // It was closed.
        }
    }
}
