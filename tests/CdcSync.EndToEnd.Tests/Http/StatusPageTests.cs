using System.Text.RegularExpressions;
using CdcSync.EndToEnd.Tests.Cli;
using CdcSync.EndToEnd.Tests.Harness;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace CdcSync.EndToEnd.Tests.Http;

/// <summary>
/// The status page in a real Chromium, over one real daemon: a person signs in, gives orders and sees what comes of them, without a reload. The datasets are polled once an hour,
/// so that what arrives was ordered. Set CDCSYNC_SCREENSHOTS to a folder to look at it.
/// </summary>
public sealed class StatusPageTests
{
    private const string Token = "a-token-of-the-page-0123456789";

    [Fact]
    public async Task A_person_works_with_the_page_from_sign_in_to_the_daemons_end()
    {
        Assert.SkipWhen(Chromium.SkipReason is not null, Chromium.SkipReason ?? "");
        using var pipeline = new PipelineFolder(interval: "1h", more: "http: { listen: \"127.0.0.1:0\", token: \"${env:TOKEN}\" }\n");
        await pipeline.TrackAsync();
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate"], new Dictionary<string, string> { ["TOKEN"] = Token });
        var address = Regex.Match(await daemon.WaitForLineAsync("^ready:"), @"http://[^/]+/").Value;
        await daemon.WaitForLineAsync("orders: .* committed");
        await using var chromium = await Chromium.StartAsync();
        var profile = await chromium.ProfileAsync(new() { ColorScheme = ColorScheme.Light, ViewportSize = new() { Width = 1280, Height = 900 } });
        var page = await profile.NewPageAsync();
        var (complaints, strangers) = Watch(page, address);

        await SignInAsync(page, address);
        var orders = page.Locator("[data-dataset=orders]");
        await Expect(orders.GetByText("✔ fresh")).ToBeVisibleAsync();
        await SyncAsync(page, orders, pipeline);
        await PauseAsync(page, orders);
        await CompareAndRepairAsync(page, orders, pipeline);
        await BackfillAsync(page, orders, pipeline);
        await AcceptAsync(page, pipeline);
        await CheckKeyboardAsync(page, orders);
        await Expect(page.Locator("#batches tr").First).ToContainTextAsync("returns");
        await PageChecks.LooksAsync(page, "wide");

        await page.SetViewportSizeAsync(360, 740);
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await PageChecks.LooksAsync(page, "phone");
        Assert.Empty(complaints);

        daemon.Send(Signal.Terminate);
        await daemon.WaitForExitAsync();
        await Expect(page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "The worker does not answer. What is shown is of" })).ToBeVisibleAsync();
        await PageChecks.LooksAsync(page, "gone");
        Assert.Empty(strangers);
    }

    private static async Task SignInAsync(IPage page, string address)
    {
        await page.GotoAsync(address);
        await page.GetByLabel("Token").FillAsync("a-wrong-token");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("That is not the token.");
        await PageChecks.LooksAsync(page, "sign-in");
        await page.GetByLabel("Token").FillAsync(Token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "shop" })).ToBeVisibleAsync();
    }

    private static async Task SyncAsync(IPage page, ILocator orders, PipelineFolder pipeline)
    {
        pipeline.Execute("INSERT INTO orders VALUES (3, 'c')");
        await orders.GetByRole(AriaRole.Button, new() { Name = "Sync now" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync(new Regex("^orders: sync now (begins|follows)\\.$"));
        await Expect(page.Locator("#batches tr").Filter(new() { HasText = "window" }).First).ToBeVisibleAsync();
        Assert.Equal("3", pipeline.Warehouse("SELECT count(*) FROM orders"));
    }

    private static async Task PauseAsync(IPage page, ILocator orders)
    {
        await orders.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(orders.GetByText("❚❚ paused")).ToBeVisibleAsync();
        await Expect(orders.GetByRole(AriaRole.Button, new() { Name = "Sync now" })).ToBeHiddenAsync();
        await Expect(page.GetByText("2, 1 needs attention")).ToBeVisibleAsync();
        await orders.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Expect(orders.GetByText("✔ fresh")).ToBeVisibleAsync();
    }

    private static async Task CompareAndRepairAsync(IPage page, ILocator orders, PipelineFolder pipeline)
    {
        pipeline.ExecuteInWarehouse("UPDATE orders SET note = 'edited' WHERE id = 1");
        await orders.GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();
        await Expect(orders.GetByText(new Regex("^reconcile at .*: 1 row differs$"))).ToBeVisibleAsync();
        await Expect(orders.GetByText("! drift")).ToBeVisibleAsync();

        var repair = orders.GetByRole(AriaRole.Button, new() { Name = "Repair …" });
        await orders.GetByText("More").ClickAsync();
        await repair.ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        Assert.Equal("edited", pipeline.Warehouse("SELECT note FROM orders WHERE id = 1"));
        await orders.GetByText("More").ClickAsync();
        await repair.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Make orders equal?");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Repair" }).ClickAsync();
        await Expect(orders.GetByText(new Regex("^repair at .*: repaired$"))).ToBeVisibleAsync();
        Assert.Equal("a", pipeline.Warehouse("SELECT note FROM orders WHERE id = 1"));
        await Expect(orders.GetByText("✔ fresh")).ToBeVisibleAsync();
    }

    private static async Task BackfillAsync(IPage page, ILocator orders, PipelineFolder pipeline)
    {
        pipeline.ExecuteInWarehouse("UPDATE orders SET note = 'edited'");
        await AskAsync("nothing=1..2");
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync(new Regex("^orders: backfill was refused\\. CDC"));
        await AskAsync("id=1..3");
        await Expect(orders.GetByText(new Regex("^backfill at .*: done$"))).ToBeVisibleAsync();
        Assert.Equal("a,b,edited", pipeline.Warehouse("SELECT group_concat(note) FROM (SELECT note FROM orders ORDER BY id)"));
        await AskAsync("");
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync(new Regex("^orders: backfill (begins|follows)\\.$"));
        await UntilAsync(() => pipeline.Warehouse("SELECT count(*) FROM orders WHERE note = 'edited'") == "0");

        async Task AskAsync(string range)
        {
            await orders.GetByText("More").ClickAsync();
            await orders.GetByRole(AriaRole.Button, new() { Name = "Backfill …" }).ClickAsync();
            var dialog = page.GetByRole(AriaRole.Dialog);
            await Expect(dialog).ToContainTextAsync("Read rows of orders again?");
            await dialog.GetByLabel("Only rows where").FillAsync(range);
            if (range == "id=1..3")
                await PageChecks.LooksAsync(page, "backfill");
            await page.Keyboard.PressAsync("Enter");
            await Expect(dialog).ToBeHiddenAsync();
        }
    }

    /// <summary>The source came up empty: nothing of it is published until a person says so.</summary>
    private static async Task AcceptAsync(IPage page, PipelineFolder pipeline)
    {
        var returns = page.Locator("[data-dataset=returns]");
        var accept = returns.GetByRole(AriaRole.Button, new() { Name = "Accept …" });
        await Expect(accept).ToBeHiddenAsync();
        pipeline.Execute("DELETE FROM returns");
        await returns.GetByRole(AriaRole.Button, new() { Name = "Sync now" }).ClickAsync();
        await Expect(returns.GetByText("✖ blocked")).ToBeVisibleAsync();
        await PageChecks.LooksAsync(page, "blocked");
        await accept.ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog).ToContainTextAsync("Publish returns as it is?");
        await Expect(dialog).ToContainTextAsync("CDC5001");
        await PageChecks.LooksAsync(page, "accept");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        Assert.Equal("1", pipeline.Warehouse("SELECT count(*) FROM returns"));
        await accept.ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
        await Expect(returns.GetByText("✖ blocked")).ToBeHiddenAsync();
        await Expect(accept).ToBeHiddenAsync();
        Assert.Equal("0", pipeline.Warehouse("SELECT count(*) FROM returns"));
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; !holds(); i++)
        {
            Assert.True(i < 600, "it did not come true");
            await Task.Delay(100);
        }
    }

    /// <summary>All can be done without a mouse, and what the page refreshes takes the focus from nobody.</summary>
    private static async Task CheckKeyboardAsync(IPage page, ILocator orders)
    {
        await orders.GetByRole(AriaRole.Button, new() { Name = "Sync now" }).FocusAsync();
        var updated = await page.Locator("#updated").TextContentAsync();
        await Expect(page.Locator("#updated")).Not.ToHaveTextAsync(updated!);
        await Expect(orders.GetByRole(AriaRole.Button, new() { Name = "Sync now" })).ToBeFocusedAsync();
        foreach (var expected in new[] { "Compare", "Pause", "More" })
        {
            await page.Keyboard.PressAsync("Tab");
            Assert.Equal(expected, await page.EvaluateAsync<string>("document.activeElement.textContent"));
        }

        await page.Keyboard.PressAsync("Enter");
        await Expect(orders.GetByRole(AriaRole.Button, new() { Name = "Load anew …" })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(orders.GetByRole(AriaRole.Button, new() { Name = "Load anew …" })).ToBeHiddenAsync();
        Assert.Equal("More", await page.EvaluateAsync<string>("document.activeElement.textContent"));
    }

    /// <returns>What Chromium complains about (scripts, the content security policy), and requests to anywhere else.</returns>
    private static (List<string> Complaints, List<string> Strangers) Watch(IPage page, string address)
    {
        var (complaints, strangers) = (new List<string>(), new List<string>());
        page.PageError += (_, error) => complaints.Add(error);
        page.Console += (_, message) =>
        {
            // The wrong token and the wrong range that are tried are refused.
            if (message.Type == "error" && !message.Text.Contains("401", StringComparison.Ordinal) && !message.Text.Contains("400", StringComparison.Ordinal))
                complaints.Add(message.Text);
        };
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(address, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
                strangers.Add(request.Url);
        };
        return (complaints, strangers);
    }
}
