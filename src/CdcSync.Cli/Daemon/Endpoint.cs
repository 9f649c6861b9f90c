using System.Net;
using System.Net.Sockets;
using System.Text;
using CdcSync.Core.Errors;
using CdcSync.Core.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace CdcSync.Cli.Daemon;

/// <summary>The daemon's HTTP endpoint: /metrics, /healthz, /readyz.</summary>
internal sealed class Endpoint : IAsyncDisposable
{
    private const string PlainText = "text/plain; charset=utf-8";
    private readonly WebApplication _app;

    private Endpoint(WebApplication app, Uri address)
    {
        _app = app;
        Address = address;
    }

    /// <summary>Where it answers, with the port that was chosen.</summary>
    public Uri Address { get; }

    /// <summary>Starts it.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.EndpointUnprotected"/>, <see cref="ErrorCodes.EndpointUnavailable"/>.</exception>
    public static async Task<Endpoint> StartAsync(EndpointOptions options, SyncMetrics metrics, ILoggerProvider log, CancellationToken ct)
    {
        options.Check();
        // Empty: neither appsettings.json nor ASPNETCORE_* in the environment may open another door.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).AddFilter("Microsoft.AspNetCore.Hosting", LogLevel.None);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 100;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(options.Address);
        });
        var app = builder.Build();
        var guard = new RequestGuard(options);
        var readiness = new Readiness(metrics);
        app.Run(context => AnswerAsync(context, guard, readiness, metrics));
        try
        {
            await app.StartAsync(ct);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await app.DisposeAsync();
            throw new CdcSyncException(ErrorCodes.EndpointUnavailable, $"{options.Address} can't be listened on: it is in use or not an address of this machine.",
                "Name another address, or port 0 for any. Run: cdcsync run --listen 127.0.0.1:0", e);
        }

        return new Endpoint(app, new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()));
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
    }

    private static Task AnswerAsync(HttpContext context, RequestGuard guard, Readiness readiness, SyncMetrics metrics)
    {
        context.Response.Headers[HeaderNames.CacheControl] = "no-store";
        context.Response.Headers[HeaderNames.XContentTypeOptions] = "nosniff";
        if (!guard.IsHostAllowed(context.Request))
            return SayAsync(context, HttpStatusCode.BadRequest, "this host name is not served here; see http.hosts");
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers[HeaderNames.Allow] = "GET, HEAD";
            return SayAsync(context, HttpStatusCode.MethodNotAllowed, "only GET and HEAD");
        }

        switch (context.Request.Path.Value)
        {
            case "/healthz":
                return SayAsync(context, HttpStatusCode.OK, "ok");
            case "/readyz":
                var (isReady, why) = readiness.Ask();
                return SayAsync(context, isReady ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, why);
            case "/metrics" when guard.IsTokenRight(context.Request):
                var format = ExpositionNegotiation.Choose(context.Request.Headers[HeaderNames.Accept].ToString());
                context.Response.Headers[HeaderNames.Vary] = HeaderNames.Accept;
                return SayAsync(context, HttpStatusCode.OK, Exposition.Write(metrics.Registry, format), Exposition.ContentType(format));
            case "/metrics":
                context.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
                return SayAsync(context, HttpStatusCode.Unauthorized, "a token is asked for");
            default:
                return SayAsync(context, HttpStatusCode.NotFound, "/metrics, /healthz or /readyz");
        }
    }

    private static Task SayAsync(HttpContext context, HttpStatusCode status, string text, string contentType = PlainText)
    {
        var body = Encoding.UTF8.GetBytes(text.EndsWith('\n') ? text : text + "\n");
        context.Response.StatusCode = (int)status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>Signals are the command line's business.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
