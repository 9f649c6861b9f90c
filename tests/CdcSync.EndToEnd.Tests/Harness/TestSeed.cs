using System.Globalization;

namespace CdcSync.EndToEnd.Tests.Harness;

/// <summary>The seed of a random history: <c>CDCSYNC_SEED</c> if set; on the build server always the same one, elsewhere a new one each time. Tests print it.</summary>
internal static class TestSeed
{
    public static int Next() => int.TryParse(Environment.GetEnvironmentVariable("CDCSYNC_SEED"), CultureInfo.InvariantCulture, out var given) ? given
        : Environment.GetEnvironmentVariable("CI") == "true" ? 1
        : Random.Shared.Next(1_000);
}
