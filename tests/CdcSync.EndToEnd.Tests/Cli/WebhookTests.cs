using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CdcSync.Arrow;
using CdcSync.Cli.Config;
using CdcSync.Cli.Webhooks;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Metrics;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;
using CdcSync.Core.Yaml;
using CdcSync.EndToEnd.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;

namespace CdcSync.EndToEnd.Tests.Cli;

public sealed class WebhookTests : IAsyncDisposable
{
    private const string Key = "0123456789abcdef";
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly MetricRegistry _metrics = new();
    private readonly Receiver _receiver = new();
    private readonly QuickTime _time = new();

    [Fact]
    public async Task What_is_published_is_told_and_signed_as_the_specification_says()
    {
        await using var observer = Observer();
        observer.BatchCommitted(Orders, Batch(7, Noon));
        var got = await _receiver.NextAsync();
        Assert.Equal(("published", "shop", "orders", "2026-03-01T12:00:00.000Z", 7L, 3L), (got.Text("event"), got.Text("pipeline"), got.Text("dataset"), got.Text("completeUpTo"), got.Number("generation"), got.Number("rows")));
        Assert.Equal(1, got.Number("schemaVersion"));
        Assert.Equal(got.Text("id"), got.Headers["webhook-id"]);
        var signed = Encoding.UTF8.GetBytes($"{got.Headers["webhook-id"]}.{got.Headers["webhook-timestamp"]}.").Concat(got.Body).ToArray();
        Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), signed)), got.Headers["webhook-signature"]);
    }

    [Fact]
    public async Task A_receiver_that_fails_is_told_again_with_the_same_id_and_nothing_waits_for_it()
    {
        _receiver.Answers = new([503, 429, 200]);
        await using var observer = Observer();
        observer.BatchCommitted(Orders, Batch(7, Noon));
        var ids = new[] { await _receiver.NextAsync(), await _receiver.NextAsync(), await _receiver.NextAsync() }.Select(r => r.Text("id"));
        Assert.Single(ids.Distinct());
        await UntilAsync(() => Count("delivered") == 1);
        Assert.Equal((2, 0), (Count("failed"), Count("dropped")));
    }

    [Fact]
    public async Task A_receiver_that_refuses_is_not_asked_again_and_a_redirect_is_not_followed()
    {
        _receiver.Answers = new([410, 302]);
        await using var observer = Observer();
        observer.PhaseChanged(Orders, DatasetPhase.Blocked);
        observer.PhaseChanged(Orders, DatasetPhase.Streaming);
        await UntilAsync(() => Count("dropped") == 2);
        Assert.Equal((2, 0, 0), (_receiver.Requests, Count("failed"), Count("delivered")));
    }

    [Fact]
    public async Task Drift_of_a_control_total_is_told_by_its_name_and_neither_it_nor_a_range_ends_that_of_rows()
    {
        await using var observer = Observer();
        observer.Reconciled(Orders, Compared(ReconcileMode.Digest, missing: 3));
        observer.Reconciled(Orders, Compared(ReconcileMode.Totals, groups: 2));
        observer.Reconciled(Orders, Compared(ReconcileMode.Totals, groups: 1, inFlight: 1));
        observer.Reconciled(Orders, Compared(ReconcileMode.Digest) with { Request = new(ReconcileMode.Digest, false) { Range = new("id=1..2", 0, 1, 2) } });
        observer.Reconciled(Orders, Compared(ReconcileMode.Totals));
        observer.Reconciled(Orders, Compared(ReconcileMode.Digest));
        var told = new List<string>();
        while (told.Count < 4)
        {
            var got = await _receiver.NextAsync();
            told.Add($"{got.Text("event")} {got.Text("from")} {got.Text("check")}");
        }

        Assert.Equal(["drift  ", "drift  revenue", "recovered drift revenue", "recovered drift "], told);

        static ReconcileReport Compared(ReconcileMode mode, long missing = 0, long groups = 0, long inFlight = 0) => new()
        {
            Id = Guid.Empty,
            Dataset = Orders.Id,
            Request = new(mode, IsRepair: false),
            StartedAt = Noon,
            FinishedAt = Noon,
            SourceRows = 9,
            TargetRows = 9,
            SoftDeleted = 0,
            Explained = 0,
            InFlight = inFlight,
            Found = new(missing, 0, 0),
            Repaired = default,
            RowsTravelled = 0,
            IsCut = false,
            Keys = [],
            Map = [],
            Totals = mode == ReconcileMode.Totals ? [new("revenue", 9, groups, [])] : [],
        };
    }

    [Fact]
    public async Task Trouble_is_told_once_and_that_it_is_over_only_after_it_was()
    {
        await using var observer = Observer();
        observer.PhaseChanged(Orders, DatasetPhase.Streaming);
        observer.PhaseChanged(Orders, DatasetPhase.Blocked);
        observer.PhaseChanged(Orders, DatasetPhase.Blocked);
        observer.PhaseChanged(Orders, DatasetPhase.Streaming);
        observer.PhaseChanged(Orders, DatasetPhase.ResyncRequired);
        observer.QuarantineCounted(Orders, 4);
        observer.QuarantineCounted(Orders, 2);
        var told = new List<string>();
        while (told.Count < 4)
        {
            var got = await _receiver.NextAsync();
            told.Add($"{got.Text("event")} {got.Text("from")}");
        }

        Assert.Equal(["blocked ", "recovered blocked", "resync_required ", "quarantined "], told);
    }

    [Fact]
    public async Task A_broken_check_is_told_by_its_name_and_so_is_its_recovery()
    {
        await using var observer = Observer();
        Checked("few", CheckSeverity.Warning, CheckVerdict.Failed);      // nobody's contract is broken by a warning
        Checked("rows", CheckSeverity.Error, CheckVerdict.Passed);
        Checked("rows", CheckSeverity.Error, CheckVerdict.Failed);
        Checked("parents", CheckSeverity.Error, CheckVerdict.Unanswered);
        Checked("rows", CheckSeverity.Error, CheckVerdict.Failed);
        Checked("rows", CheckSeverity.Error, CheckVerdict.Waiting);
        Checked("rows", CheckSeverity.Error, CheckVerdict.Passed);
        var told = new List<string>();
        while (told.Count < 3)
        {
            var got = await _receiver.NextAsync();
            told.Add($"{got.Text("event")} {got.Text("from")} {got.Text("check")}");
        }

        Assert.Equal(["contract_broken  rows", "contract_broken  parents", "recovered contract_broken rows"], told);

        void Checked(string check, CheckSeverity severity, CheckVerdict verdict) => observer.Checked(Orders, [new CheckResult(check, severity, verdict, null, "", null, Noon)]);
    }

    [Fact]
    public async Task Changed_columns_an_orders_end_and_an_empty_quarantine_are_told()
    {
        await using var observer = Observer();
        observer.SchemaChanged(Orders, [new SchemaChange(SchemaChangeKind.Added, "colour", "colour text was added")]);
        observer.OrderEnded(Orders, new OrderEnd(new Order.Sync(), Noon, null, null));
        observer.OrderEnded(Orders, new OrderEnd(new Order.Backfill(null), Noon, null, new CdcSyncException(ErrorCodes.SourceUnavailable, "gone.", "Run: cdcsync status")));
        observer.QuarantineCounted(Orders, 2);
        observer.QuarantineCounted(Orders, 0);
        observer.QuarantineCounted(Orders, 0);
        observer.QuarantineCounted(Orders, 1);
        var changed = await _receiver.NextAsync();
        Assert.Equal("schema_changed", changed.Text("event"));
        Assert.Equal("""[{"kind":"added","column":"colour","text":"colour text was added"}]""", JsonDocument.Parse(changed.Body).RootElement.GetProperty("changes").GetRawText());
        var told = new List<string>();
        while (told.Count < 5)
        {
            var got = await _receiver.NextAsync();
            told.Add($"{got.Text("event")} {got.Text("from")} {got.Text("order")} {got.Text("outcome")} {got.Text("error")}".TrimEnd());
        }

        Assert.Equal(["order_ended  sync done", "order_ended  backfill failed CDC2001", "quarantined", "recovered quarantined", "quarantined"], told);
    }

    [Fact]
    public async Task A_webhook_is_told_of_its_events_and_datasets_only()
    {
        await using var observer = Observer(new HashSet<WebhookEvent> { WebhookEvent.Blocked }, "orders");
        observer.BatchCommitted(Orders, Batch(7, Noon));
        observer.PhaseChanged(Orders with { Id = new DatasetId("returns") }, DatasetPhase.Blocked);
        observer.PhaseChanged(Orders, DatasetPhase.Blocked);
        var got = await _receiver.NextAsync();
        Assert.Equal(("blocked", "orders"), (got.Text("event"), got.Text("dataset")));
    }

    [Fact]
    public async Task Of_what_waits_the_newer_published_takes_the_olders_place_and_the_oldest_goes_when_it_is_full()
    {
        var queue = new WebhookQueue(limit: 3);
        Assert.False(queue.Add(Published("a", 1)));
        Assert.False(queue.Add(Blocked("a")));
        Assert.False(queue.Add(Published("b", 1)));
        Assert.False(queue.Add(Published("a", 2)));
        Assert.True(queue.Add(Blocked("b")));
        var order = new List<string>();
        while (queue.Count > 0)
        {
            var next = await queue.TakeAsync(CancellationToken.None);
            order.Add($"{next.Event} {next.Dataset} {next.Generation}");
        }

        Assert.Equal(["published b 1", "published a 2", "blocked b "], order);
    }

    [Fact]
    public async Task A_daemon_tells_its_webhooks_and_counts_it()
    {
        using var pipeline = new PipelineFolder(more: $"http: {{ listen: \"127.0.0.1:0\" }}\nwebhooks: {{ hook: {{ url: \"{_receiver.Address}?token=canary\", key: \"${{env:HOOK}}\", events: [published] }} }}\n");
        await pipeline.TrackAsync();
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate"], new Dictionary<string, string> { ["HOOK"] = Key });
        var metrics = new Uri(System.Text.RegularExpressions.Regex.Match(await daemon.WaitForLineAsync("^ready:"), @"http://\S+").Value);
        Assert.Equal("published", (await _receiver.NextAsync()).Text("event"));
        using var client = new HttpClient();
        await UntilAsync(async () => (await client.GetStringAsync(metrics)).Split('\n').Any(l => l.StartsWith("cdcsync_webhook_deliveries_total{pipeline=\"shop\",webhook=\"hook\",outcome=\"delivered\"} ", StringComparison.Ordinal) && !l.EndsWith(" 0", StringComparison.Ordinal)));
        daemon.Send(Signal.Terminate);
        var result = await daemon.WaitForExitAsync();
        Assert.Equal(143, result.ExitCode);
        Assert.DoesNotContain("canary", result.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Key, result.ToString(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        _metrics.Dispose();
    }

    private static Dataset Orders { get; } = new()
    {
        Id = new DatasetId("orders"),
        SourceName = "shop",
        Object = new SourceObject.Table(null, "orders"),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, "orders"),
        Columns = [new DatasetColumn("id", "id", Int64Type.Default, Int64Type.Default, 0)],
        Contract = new ContractReference("orders", "1.0.0", "team"),
    };

    private WebhookObserver Observer(IReadOnlySet<WebhookEvent>? events = null, params string[] datasets)
    {
        var key = new SecretString(ReferenceText.Parse(Key, out _)!, new References("."), "***");
        return new WebhookObserver("shop", [new WebhookConfig("hook", _receiver.Address, key, events ?? Enum.GetValues<WebhookEvent>().ToHashSet(), datasets.ToHashSet())], _metrics, _time, NullLogger.Instance);
    }

    private static BatchReport Batch(long generation, DateTimeOffset completeUpTo) => new(generation, BatchKind.Window, new Checkpoint(generation, new SourceIdentity("t", "1"), new Position("t", "1"), null, completeUpTo),
        new MergeStats(1, 1, 1, 0), 3, 0, null, null, new Dictionary<string, TimeSpan>())
    { Publication = Guid.CreateVersion7() };

    private static WebhookDocument Published(string dataset, long generation) => new("id", "published", "", "shop", dataset, null, generation, "publication");

    private static WebhookDocument Blocked(string dataset) => new("id", "blocked", "", "shop", dataset);

    private int Count(string outcome) => int.Parse(System.Text.RegularExpressions.Regex.Match(Exposition.Write(_metrics, ExpositionFormat.PrometheusText), $"outcome=\"{outcome}\"}} (\\d+)").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var i = 0; !await holds(); i++)
        {
            Assert.True(i < 3_000, "it did not come true");
            await Task.Delay(10);
        }
    }

    /// <summary>Waits of seconds take milliseconds.</summary>
    private sealed class QuickTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => System.CreateTimer(callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : dueTime / 100, period);
    }

    /// <summary>A real listener on loopback.</summary>
    private sealed class Receiver : IAsyncDisposable
    {
        private readonly HttpListener _listener;
        private readonly ConcurrentQueue<Received> _received = [];
        private readonly SemaphoreSlim _rung = new(0);
        private readonly Task _serving;

        public Receiver()
        {
            (_listener, Address) = Loopback.Listen();
            _serving = Task.Run(ServeAsync);
        }

        public Uri Address { get; }

        public ConcurrentQueue<int> Answers { get; set; } = [];

        public int Requests { get; private set; }

        public async Task<Received> NextAsync()
        {
            Assert.True(await _rung.WaitAsync(TimeSpan.FromSeconds(60)), "nothing was told");
            Assert.True(_received.TryDequeue(out var next));
            return next;
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
                    using var body = new MemoryStream();
                    await context.Request.InputStream.CopyToAsync(body);
                    Requests++;
                    _received.Enqueue(new Received(context.Request.Headers.AllKeys.ToDictionary(k => k!.ToLowerInvariant(), k => context.Request.Headers[k]!), body.ToArray()));
                    context.Response.StatusCode = Answers.TryDequeue(out var answer) ? answer : 204;
                    if (answer == 302)
                        context.Response.RedirectLocation = Address.ToString();
                    context.Response.Close();
                    _rung.Release();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // It was closed.
            }
        }
    }

    private sealed record Received(IReadOnlyDictionary<string, string> Headers, byte[] Body)
    {
        private JsonElement Root => JsonDocument.Parse(Body).RootElement;

        public string? Text(string field) => Root.GetProperty(field).GetString();

        public long? Number(string field) => Root.GetProperty(field).GetInt64();
    }
}
