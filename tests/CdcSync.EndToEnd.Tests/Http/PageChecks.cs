using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;
using Microsoft.Playwright;

namespace CdcSync.EndToEnd.Tests.Http;

/// <summary>What WCAG 2.2 (AA) asks of a page and a browser can measure. Set CDCSYNC_SCREENSHOTS to a folder to look at it as well.</summary>
internal static class PageChecks
{
    private static readonly string Script = Documents.Read("tests/CdcSync.EndToEnd.Tests/Http/page-checks.js");

    /// <summary>
    /// In the dark and the light scheme every text stands out from what is behind it (4.5 to 1), and so does the edge of every control (3 to 1); every control has a name, and is large enough for a finger;
    /// nothing is wider than the window, and an open dialog is within it.
    /// </summary>
    public static async Task LooksAsync(IPage page, string name)
    {
        foreach (var scheme in new[] { ColorScheme.Dark, ColorScheme.Light })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            var found = await FaultsAsync(page);
            if (Environment.GetEnvironmentVariable("CDCSYNC_SCREENSHOTS") is { Length: > 0 } folder)
                await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{scheme}.png"), FullPage = await page.Locator("dialog[open]").CountAsync() == 0 });
            Assert.True(found.Length == 0, $"{name}, {scheme}: {string.Join("; ", found)}");
        }
    }

    /// <summary>What is wrong with how it looks, in words.</summary>
    public static Task<string[]> FaultsAsync(IPage page) => page.EvaluateAsync<string[]>($"{Script}; looks()");

    /// <summary>The tabulator leads to every control that is seen, in the order in which they are read, and each shows that it has the focus.</summary>
    public static async Task TabbingAsync(IPage page, string name)
    {
        var expected = await page.EvaluateAsync<string[]>($"{Script}; controls().map(nameOf)");
        Assert.NotEmpty(expected);
        await page.EvaluateAsync($"{Script}; beforeFirst()");
        var reached = new List<string>();
        foreach (var _ in expected)
        {
            await page.Keyboard.PressAsync("Tab");
            var focus = await page.EvaluateAsync<JsonElement>($"{Script}; focused()");
            reached.Add(focus.GetProperty("name").GetString()!);
            Assert.True(focus.GetProperty("isShown").GetBoolean(), $"{name}: nothing shows that '{reached[^1]}' has the focus");
        }

        Assert.True(expected.SequenceEqual(reached), $"{name}: expected {string.Join(", ", expected)}; reached {string.Join(", ", reached)}");
    }
}
