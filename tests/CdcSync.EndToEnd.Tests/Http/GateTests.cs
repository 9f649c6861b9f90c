using System.Text.Json;
using System.Text.RegularExpressions;
using CdcSync.EndToEnd.Tests.Cli;
using CdcSync.EndToEnd.Tests.Harness;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace CdcSync.EndToEnd.Tests.Http;

/// <summary>A real daemon whose gates block: what is ordered lets through that gate's batch, once, and nothing else does.</summary>
public sealed class GateTests
{
    [Fact]
    public async Task Each_gate_is_let_pass_by_its_own_order_once_and_it_is_recorded()
    {
        await using var blocking = await BlockingPipeline.StartAsync();

        blocking.DoubtVolume();
        Assert.Equal("CDC5005", await blocking.BlockedByAsync("returns", "sync?dataset=returns"));
        Assert.Equal("CDC5005", await blocking.BlockedByAsync("returns", "sync?dataset=returns&acceptDeletes=true&acceptSchema=true"));
        Assert.Equal("6", blocking.Folder.Warehouse("SELECT count(*) FROM returns"));
        await blocking.LetPassAsync("returns", "sync?dataset=returns&acceptVolume=true");
        Assert.Equal("506", blocking.Folder.Warehouse("SELECT count(*) FROM returns"));

        blocking.ChangeColumns();
        Assert.Equal("CDC2020", await blocking.BlockedByAsync("orders", "sync?dataset=orders"));
        Assert.Equal("CDC2020", await blocking.BlockedByAsync("orders", "sync?dataset=orders&acceptDeletes=true&acceptVolume=true"));
        Assert.Equal("2", blocking.Folder.Warehouse("SELECT count(*) FROM orders"));
        await blocking.LetPassAsync("orders", "sync?dataset=orders&acceptSchema=true");
        Assert.Equal("3", blocking.Folder.Warehouse("SELECT count(*) FROM orders"));

        blocking.Folder.Execute("DELETE FROM returns");
        Assert.Equal("CDC5001", await blocking.BlockedByAsync("returns", "sync?dataset=returns&acceptVolume=true"));
        Assert.Equal("506", blocking.Folder.Warehouse("SELECT count(*) FROM returns"));
        await blocking.LetPassAsync("returns", "sync?dataset=returns&acceptDeletes=true");
        Assert.Equal("0", blocking.Folder.Warehouse("SELECT count(*) FROM returns"));

        // What was let through once is judged again.
        blocking.DoubtVolume();
        Assert.Equal("CDC5005", await blocking.BlockedByAsync("returns", "sync?dataset=returns"));
        Assert.Equal("returns deletes,returns volume", blocking.Folder.Warehouse("SELECT group_concat(DISTINCT dataset || ' ' || gate ORDER BY gate) FROM cdcsync_acceptance"));
        Assert.Equal("2", blocking.Folder.Warehouse("SELECT max(number) FROM cdcsync_source_schema WHERE dataset = 'orders'"));
    }

    [Fact]
    public async Task On_a_phone_a_person_reads_what_is_blocked_and_lets_it_through()
    {
        Assert.SkipWhen(Chromium.SkipReason is not null, Chromium.SkipReason ?? "");
        await using var blocking = await BlockingPipeline.StartAsync();
        blocking.DoubtVolume();
        await blocking.BlockedByAsync("returns", "sync?dataset=returns");
        blocking.ChangeColumns();
        await blocking.BlockedByAsync("orders", "sync?dataset=orders");

        await using var chromium = await Chromium.StartAsync();
        var profile = await chromium.ProfileAsync(new() { ViewportSize = new() { Width = 360, Height = 640 }, HasTouch = true, IsMobile = true });
        var page = await profile.NewPageAsync();
        await page.GotoAsync(blocking.Address.ToString());
        await PageChecks.LooksAsync(page, "phone-sign-in");
        await PageChecks.TabbingAsync(page, "phone-sign-in");
        await page.GetByLabel("Token").FillAsync(BlockingPipeline.Token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByText("2, 2 need attention")).ToBeVisibleAsync();
        await PageChecks.LooksAsync(page, "phone-blocked");
        await PageChecks.TabbingAsync(page, "phone-blocked");

        await AcceptAsync(page, "returns", "CDC5005", "phone-volume");
        Assert.Equal("506", blocking.Folder.Warehouse("SELECT count(*) FROM returns"));
        await AcceptAsync(page, "orders", "CDC2020", "phone-schema");
        Assert.Equal("3", blocking.Folder.Warehouse("SELECT count(*) FROM orders"));
        await Expect(page.GetByText("2, all well")).ToBeVisibleAsync();

        foreach (var (button, title) in new[] { ("Repair …", "Make orders equal?"), ("Load anew …", "Load orders anew?"), ("Backfill …", "Read rows of orders again?") })
        {
            var orders = page.Locator("[data-dataset=orders]");
            await orders.GetByText("More").ClickAsync();
            await PageChecks.LooksAsync(page, "phone-menu");
            await orders.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync(title);
            await PageChecks.LooksAsync(page, $"phone-{button.Split(' ')[0]}");
            await PageChecks.TabbingAsync(page, $"phone-{button}");
            await page.Keyboard.PressAsync("Escape");
            await Expect(page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();
        }
    }

    /// <summary>The dialog has the verdict's words, all of it is within the screen, Enter means no, and what is published is what a person tapped on.</summary>
    private static async Task AcceptAsync(IPage page, string dataset, string code, string name)
    {
        var card = page.Locator($"[data-dataset={dataset}]");
        var (accept, dialog) = (card.GetByRole(AriaRole.Button, new() { Name = "Accept …" }), page.GetByRole(AriaRole.Dialog));
        await accept.TapAsync();
        await Expect(dialog).ToContainTextAsync($"Publish {dataset} as it is?");
        await Expect(dialog).ToContainTextAsync(code);
        await PageChecks.LooksAsync(page, name);
        await PageChecks.TabbingAsync(page, name);
        await page.Keyboard.PressAsync("Escape");
        await accept.TapAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(dialog).ToBeHiddenAsync();
        await Expect(card.GetByText("✖ blocked")).ToBeVisibleAsync();
        await accept.TapAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Publish" }).TapAsync();
        await Expect(card.GetByText("✖ blocked")).ToBeHiddenAsync();
        await Expect(accept).ToBeHiddenAsync();
    }

    /// <summary>The small pipeline with gates, a daemon over it that polls once an hour, and enough batches for an opinion about volumes.</summary>
    private sealed class BlockingPipeline : IAsyncDisposable
    {
        public const string Token = "a-token-of-the-gates-0123456789";
        private readonly HttpClient _client = new();
        private readonly CdcsyncProcess _daemon;
        private int _next = 1_000;

        private BlockingPipeline(PipelineFolder folder, CdcsyncProcess daemon, Uri address)
        {
            (Folder, _daemon, Address) = (folder, daemon, address);
            _client.DefaultRequestHeaders.Authorization = new("Bearer", Token);
        }

        public PipelineFolder Folder { get; }

        public Uri Address { get; }

        public static async Task<BlockingPipeline> StartAsync()
        {
            var folder = new PipelineFolder(interval: "1h", more: "http: { listen: \"127.0.0.1:0\", token: \"${env:TOKEN}\" }\n");
            var contract = File.ReadAllText(folder["shop.odcs.yaml"])
                .Replace("- name: orders\n", "- name: orders\n    customProperties: [{ property: schemaChanges, value: { added: freeze } }, { property: dropColumns, value: [email] }]\n", StringComparison.Ordinal)
                .Replace("- name: returns\n", "- name: returns\n    customProperties: [{ property: volumeGate, value: { action: block, samples: 5 } }]\n", StringComparison.Ordinal);
            File.WriteAllText(folder["shop.odcs.yaml"], contract);
            await folder.TrackAsync();
            var daemon = CdcsyncProcess.Start(folder.Root, ["run", "--migrate"], new Dictionary<string, string> { ["TOKEN"] = Token });
            var pipeline = new BlockingPipeline(folder, daemon, new Uri(Regex.Match(await daemon.WaitForLineAsync("^ready:"), @"http://[^/]+/").Value));
            await pipeline.UntilAsync("status", s => s.GetProperty("datasets").EnumerateArray().All(d => d.GetProperty("state").GetString() == "streaming"));
            for (var rows = 2; rows <= 6; rows++)
            {
                folder.Execute($"INSERT INTO returns VALUES ({100 + rows})");
                await pipeline.OrderAsync("returns", "sync?dataset=returns");
            }

            return pipeline;
        }

        /// <summary>Five hundred rows where there were a handful.</summary>
        public void DoubtVolume()
        {
            Folder.Execute($"WITH RECURSIVE n(i) AS (SELECT {_next} UNION ALL SELECT i + 1 FROM n WHERE i < {_next + 499}) INSERT INTO returns SELECT i FROM n");
            _next += 500;
        }

        public void ChangeColumns() => Folder.Execute("ALTER TABLE orders ADD COLUMN email TEXT; INSERT INTO orders VALUES (3, 'c', 'x@example.com')");

        /// <summary>Orders, and waits for the order's end.</summary>
        /// <returns>The code that the dataset is blocked by.</returns>
        public async Task<string?> BlockedByAsync(string dataset, string path)
        {
            await OrderAsync(dataset, path);
            var status = await StatusAsync(dataset);
            Assert.Equal("blocked", status.GetProperty("state").GetString());
            return status.GetProperty("error").GetProperty("code").GetString();
        }

        /// <summary>Orders, and sees the dataset recover.</summary>
        public async Task LetPassAsync(string dataset, string path)
        {
            await OrderAsync(dataset, path);
            var status = await StatusAsync(dataset);
            Assert.Equal(("streaming", JsonValueKind.Null), (status.GetProperty("state").GetString(), status.GetProperty("error").ValueKind));
        }

        public async ValueTask DisposeAsync()
        {
            await _daemon.DisposeAsync();
            _client.Dispose();
            Folder.Dispose();
        }

        private async Task OrderAsync(string dataset, string path)
        {
            var before = await LastOrderAsync(dataset);
            using var answer = await _client.PostAsync(new Uri(Address, $"api/v1/{path}"), null);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            await UntilAsync("worker", worker => LastOrder(worker, dataset) is { } at && at != before);
        }

        private async Task<string?> LastOrderAsync(string dataset) => LastOrder(await GetAsync("worker"), dataset);

        private static string? LastOrder(JsonElement worker, string dataset) =>
            worker.GetProperty("datasets").EnumerateArray().Single(d => d.GetProperty("dataset").GetString() == dataset).GetProperty("lastOrder") is { ValueKind: JsonValueKind.Object } order ? order.GetRawText() : null;

        private async Task<JsonElement> StatusAsync(string dataset) => (await GetAsync($"status?dataset={dataset}")).GetProperty("datasets")[0];

        private async Task<JsonElement> GetAsync(string path)
        {
            using var document = JsonDocument.Parse(await _client.GetStringAsync(new Uri(Address, $"api/v1/{path}")));
            return document.RootElement.Clone();
        }

        private Task UntilAsync(string path, Func<JsonElement, bool> holds) => CliDaemonTests.UntilAsync(async () =>
        {
            using var answer = await _client.GetAsync(new Uri(Address, $"api/v1/{path}"));
            return answer.IsSuccessStatusCode && holds(JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement);
        }, _daemon);
    }
}
