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
        ("0.14.1", "datetime", Read),
        ("0.14.1", "decimal", Read),
        ("0.14.1", "dictionary", Read),
        ("0.14.1", "interval", "interval"),
        ("0.14.1", "map", "map"),
        ("0.14.1", "nested", "list"),
        ("0.14.1", "primitive", Read),
        ("0.14.1", "primitive_no_batches", Read),
        ("0.14.1", "primitive_zerolength", Read),
        ("1.0.0-littleendian", "custom_metadata", "list"),
        ("1.0.0-littleendian", "datetime", Read),
        ("1.0.0-littleendian", "decimal", Read),
        ("1.0.0-littleendian", "decimal256", Read),
        ("1.0.0-littleendian", "dictionary", Read),
        ("1.0.0-littleendian", "dictionary_unsigned", Read),
        ("1.0.0-littleendian", "duplicate_fieldnames", "struct"),
        ("1.0.0-littleendian", "extension", Read),
        ("1.0.0-littleendian", "interval", "interval"),
        ("1.0.0-littleendian", "map", "map"),
        ("1.0.0-littleendian", "map_non_canonical", "map"),
        ("1.0.0-littleendian", "nested", "list"),
        ("1.0.0-littleendian", "nested_dictionary", "list"),
        ("1.0.0-littleendian", "nested_large_offsets", "large_list"),
        ("1.0.0-littleendian", "null", Read),
        ("1.0.0-littleendian", "null_trivial", Read),
        ("1.0.0-littleendian", "primitive", Read),
        ("1.0.0-littleendian", "primitive_large_offsets", Read),
        ("1.0.0-littleendian", "primitive_no_batches", Read),
        ("1.0.0-littleendian", "primitive_zerolength", Read),
        ("1.0.0-littleendian", "recursive_nested", "list"),
        ("1.0.0-littleendian", "union", "union"),
        ("4.0.0-shareddict", "shared_dict", Read),
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
        json.AssertHolds(IpcFiles.FromStream(new ArrowStreamReader(File.ReadAllBytes(path + ".stream"))));
        using var mapped = ArrowFileReader.Map(path + ".arrow_file");
        json.AssertHolds(IpcFiles.FromFile(mapped));
    }

    [Theory, MemberData(nameof(Supported))]
    public void Supported_files_survive_being_written_again(string folder, string name)
    {
        var path = Locate(folder, name);
        using var json = GoldenJson.Load(path);
        var (schema, batches) = IpcFiles.FromFile(new(File.ReadAllBytes(path + ".arrow_file")));
        if (schema.Fields.Any(field => field.DataType is DictionaryType))
        {
            AssertWrittenDecoded(schema, batches);
            return;
        }
        json.AssertHolds(IpcFiles.FromFile(new(IpcFiles.ToFile(schema, batches))));
        json.AssertHolds(IpcFiles.FromStream(new MemoryStream(IpcFiles.ToStream(schema, batches))));
    }

    private static void AssertWrittenDecoded(Schema schema, List<RecordBatch> batches)
    {
        Assert.Contains("decode it first", Assert.Throws<ArrowNotSupportedException>(() => IpcFiles.ToFile(schema, batches)).Message);
        Assert.Contains("decode it first", Assert.Throws<ArrowNotSupportedException>(() => IpcFiles.ToStream(schema, batches)).Message);
        var decoded = batches.ConvertAll(IpcFiles.Decoded);
        var read = IpcFiles.FromFile(new(IpcFiles.ToFile(decoded[0].Schema, decoded)));
        foreach (var (before, after) in decoded.Zip(read.Batches)) Columns.AssertEqual(before, after);
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
            Assert.StartsWith("field '", error.Where);
        }
    }

    [Fact]
    public void The_table_in_the_documents_is_the_matrix()
    {
        var rows = Matrix.Select(row => $"| {row.Folder} | {row.Name} | {(row.RefusedFor == Read ? "read" : $"refused: {row.RefusedFor}")} |");
        var table = string.Join('\n', ["| version | golden file | stream and file |", "|---|---|---|", .. rows]);
        var document = IpcFiles.Document("docs/arrow.md");
        var start = document.IndexOf("GoldenTests.Matrix -->\n", StringComparison.Ordinal) + "GoldenTests.Matrix -->\n".Length;
        Assert.Equal(table, document[start..document.IndexOf("\n<!-- end of golden files", StringComparison.Ordinal)]);
    }

    [Fact]
    public void The_documents_name_every_type()
    {
        var document = IpcFiles.Document("docs/arrow.md");
        Assert.All(Columns.AllTypes.Select(type => type.Name).Append("dictionary").Distinct(), name => Assert.Contains($"`{name}`", document));
        Assert.Equal(Enum.GetValues<ArrowTypeId>().Order(), Columns.AllTypes.Select(type => type.TypeId).Append(ArrowTypeId.Dictionary).Distinct().Order());
    }

    [Fact]
    public void The_matrix_names_every_golden_file()
    {
        var root = Locate();
        var found = Directory.GetFiles(root, "*.stream", SearchOption.AllDirectories)
            .Select(path => (Path.GetFileName(Path.GetDirectoryName(path)!), Path.GetFileNameWithoutExtension(path)["generated_".Length..]));
        Assert.Equal(Matrix.Select(row => (row.Folder, row.Name)).Order(), found.Order());
    }

    internal static string Locate(string folder, string name) => Path.Combine(Locate(), folder, "generated_" + name);

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
