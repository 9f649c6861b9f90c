using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Landing;
using CdcSync.Core.Tests.Shaping;

namespace CdcSync.Core.Tests.Landing;

/// <summary>A landing zone in a folder of its own, under a clock that the test moves.</summary>
internal sealed class LandingFixture : IDisposable
{
    internal LandingFixture(TimeSpan? keep = null, long limit = long.MaxValue, string? folder = null)
    {
        Root = folder ?? Path.Combine(Directory.CreateTempSubdirectory("cdcsync-landing-").FullName, "landing");
        Options = new LandingOptions(Root, keep ?? TimeSpan.FromDays(7), limit);
        Zone = new LandingZone(Options, "shop", Clock);
    }

    internal static Dataset Numbers { get; } = TestDatasets.With(
    [
        new("ID", "id", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0),
        new("Text", "text", StringType.Default, StringType.Default),
    ], "numbers");

    internal string Root { get; }

    internal LandingOptions Options { get; }

    internal FakeClock Clock { get; } = new();

    internal LandingZone Zone { get; }

    internal IReadOnlyList<string> Files() =>
        Directory.Exists(Root) ? [.. Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/')).Order(StringComparer.Ordinal)] : [];

    internal static ChangeChunk Chunk(long first, int rows, int textLength = 3) => ChangeChunk.Upserts(TestColumns.Batch(Numbers.TargetSchema,
        [.. Enumerable.Range(0, rows).Select(i => new object?[] { first + i, new string((char)('a' + ((first + i) % 26)), textLength) })]));

    internal static async Task<List<ChangeChunk>> ReadAll(IAsyncEnumerable<ChangeChunk> chunks)
    {
        var all = new List<ChangeChunk>();
        await foreach (var chunk in chunks) all.Add(chunk);
        return all;
    }

    internal static void AssertSame(ChangeChunk expected, ChangeChunk actual)
    {
        Assert.Equal(expected.Rows.Schema, actual.Rows.Schema);
        Assert.Equal(TestColumns.Rows(expected.Rows), TestColumns.Rows(actual.Rows));
        Assert.Equal(expected.Kinds.ToArray(), actual.Kinds.ToArray());
        Assert.Equal(expected.Faults, actual.Faults);
    }

    public void Dispose()
    {
        if (Directory.Exists(Root)) Directory.Delete(Root, recursive: true);
        var parent = Path.GetDirectoryName(Root)!;
        if (Path.GetFileName(parent).StartsWith("cdcsync-landing-", StringComparison.Ordinal) && Directory.Exists(parent)) Directory.Delete(parent);
    }
}

internal sealed class FakeClock : TimeProvider
{
    internal DateTimeOffset Now { get; set; } = new(2026, 1, 31, 13, 5, 0, 250, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}
