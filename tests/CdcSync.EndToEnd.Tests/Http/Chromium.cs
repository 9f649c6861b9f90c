using Microsoft.Playwright;

namespace CdcSync.EndToEnd.Tests.Http;

/// <summary>The machine's own Chromium, without a window. Where there is none, tests are skipped with a reason; where CI=true they fail.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly string? Installed = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists);
    private readonly IPlaywright _driver;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright driver, IBrowser browser) => (_driver, _browser) = (driver, browser);

    /// <summary>Why there is none; null = there is.</summary>
    public static string? SkipReason => Installed is not null || Environment.GetEnvironmentVariable("CI") == "true" ? null : "chromium is not installed";

    public static async Task<Chromium> StartAsync()
    {
        Assertions.SetDefaultExpectTimeout(60_000);                      // machines of tests are slow
        var driver = await Playwright.CreateAsync();
        // Tests run as root in containers, where Chromium's sandbox can't be made; what it shows is ours.
        return new Chromium(driver, await driver.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Installed ?? "chromium", Args = ["--no-sandbox", "--disable-gpu"] }));
    }

    /// <summary>A browser profile of its own.</summary>
    public async Task<IBrowserContext> ProfileAsync(BrowserNewContextOptions? options = null)
    {
        var profile = await _browser.NewContextAsync(options);
        profile.SetDefaultTimeout(60_000);
        return profile;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _driver.Dispose();
    }
}
