using Microsoft.Playwright;
using Xunit.Sdk;

namespace CdcSync.EndToEnd.Tests.Http;

/// <summary>The checks of pages find what they are there for.</summary>
public sealed class PageChecksTests
{
    private const string Well = "<button>save</button><label>Name <input></label>";

    [Fact]
    public async Task What_is_wrong_with_a_page_is_found()
    {
        Assert.SkipWhen(Chromium.SkipReason is not null, Chromium.SkipReason ?? "");
        await using var chromium = await Chromium.StartAsync();
        var page = await (await chromium.ProfileAsync(new() { ViewportSize = new() { Width = 360, Height = 640 } })).NewPageAsync();

        await SetAsync(Well);
        Assert.Empty(await PageChecks.FaultsAsync(page));
        await PageChecks.TabbingAsync(page, "well");
        foreach (var (wrong, expected) in new[]
        {
            ("<p style='color: #999'>faint</p>", "the text 'faint' stands out by 2.85"),
            ("<div style='opacity: .5'><p>faded</p></div>", "the text 'faded' stands out by 3.98"),
            ("<button style='border: 1px solid #eee; background: #fff'>flat</button>", "the edge of 'flat' stands out by 1.16"),
            ("<input>", "a control has no name: <input>"),
            ("<button></button>", "a control has no name: <button></button>"),
            ("<button style='min-height: 0; height: 20px'>low</button>", "'low' is "),
            ("<div style='width: 400px'>wide</div>", "the page is 4"),
            ("<svg></svg>", "a picture has no words: <svg></svg>"),
            ("<dialog open style='position: fixed; left: 300px; width: 100px'>aside</dialog>", "the dialog is from 300 to "),
        })
        {
            await SetAsync(Well + wrong);
            Assert.Contains(await PageChecks.FaultsAsync(page), found => found.StartsWith(expected, StringComparison.Ordinal));
        }

        await SetAsync(Well + "<button style='outline: none'>unseen</button>");
        Assert.Contains("nothing shows that 'unseen' has the focus", (await Assert.ThrowsAnyAsync<XunitException>(() => PageChecks.TabbingAsync(page, "unseen"))).Message, StringComparison.Ordinal);
        await SetAsync(Well + "<button tabindex=1>early</button>");
        Assert.StartsWith("early: ", (await Assert.ThrowsAnyAsync<XunitException>(() => PageChecks.TabbingAsync(page, "early"))).Message, StringComparison.Ordinal);

        Task SetAsync(string body) => page.SetContentAsync($"<!doctype html><style>body {{ background: #fff; color: #000 }} button, input {{ min-height: 30px; min-width: 30px; border: 1px solid #444 }} :focus-visible {{ outline: 3px solid #00f }}</style>{body}");
    }
}
