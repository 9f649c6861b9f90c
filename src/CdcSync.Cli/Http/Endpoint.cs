using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using CdcSync.Cli.Http.Api;
using CdcSync.Cli.Http.Page;
using CdcSync.Cli.Observing;
using CdcSync.Cli.Output;
using CdcSync.Core.Errors;
using CdcSync.Core.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace CdcSync.Cli.Http;

/// <summary>The daemon's HTTP endpoint: who may ask, what is there, where it listens. docs/http.md has every path.</summary>
internal sealed class Endpoint : IAsyncDisposable
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];
    private readonly WebApplication _app;

    private Endpoint(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    /// <summary>Where it answers, with the port that was chosen.</summary>
    public Uri Address { get; }

    /// <summary>Starts it.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.EndpointUnprotected"/>, <see cref="ErrorCodes.EndpointUnavailable"/>.</exception>
    public static async Task<Endpoint> StartAsync(EndpointOptions options, LiveWorker worker, SecretScrubber scrubber, ILoggerProvider log, CancellationToken ct)
    {
        options.Check();
        var app = Build(options, log);
        var answers = new Answers(scrubber);
        var guard = new RequestGuard(options, worker.Time);
        var refusals = new Refusals(worker.Refused, new Repetitions(worker.Time, worker.RepeatAfter), log.CreateLogger("http"));
        app.Use((context, next) => AnswerAsync(context, next, guard, answers, refusals));
        var metrics = worker.Metrics;
        var readiness = new Readiness(metrics);
        app.MapMethods("/healthz", Reading, context => answers.LineAsync(context, HttpStatusCode.OK, "ok"));
        app.MapMethods("/readyz", Reading, context =>
        {
            var (isReady, why) = readiness.Ask();
            return answers.LineAsync(context, isReady ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, why);
        });
        app.MapMethods("/metrics", Reading, context =>
        {
            var format = ExpositionNegotiation.Choose(context.Request.Headers[HeaderNames.Accept].ToString());
            context.Response.Headers[HeaderNames.Vary] = HeaderNames.Accept;
            return answers.TextAsync(context, Exposition.Write(metrics.Registry, format), Exposition.ContentType(format));
        });
        new ReadRoutes(worker, options, answers).MapTo(app);
        new OrderRoutes(worker, answers, log.CreateLogger("orders")).MapTo(app);
        new PageRoutes(options, guard, answers, refusals, worker.Time).MapTo(app);
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

        return new Endpoint(app);
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
    }

    private static WebApplication Build(EndpointOptions options, ILoggerProvider log)
    {
        // Empty: neither appsettings.json nor ASPNETCORE_* in the environment may open another door.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).AddFilter("Microsoft.AspNetCore.Hosting", LogLevel.None);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>().AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 100;
            kestrel.Limits.MaxRequestBodySize = 16 << 10;
            kestrel.Listen(options.Address, listen => Encrypt(listen, options.Certificate));
        });
        return builder.Build();
    }

    private static void Encrypt(ListenOptions listen, CertificateFiles? files)
    {
        if (files is null)
            return;
        var certificate = new CurrentCertificate(files);
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => new(new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Context }) });
    }

    /// <summary>Everything goes through here: the guard first, and whatever goes wrong behind it becomes a problem.</summary>
    private static async Task AnswerAsync(HttpContext context, RequestDelegate next, RequestGuard guard, Answers answers, Refusals refusals)
    {
        var headers = context.Response.Headers;
        headers[HeaderNames.CacheControl] = "no-store";
        headers[HeaderNames.XContentTypeOptions] = "nosniff";
        headers[HeaderNames.ContentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Referrer-Policy"] = "same-origin";
        if (context.Request.IsHttps)
            headers[HeaderNames.StrictTransportSecurity] = "max-age=31536000";
        if (guard.Check(context.Request) is var (reason, problem))
        {
            // Whoever comes to the page for the first time has no token yet: that is the way in.
            var isWayIn = reason == RefusalReason.NoToken && context.Request.Path == "/" && HttpMethods.IsGet(context.Request.Method);
            if (!isWayIn)
                refusals.Tell(context, reason, problem);
            await (problem.Status == HttpStatusCode.Unauthorized && context.Request.Path == "/" && HttpMethods.IsGet(context.Request.Method) ? PageRoutes.AskAsync(context, answers) : answers.ProblemAsync(context, problem));
            return;
        }

        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed, ContentLength: null } response)
                await answers.ProblemAsync(context, new Problem((HttpStatusCode)response.StatusCode, ErrorCodes.RequestInvalid, $"{context.Request.Method} {context.Request.Path} is not served here.", "docs/http.md lists what is. Run: cdcsync run --help"));
        }
        catch (CdcSyncException fault) when (!context.Response.HasStarted)
        {
            await answers.ProblemAsync(context, Problem.Of(fault));
        }
        catch (Exception e) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await answers.ProblemAsync(context, Problem.Of(UnexpectedFault.Of(e)));
        }
    }

    /// <summary>Signals are the command line's business.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
