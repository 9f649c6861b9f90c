using System.Net;
using System.Text;
using System.Text.Json;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.EndToEnd.Tests.Http;

/// <summary>The API over a real engine on SQLite, in this process.</summary>
public sealed class ApiTests
{
    [Fact]
    public async Task What_is_read_has_the_shapes_of_the_command_line()
    {
        await using var served = await ServedPipeline.WorkingAsync();
        foreach (var (path, command) in new[] { ("status", "status --json"), ("status?dataset=orders", "status orders --json"), ("datasets/orders", "status orders --json"), ("batches?limit=2", "history --limit 2 --json"), ("quarantine", "quarantine list --json") })
        {
            using var said = JsonDocument.Parse((await served.Folder.RunAsync(command.Split(' '))).Out);
            Assert.Equal(Shape(said.RootElement), Shape(await served.GetAsync(path)));
        }
        Assert.Equal(2, (await served.GetAsync("datasets")).GetProperty("datasets").GetArrayLength());
        Assert.Equal(1, (await served.GetAsync("batches?dataset=orders&limit=1")).GetProperty("entries").GetArrayLength());
    }

    [Fact]
    public async Task A_worker_tells_what_it_does_and_who_works()
    {
        await using var served = await ServedPipeline.WorkingAsync();
        var worker = await served.GetAsync("worker");
        Assert.Equal(("shop", "active", true), (Text(worker, "pipeline"), Text(worker, "state"), worker.GetProperty("takesOrders").GetBoolean()));
        Assert.True(worker.GetProperty("lease").GetProperty("isThisWorker").GetBoolean());
        Assert.Equal(Text(worker, "worker"), Text(worker.GetProperty("lease"), "holder"));
        var orders = worker.GetProperty("datasets")[0];
        Assert.Equal(("orders", 1.0), (Text(orders, "dataset"), orders.GetProperty("intervalSeconds").GetDouble()));
        Assert.Equal(2, orders.GetProperty("rowsMerged").GetInt64());
        var batch = worker.GetProperty("batches").EnumerateArray().First(b => b.GetProperty("inserted").GetInt64() > 0);
        Assert.Equal(["land", "publish", "read", "stage"], batch.GetProperty("stageSeconds").EnumerateObject().Select(s => s.Name).Order());
        var lag = await served.GetAsync("lag");
        Assert.Equal((10, 900), (lag.GetProperty("everySeconds").GetInt32(), lag.GetProperty("datasets")[0].GetProperty("targetSeconds").GetInt32()));
    }

    [Fact]
    public async Task One_post_is_a_push_trigger()
    {
        await using var served = await ServedPipeline.WorkingAsync("1h");
        served.Folder.Execute("INSERT INTO orders VALUES (3, 'closed')");
        var taken = await served.PostAsync("sync?dataset=orders");
        Assert.Equal(("sync", "orders", true), (Text(taken, "order"), Text(taken.GetProperty("datasets")[0], "dataset"), taken.GetProperty("datasets")[0].GetProperty("isAccepted").GetBoolean()));
        await served.UntilAsync("batches?dataset=orders&limit=1", b => b.GetProperty("entries")[0].GetProperty("inserted").GetInt64() == 1 && Text(b.GetProperty("entries")[0], "kind") == "window");
        Assert.Matches("orders: sync was ordered from 127.0.0.1: (begins|follows)", served.Log);
        Assert.Equal(2, (await served.PostAsync("sync")).GetProperty("datasets").GetArrayLength());
    }

    [Fact]
    public async Task A_comparison_and_a_repair_are_ordered_from_the_running_worker()
    {
        await using var served = await ServedPipeline.WorkingAsync("1h");
        served.Folder.ExecuteInWarehouse("UPDATE orders SET note = 'edited' WHERE id = 1; DELETE FROM orders WHERE id = 2");
        Assert.Equal(2, (await served.PostAsync("reconcile?mode=digest")).GetProperty("datasets").GetArrayLength());
        var found = await served.UntilAsync("reconciliations?dataset=orders", r => r.GetProperty("reconciliations").GetArrayLength() == 1);
        var report = found.GetProperty("reconciliations")[0].GetProperty("report");
        Assert.Equal(("drift", 1, 1), (Text(found.GetProperty("reconciliations")[0], "outcome"), report.GetProperty("missing").GetInt32(), report.GetProperty("different").GetInt32()));
        await served.PostAsync("reconcile?dataset=orders&repair=true");
        await served.UntilAsync("worker", w => w.GetProperty("datasets")[0].GetProperty("lastOrder") is { ValueKind: JsonValueKind.Object } last && (Text(last, "order"), Text(last, "outcome")) == ("repair", "repaired"));
        Assert.Equal("a,b", served.Folder.Warehouse("SELECT group_concat(note) FROM (SELECT note FROM orders ORDER BY id)"));
    }

    [Fact]
    public async Task A_range_is_read_again()
    {
        await using var served = await ServedPipeline.WorkingAsync("1h");
        served.Folder.ExecuteInWarehouse("UPDATE orders SET note = 'edited'");
        Assert.Equal("backfill", Text(await served.PostAsync("backfill?dataset=orders&range=id%3D1..2"), "order"));
        await served.UntilAsync("worker", w => w.GetProperty("datasets")[0].GetProperty("lastOrder") is { ValueKind: JsonValueKind.Object } last && (Text(last, "order"), Text(last, "outcome")) == ("backfill", "done"));
        Assert.Equal("a,edited", served.Folder.Warehouse("SELECT group_concat(note) FROM (SELECT note FROM orders ORDER BY id)"));
    }

    [Fact]
    public async Task A_pause_holds_orders_and_a_resume_lets_them_in()
    {
        await using var served = await ServedPipeline.WorkingAsync("1h");
        Assert.True((await served.PostAsync("pause?dataset=orders", 200)).GetProperty("isPaused").GetBoolean());
        await served.UntilAsync("worker", w => w.GetProperty("datasets")[0].GetProperty("nextPollAt").ValueKind == JsonValueKind.Null);
        foreach (var order in new[] { "sync?dataset=orders", "reconcile?dataset=orders", "resync?dataset=orders" })
        {
            var refused = await served.PostAsync(order, 409);
            Assert.Equal((ErrorCodes.OrderRefused.Id, "not as things stand: orders is paused, or another of its group.", "Run: cdcsync resume orders"), (Text(refused, "code"), Text(refused, "detail"), Text(refused, "remedy")));
        }

        var some = (await served.PostAsync("sync")).GetProperty("datasets");
        Assert.Equal([("orders", false), ("returns", true)], some.EnumerateArray().Select(d => (Text(d, "dataset"), d.GetProperty("isAccepted").GetBoolean())));
        await served.PostAsync("resume?dataset=orders", 200);
        await served.UntilAsync("worker", w => w.GetProperty("datasets")[0].GetProperty("nextPollAt").ValueKind == JsonValueKind.String);
        await served.PostAsync("sync?dataset=orders");
    }

    [Fact]
    public async Task Rows_in_quarantine_are_tried_again()
    {
        await using var served = await ServedPipeline.WorkingAsync("1h");
        Assert.Empty((await served.PostAsync("quarantine/retry")).GetProperty("datasets").EnumerateArray());
        served.Folder.Execute("INSERT INTO orders VALUES (9, CAST(zeroblob(1) AS BLOB))");
        await served.PostAsync("sync?dataset=orders");
        await served.UntilAsync("quarantine", q => q.GetProperty("rows").GetInt64() == 1);
        var taken = await served.PostAsync("quarantine/retry");
        Assert.Equal(("quarantine_retry", "orders"), (Text(taken, "order"), Text(taken.GetProperty("datasets")[0], "dataset")));
        await served.UntilAsync("worker", w => w.GetProperty("datasets")[0].GetProperty("lastOrder").ValueKind == JsonValueKind.Object);
        Assert.Equal(1, (await served.GetAsync("quarantine?dataset=orders")).GetProperty("rows").GetInt64());
    }

    [Fact]
    public async Task Whoever_stands_by_says_who_works()
    {
        await using var served = new ServedPipeline();
        await served.Control.MigrateAsync(CancellationToken.None);
        await served.Control.TryAcquireLeaseAsync("shop", "the-other/1/abcdef", TimeSpan.FromMinutes(1), CancellationToken.None);
        await served.ServeAsync(ServedPipeline.Loopback with { Token = ServedPipeline.Secret(ServedPipeline.Token) });
        var refused = await served.PostAsync("sync", 409);
        Assert.Equal(ErrorCodes.LeaseLost.Id, Text(refused, "code"));
        Assert.StartsWith("this worker stands by: the-other/1/abcdef holds the lease of pipeline 'shop', until 20", Text(refused, "detail"), StringComparison.Ordinal);
        var lease = (await served.GetAsync("worker")).GetProperty("lease");
        Assert.Equal(("the-other/1/abcdef", false), (Text(lease, "holder"), lease.GetProperty("isThisWorker").GetBoolean()));
    }

    [Theory]
    [InlineData("sync?datset=orders", 400, "unknown parameter 'datset'. Did you mean 'dataset'?")]
    [InlineData("sync?dataset=order", 404, "pipeline 'shop' has no dataset of that name. Did you mean 'orders'?")]
    [InlineData("sync?acceptDeletes=true", 400, "expected at least one ?dataset=NAME.")]
    [InlineData("sync?dataset=orders&acceptVolume=yes", 400, "expected acceptVolume=true or acceptVolume=false.")]
    [InlineData("reconcile?repair=yes", 400, "expected repair=true or repair=false.")]
    [InlineData("reconcile?repair=true&repair=false", 400, "parameter 'repair' is there more than once.")]
    [InlineData("reconcile?mode=deep", 400, "mode is none of digest, keys, full, totals.")]
    [InlineData("reconcile?range=id%3D1..2", 400, "range needs the one dataset that it is of.")]
    [InlineData("backfill?range=id%3D1..2", 400, "range needs the one dataset that it is of.")]
    [InlineData("reconcile?mode=totals&repair=true", 400, "mode=totals says that something differs, and not which rows: it repairs nothing.")]
    [InlineData("backfill", 400, "expected at least one ?dataset=NAME.")]
    [InlineData("pause", 400, "expected at least one ?dataset=NAME.")]
    [InlineData("resync", 400, "expected at least one ?dataset=NAME.")]
    [InlineData("pause?dataset=orders", 404, "orders: no worker has seen it yet, so there is nothing to pause.")]
    [InlineData("status", 405, "POST /api/v1/status is not served here.")]
    public async Task A_request_that_can_not_be_meant_is_not_guessed_at(string path, int status, string detail)
    {
        await using var served = new ServedPipeline();
        await served.Control.MigrateAsync(CancellationToken.None);
        await served.ServeAsync(ServedPipeline.Loopback with { Token = ServedPipeline.Secret(ServedPipeline.Token) });
        var problem = await served.PostAsync(path, status);
        Assert.Equal(detail, Text(problem, "detail"));
    }

    [Fact]
    public async Task A_body_is_refused_rather_than_ignored_and_limits_are_checked()
    {
        await using var served = new ServedPipeline();
        await served.Control.MigrateAsync(CancellationToken.None);
        await served.ServeAsync(ServedPipeline.Loopback with { Token = ServedPipeline.Secret(ServedPipeline.Token) });
        var answer = await served.SendAsync(HttpMethod.Post, "sync", new StringContent("{\"datasets\":[\"orders\"]}", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        foreach (var limit in new[] { "0", "-1", "10001", "x", "" })
            Assert.Equal(HttpStatusCode.BadRequest, (await served.SendAsync(HttpMethod.Get, $"batches?limit={limit}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await served.SendAsync(HttpMethod.Get, "datasets/order")).StatusCode);
    }

    [Fact]
    public async Task A_warehouse_that_is_not_ready_is_a_problem_that_says_so()
    {
        await using var served = new ServedPipeline();
        await served.ServeAsync(ServedPipeline.Loopback with { Token = ServedPipeline.Secret(ServedPipeline.Token) });
        var answer = await served.SendAsync(HttpMethod.Get, "status");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.ToString());
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(((int)answer.StatusCode, ErrorCodes.ControlSchemaMissing.Id), (409, Text(problem.RootElement, "code")));
        Assert.Equal(JsonValueKind.Null, (await served.GetAsync("worker")).GetProperty("lease").ValueKind);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    /// <summary>The names and kinds of all that is in it.</summary>
    private static string Shape(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Join(',', element.EnumerateObject().Select(p => $"{p.Name}:{Shape(p.Value)}"))}}}",
        JsonValueKind.Array => $"[{string.Join('|', element.EnumerateArray().Select(Shape).Distinct().Order(StringComparer.Ordinal))}]",
        _ => "value",
    };
}
