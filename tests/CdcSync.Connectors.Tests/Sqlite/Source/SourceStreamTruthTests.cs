using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

/// <summary>
/// From random statements (see <see cref="SourceTrackingTruthTests"/>) through the source to two copies: one that tells keys apart by their bytes, and one that
/// ignores case and final blanks as the table's keys do. Both must equal the table, whatever the key's type and collation.
/// </summary>
public sealed class SourceStreamTruthTests
{
    // Untyped keys hold 1 and '1' side by side, which are one key as text: discovery refuses them.
    public static TheoryData<string> Cases() => new(SourceTrackingTruthTests.Shapes.Select(s => s.Name).Where(name => name != "untyped key"));

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_copies_equal_the_table(string shape)
    {
        var (_, schema, key) = SourceTrackingTruthTests.Shapes.Single(s => s.Name == shape);
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var file = new SourceFile(schema);
        file.Run("PRAGMA foreign_keys=ON");
        file.Track("t");
        var columns = file.Rows("SELECT name FROM pragma_table_info('t')").ConvertAll(name => name[2..]);
        var keys = key.Split(", ");
        var dataset = Dataset(file, keys);
        await using var source = new SqliteSource("shop", file.Options);
        var exact = new Dictionary<string, string>();
        var blind = new Dictionary<string, string>(new Blind(shape));
        Checkpoint? checkpoint = null;
        for (var pass = 0; pass < 60; pass++)
        {
            var statements = Enumerable.Range(0, random.Next(8)).Select(_ => SourceTrackingTruthTests.RunStatement(file, random, columns, schema.Contains("parent"))).ToList();
            file.Run("DELETE FROM t WHERE " + string.Join(" OR ", columns.Select(c => $"typeof({c}) = 'blob'")));
            await using (var session = await source.OpenAsync([new ReadRequest(dataset, checkpoint)], TestContext.Current.CancellationToken))
            {
                var reading = session.Readings[dataset.Id];
                checkpoint = new Checkpoint(1, reading.Identity!, reading.UpTo!, null, null);
                if (reading.State == ReadingState.Changed)
                    await foreach (var found in session.ReadAsync([dataset.Id], TestContext.Current.CancellationToken))
                        Apply(found, dataset, exact, blind);
                if (reading.State == ReadingState.Start)
                    await foreach (var chunk in source.Ranges.ReadAsync(dataset, new KeyRange(0, null, null), TestContext.Current.CancellationToken))
                        Apply(new ChunkRead(dataset.Id, chunk), dataset, exact, blind);
            }
            var truth = Truth(file, dataset, keys);
            Assert.True(Same(truth, exact), $"seed {seed}, pass {pass}, by bytes: {string.Join("; ", statements)}\n{Show(truth)}\n{Show(exact)}");
            Assert.True(Same(truth, blind), $"seed {seed}, pass {pass}, ignoring case: {string.Join("; ", statements)}\n{Show(truth)}\n{Show(blind)}");
        }
    }

    private static void Apply(ReadEvent found, Dataset dataset, Dictionary<string, string> exact, Dictionary<string, string> blind)
    {
        if (found is WindowFailed failed) throw failed.Fault;
        if (found is not ChunkRead(_, var chunk)) return;
        var keyColumns = dataset.Key.Select(k => dataset.SourceSchema.GetFieldIndex(k.Source)).ToArray();
        for (var row = 0; row < chunk.Length; row++)
        {
            if (chunk.Faults.Any(f => f.Row == row))
            {
                // A blob as a key came and went between two passes.
                Assert.All(chunk.Faults.Where(f => f.Row == row), f => Assert.Equal(chunk.Kinds.Span[row] == ChangeKind.Upsert ? "found NULL in the key" : "found a blob, expected utf8", f.Reason));
                continue;
            }
            var key = Text(chunk.Rows, row, keyColumns);
            exact.Remove(key);
            blind.Remove(key);
            if (chunk.Kinds.Span[row] != ChangeKind.Upsert) continue;
            exact[key] = blind[key] = Text(chunk.Rows, row, Enumerable.Range(0, chunk.Rows.ColumnCount));
        }
    }

    private static string Text(RecordBatch rows, int row, IEnumerable<int> columns) =>
        string.Join('|', columns.Select(c => rows.Column(c).IsNull(row) ? "null" : ((VarLengthArray)rows.Column(c)).GetString(row)));

    private static Dictionary<string, string> Truth(SourceFile file, Dataset dataset, string[] keys)
    {
        var all = string.Join(", ", dataset.Columns.Select(c => c.Source));
        return file.Rows($"SELECT {string.Join(", ", keys)}, {all} FROM t WHERE {string.Join(" AND ", keys.Select(k => $"{k} IS NOT NULL"))}")
            .Select(r => r.Split('|').Select(Plain).ToArray()).ToDictionary(r => string.Join('|', r[..keys.Length]), r => string.Join('|', r[keys.Length..]));
    }

    private static string Plain(string shown) => shown switch
    {
        "null" => shown,
        ['r', ':', ..] when !shown.Contains('.') => shown[2..] + ".0",
        _ => shown[2..],
    };

    private static bool Same(Dictionary<string, string> truth, Dictionary<string, string> copy) =>
        truth.Count == copy.Count && truth.All(t => copy.TryGetValue(t.Key, out var row) && row == t.Value);

    private static string Show(Dictionary<string, string> rows) => string.Join("  ", rows.Select(r => $"[{r.Key}] {r.Value}").Order());

    private static Dataset Dataset(SourceFile file, string[] keys) => new()
    {
        Id = new DatasetId("t"),
        SourceName = "shop",
        Object = new SourceObject.Table(null, "t"),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, "t"),
        Contract = new ContractReference("t", "1.0.0", "tests"),
        Columns = [.. file.Rows("SELECT name FROM pragma_table_xinfo('t')").Select(name => name[2..]).Select(name =>
            new DatasetColumn(name, name, StringType.Default, StringType.Default, Array.IndexOf(keys, name) is >= 0 and var at ? at : null))],
    };

    // As the key's collation does: NOCASE, RTRIM, or bytes.
    private sealed class Blind(string shape) : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y) => Normal(x!) == Normal(y!);

        public int GetHashCode(string obj) => Normal(obj).GetHashCode(StringComparison.Ordinal);

        private string Normal(string key) => shape.StartsWith("case-blind", StringComparison.Ordinal) ? key.ToLowerInvariant()
            : shape.StartsWith("composite", StringComparison.Ordinal) ? string.Join('|', key.Split('|').Select(part => part.TrimEnd(' '))) : key;
    }
}
