using CdcSync.Arrow.Ipc;

namespace CdcSync.Arrow.Tests.Ipc;

/// <summary>
/// The support matrix: the reference implementations' golden files, stream and file. What is supported is compared value by value with its JSON, the
/// rest is refused by name.
/// </summary>
public sealed class GoldenTests
{
    private const string Read = "";

    private static readonly (string Folder, string Name, string RefusedFor)[] Matrix =
    [
        ("0.14.1", "datetime", "date64"),
        ("0.14.1", "decimal", Read),
        ("0.14.1", "dictionary", "dictionary"),
        ("0.14.1", "interval", "duration"),
        ("0.14.1", "map", "map"),
        ("0.14.1", "nested", "list"),
        ("0.14.1", "primitive", Read),
        ("0.14.1", "primitive_no_batches", Read),
        ("0.14.1", "primitive_zerolength", Read),
        ("1.0.0-littleendian", "custom_metadata", "list"),
        ("1.0.0-littleendian", "datetime", "date64"),
        ("1.0.0-littleendian", "decimal", Read),
        ("1.0.0-littleendian", "decimal256", "decimal256"),
        ("1.0.0-littleendian", "dictionary", "dictionary"),
        ("1.0.0-littleendian", "dictionary_unsigned", "dictionary"),
        ("1.0.0-littleendian", "duplicate_fieldnames", "struct"),
        ("1.0.0-littleendian", "extension", "dictionary"),
        ("1.0.0-littleendian", "interval", "duration"),
        ("1.0.0-littleendian", "map", "map"),
        ("1.0.0-littleendian", "map_non_canonical", "map"),
        ("1.0.0-littleendian", "nested", "list"),
        ("1.0.0-littleendian", "nested_dictionary", "dictionary"),
        ("1.0.0-littleendian", "nested_large_offsets", "large_list"),
        ("1.0.0-littleendian", "null", Read),
        ("1.0.0-littleendian", "null_trivial", Read),
        ("1.0.0-littleendian", "primitive", Read),
        ("1.0.0-littleendian", "primitive_large_offsets", "large_binary"),
        ("1.0.0-littleendian", "primitive_no_batches", Read),
        ("1.0.0-littleendian", "primitive_zerolength", Read),
        ("1.0.0-littleendian", "recursive_nested", "list"),
        ("1.0.0-littleendian", "union", "union"),
        ("4.0.0-shareddict", "shared_dict", "dictionary"),
    ];

    public static TheoryData<string, string> Supported() => [.. Matrix.Where(row => row.RefusedFor == Read).Select(row => (row.Folder, row.Name))];

    public static TheoryData<string, string, string> Unsupported() => [.. Matrix.Where(row => row.RefusedFor != Read)];

    [Theory, MemberData(nameof(Supported))]
    public void Supported_files_hold_what_their_json_says(string folder, string name)
    {
        var path = Locate(folder, name);
        using var json = GoldenJson.Load(path);
        using var stream = File.OpenRead(path + ".stream");
        using var file = File.OpenRead(path + ".arrow_file");
        json.AssertHolds(IpcFiles.FromStream(stream));
        json.AssertHolds(IpcFiles.FromFile(new(file)));
        json.AssertHolds(IpcFiles.FromFile(new(File.ReadAllBytes(path + ".arrow_file"))));
    }

    [Theory, MemberData(nameof(Supported))]
    public void Supported_files_survive_being_written_again(string folder, string name)
    {
        var path = Locate(folder, name);
        using var json = GoldenJson.Load(path);
        var (schema, batches) = IpcFiles.FromFile(new(File.ReadAllBytes(path + ".arrow_file")));
        json.AssertHolds(IpcFiles.FromFile(new(IpcFiles.ToFile(schema, batches))));
        json.AssertHolds(IpcFiles.FromStream(new MemoryStream(IpcFiles.ToStream(schema, batches))));
    }

    [Theory, MemberData(nameof(Unsupported))]
    public void Unsupported_files_are_refused_by_field_and_type(string folder, string name, string refusedFor)
    {
        var path = Locate(folder, name);
        using var stream = File.OpenRead(path + ".stream");
        using var file = File.OpenRead(path + ".arrow_file");
        foreach (var error in new[]
        {
            Assert.Throws<ArrowNotSupportedException>(() => IpcFiles.FromStream(stream)),
            Assert.Throws<ArrowNotSupportedException>(() => IpcFiles.FromFile(new(file))),
        })
        {
            Assert.Contains(refusedFor, error.Message);
            Assert.True(error.Where.StartsWith("field '", StringComparison.Ordinal) || error.Where == "footer", error.Where);
        }
    }

    /// <summary>The golden files with dates and times also hold date64, so that they are refused; their other columns are compared all the same.</summary>
    [Theory]
    [InlineData("0.14.1")]
    [InlineData("1.0.0-littleendian")]
    public void Dates_times_and_timestamps_hold_what_their_json_says(string folder)
    {
        var path = Locate(folder, "datetime");
        using var json = GoldenJson.Load(path, date64: new TimestampType(TimeUnit.Millisecond, null));
        var bytes = File.ReadAllBytes(path + ".arrow_file");
        var length = BitConverter.ToInt32(bytes, bytes.Length - 10);
        var footer = FlatTable.Root(bytes.AsSpan(bytes.Length - 10 - length, length), "footer");
        var fields = footer.Table(1, "schema").Vector(1);
        for (var i = 0; i < fields.Count; i++)
        {
            if (json.IsDate64(i)) AssertRefused(fields.Table(i));
            else Assert.Equal(json.Schema.Fields[i], SchemaDecoder.ReadField(fields.Table(i)));
        }
        var batches = new List<RecordBatch>();
        foreach (var block in Blocks(footer.Vector(3, elementSize: 24))) batches.Add(ArrowFileReader.ReadBlock(new MemoryStream(bytes), json.Schema, block));
        Assert.Equal(2, batches.Count);
        json.AssertHolds((json.Schema, batches));
    }

    [Fact]
    public void The_matrix_names_every_golden_file()
    {
        var root = Locate();
        var found = Directory.GetFiles(root, "*.stream", SearchOption.AllDirectories)
            .Select(path => (Path.GetFileName(Path.GetDirectoryName(path)!), Path.GetFileNameWithoutExtension(path)["generated_".Length..]));
        Assert.Equal(Matrix.Select(row => (row.Folder, row.Name)).Order(), found.Order());
    }

    private static void AssertRefused(FlatTable field)
    {
        try
        {
            SchemaDecoder.ReadField(field);
        }
        catch (ArrowNotSupportedException error)
        {
            Assert.Contains("date64", error.Message);
            return;
        }
        Assert.Fail("date64 was not refused");
    }

    private static List<Block> Blocks(FlatVector vector)
    {
        var blocks = new List<Block>();
        for (var i = 0; i < vector.Count; i++)
        {
            var bytes = vector.Struct(i);
            blocks.Add(new(BitConverter.ToInt64(bytes), BitConverter.ToInt32(bytes[8..]), BitConverter.ToInt64(bytes[16..])));
        }
        return blocks;
    }

    private static string Locate(string folder, string name) => Path.Combine(Locate(), folder, "generated_" + name);

    /// <summary>The data lies beside the repository, in shared/data of one of the folders above it.</summary>
    private static string Locate()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var data = Path.Combine(at.FullName, "shared", "data", "arrow-testing");
            if (Directory.Exists(data)) return data;
        }
        Assert.Skip("No golden files: shared/data/arrow-testing is in none of the folders above the tests.");
        return "";
    }
}
