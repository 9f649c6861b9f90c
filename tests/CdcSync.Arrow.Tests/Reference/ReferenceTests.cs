using CdcSync.Arrow.Ipc;
using CdcSync.Arrow.Tests.Ipc;

namespace CdcSync.Arrow.Tests.Reference;

/// <summary>
/// Type by type, in both directions, as stream and as file, against apache-arrow for JavaScript. No type is left out: it reads and writes all that are held here. (Dictionary places
/// of 64 bits it writes, but can't read itself; we write none.)
/// </summary>
public sealed class ReferenceTests(ReferenceRun run) : IClassFixture<ReferenceRun>
{
    public static TheoryData<string> Types() => [.. ReferenceRun.Samples.Select(sample => sample.Name)];

    [Theory, MemberData(nameof(Types))]
    public void The_reference_implementation_reads_what_we_write(string sample)
    {
        var expected = Lines(sample);
        foreach (var kind in new[] { "stream", "arrow" })
        {
            var read = File.ReadAllLines(run.PathTo($"{ReferenceRun.FileOf(sample)}.{kind}.jsonl"));
            Assert.Equal(expected, read.Select(Texts.Normalized));
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void We_read_what_the_reference_implementation_writes(string sample)
    {
        var expected = Lines(sample);
        var name = run.PathTo(Path.Combine("theirs", ReferenceRun.FileOf(sample)));
        Assert.False(File.Exists(name + ".failed"), File.Exists(name + ".failed") ? File.ReadAllText(name + ".failed") : "");
        AssertReads(expected, name);
    }

    [Theory]
    [InlineData("int8")]
    [InlineData("uint8")]
    [InlineData("int16")]
    [InlineData("uint16")]
    [InlineData("int32")]
    [InlineData("uint32")]
    [InlineData("int64")]
    [InlineData("uint64")]
    public void We_read_dictionaries_that_the_reference_implementation_lets_grow_and_replaces(string index)
    {
        var name = run.PathTo(Path.Combine("theirs", $"dictionary-{index}"));
        AssertStream(File.ReadLines($"{name}.stream.jsonl").Select(Texts.Normalized), name);
        AssertFile(File.ReadLines($"{name}.arrow.jsonl").Select(Texts.Normalized), name);
    }

    [Theory]
    [InlineData("LZ4")]
    [InlineData("ZSTD")]
    public void What_the_reference_implementation_compresses_is_refused_by_name(string codec)
    {
        var name = run.PathTo(Path.Combine("theirs", codec));
        Assert.Contains(codec, Assert.Throws<ArrowNotSupportedException>(() => IpcFiles.FromStream(new ArrowStreamReader(File.ReadAllBytes($"{name}.stream")))).Message);
        Assert.Contains(codec, Assert.Throws<ArrowNotSupportedException>(() => IpcFiles.FromFile(new(File.ReadAllBytes($"{name}.arrow")))).Message);
    }

    private static string[] Lines(string sample)
    {
        var (_, schema, batches) = ReferenceRun.Samples.Single(s => s.Name == sample);
        return Texts.Lines(schema, batches);
    }

    private static void AssertReads(IEnumerable<string> expected, string name)
    {
        AssertStream(expected, name);
        AssertFile(expected, name);
    }

    private static void AssertStream(IEnumerable<string> expected, string name)
    {
        using var stream = File.OpenRead($"{name}.stream");
        var read = IpcFiles.FromStream(stream);
        Assert.Equal(expected, Texts.Lines(read.Schema, read.Batches));
    }

    private static void AssertFile(IEnumerable<string> expected, string name)
    {
        using var reader = ArrowFileReader.Map($"{name}.arrow");
        var read = IpcFiles.FromFile(reader);
        Assert.Equal(expected, Texts.Lines(read.Schema, read.Batches));
    }
}
