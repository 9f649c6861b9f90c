using System.Net.Http.Headers;
using System.Text.Json;
using CdcSync.Cli;
using CdcSync.Cli.Config;
using CdcSync.Cli.Http;
using CdcSync.Cli.Http.Api;
using CdcSync.Cli.Live;
using CdcSync.Cli.Observing;
using CdcSync.Cli.Output;
using CdcSync.Core.Metrics;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;
using CdcSync.Core.Yaml;
using CdcSync.EndToEnd.Tests.Cli;

namespace CdcSync.EndToEnd.Tests.Http;

/// <summary>A small pipeline with its endpoint, in this process; the engine works where it is told to.</summary>
internal sealed class ServedPipeline : IAsyncDisposable
{
    public const string Token = "a-right-token-0123456789";
    private readonly CancellationTokenSource _stop = new();
    private readonly StringWriter _log = new();
    private readonly Terminal _terminal;
    private readonly Composition _composition;
    private readonly LiveWorker _live;
    private readonly HttpClient _client = new();
    private readonly SyncEngine _engine;
    private Endpoint? _endpoint;
    private Task? _working;

    public ServedPipeline(string interval = "1s")
    {
        Folder = new PipelineFolder(interval: interval);
        _terminal = new Terminal(_log, _log, new TerminalAbilities(false, false));
        Config = PipelineConfig.Load(Folder["cdcsync.yaml"]).OrThrow();
        _composition = new Composition(Config, _terminal.Scrubber);
        _terminal.Scrubber.Add(Token);
        Metrics = new SyncMetrics(Config.Pipeline, "1", TimeProvider.System);
        Observer = new MetricsObserver(Metrics, Config.Pipeline);
        var (board, batches) = (new LiveBoard(Config.Pipeline, TimeProvider.System), new RecentBatches(TimeProvider.System));
        _engine = _composition.Engine(new Observers(board, batches, Observer));
        _live = new LiveWorker(Config, Control, _engine, Metrics, board, batches, TimeProvider.System);
    }

    public PipelineFolder Folder { get; }

    public PipelineConfig Config { get; }

    public SyncMetrics Metrics { get; }

    public MetricsObserver Observer { get; }

    public IControlStore Control => _composition.Warehouse.Control;

    public Uri Address => _endpoint!.Address;

    /// <summary>What the process would have said.</summary>
    public string Log => _log.ToString();

    public static EndpointOptions Loopback { get; } = new(EndpointOptions.Parse("127.0.0.1:0"));

    public static SecretString Secret(string value) => new(ReferenceText.Parse("${env:TOKEN}", out _), new References("/", _ => value), "${env:TOKEN}");

    /// <summary>With its engine at work and every dataset loaded; the token is asked for.</summary>
    public static async Task<ServedPipeline> WorkingAsync(string interval = "1s")
    {
        var served = new ServedPipeline(interval);
        await served.Folder.TrackAsync();
        await served.Control.MigrateAsync(CancellationToken.None);
        await served.ServeAsync(Loopback with { Token = Secret(Token) });
        served._working = served._engine.RunAsync(served._stop.Token);
        await served.UntilAsync("status", status => status.GetProperty("datasets").EnumerateArray().All(d => d.GetProperty("state").GetString() == "streaming" && d.GetProperty("completeUpTo").ValueKind == JsonValueKind.String));
        return served;
    }

    public async Task<Endpoint> ServeAsync(EndpointOptions options) => _endpoint = await Endpoint.StartAsync(options, _live, _terminal.Scrubber, new TerminalLog(_terminal, TimeProvider.System), CancellationToken.None);

    /// <summary>Asks with the token.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body = null) =>
        _client.SendAsync(new HttpRequestMessage(method, new Uri(_endpoint!.Address, $"/api/v1/{path}")) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Token) }, Content = body });

    public async Task<JsonElement> GetAsync(string path) => await JsonAsync(await SendAsync(HttpMethod.Get, path), 200);

    public async Task<JsonElement> PostAsync(string path, int status = 202) => await JsonAsync(await SendAsync(HttpMethod.Post, path), status);

    /// <summary>Asks until the answer is as expected.</summary>
    public async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> holds)
    {
        for (var attempt = 0; attempt < 1_200; attempt++)
        {
            var answer = await GetAsync(path);
            if (holds(answer))
                return answer;
            Assert.True(_working is not { IsCompleted: true }, Log);
            await Task.Delay(50);
        }

        throw new TimeoutException($"{await GetAsync(path)}\n{Log}");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_working is not null)
            await _working;
        if (_endpoint is not null)
            await _endpoint.DisposeAsync();
        _live.Dispose();
        await _composition.DisposeAsync();
        Metrics.Dispose();
        _client.Dispose();
        _stop.Dispose();
        Folder.Dispose();
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer, int status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{answer.StatusCode}: {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
