using System.Globalization;
using System.Text;
using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.EndToEnd.Tests.RealData;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.Reconcile;

/// <summary>A large tracked table, synced into a warehouse that is then changed by hand.</summary>
internal sealed class Ledgerbook : IAsyncDisposable
{
    private Ledgerbook(DiscoveredPipeline pipeline) => Pipeline = pipeline;

    public DiscoveredPipeline Pipeline { get; }

    private WarehouseUnderTest Warehouse => Pipeline.Warehouse;

    /// <summary>Makes and loads it.</summary>
    /// <param name="kind">The warehouse.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="key">The kind of its key.</param>
    public static async Task<Ledgerbook> CreateAsync(WarehouseKind kind, int rows, KeyKind key = KeyKind.Integer)
    {
        var pipeline = await DiscoveredPipeline.CreateAsync(kind, path =>
        {
            using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = $"""
                PRAGMA journal_mode = WAL;
                CREATE TABLE entries (id {(key == KeyKind.Integer ? "INTEGER PRIMARY KEY" : "TEXT NOT NULL PRIMARY KEY")}, account INTEGER NOT NULL, note TEXT, amount DECIMAL(12,2), weight REAL, placed_at TIMESTAMP);
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
                INSERT INTO entries SELECT {(key == KeyKind.Integer ? "i * 3" : "printf('key-%09d', i * 3)")}, i % 97, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'note ' || i END, i * 0.37, i / 3.0, strftime('%Y-%m-%dT%H:%M:%SZ', 1700000000 + i, 'unixepoch') FROM n;
                """;
            command.ExecuteNonQuery();
        });
        var book = new Ledgerbook(pipeline);
        // The writer deletes and inserts again without end.
        pipeline.Configure("interval: 10s", "interval: 1s", "datasets:", "engine: { lease: 2s }\n\ndatasets:", "interval: 1s", "interval: 1s, breaker: { perDay: false }");
        await pipeline.RunAsync(0, "sync");
        return book;
    }

    /// <summary>Changes rows of the warehouse by hand: a third each is deleted, changed, and made up.</summary>
    /// <returns>How many of each kind.</returns>
    public async Task<(int Missing, int Different, int Extra)> EditAsync(int edits, int rows, int seed, KeyKind key = KeyKind.Integer)
    {
        var random = new Random(seed);
        var sql = new StringBuilder();
        var (missing, different, extra) = (0, 0, 0);
        // Keys of rows are multiples of 3: those beside them are nobody's.
        foreach (var i in Enumerable.Range(1, rows).OrderBy(_ => random.Next()).Take(edits))
        {
            var (mine, free) = key == KeyKind.Integer ? ($"{i * 3}", $"{(i * 3) + 1}") : ($"'key-{i * 3:D9}'", $"'key-{(i * 3) + 1:D9}'");
            switch (random.Next(3))
            {
                case 0:
                    sql.AppendLine(CultureInfo.InvariantCulture, $"DELETE FROM {Table} WHERE id = {mine};");
                    missing++;
                    break;
                case 1:
                    var change = random.Next(4) switch { 0 => "account = account + 1", 1 => "note = coalesce(note, '') || ' '", 2 => "amount = coalesce(amount, 0) + 0.01", _ => "weight = NULL" };
                    sql.AppendLine(CultureInfo.InvariantCulture, $"UPDATE {Table} SET {change} WHERE id = {mine};");
                    different++;
                    break;
                default:
                    sql.AppendLine(CultureInfo.InvariantCulture, $"INSERT INTO {Table} (id, account, note) VALUES ({free}, 1, 'made up');");
                    extra++;
                    break;
            }
        }

        await Warehouse.ExecuteAsync($"BEGIN; {sql} COMMIT;");
        return (missing, different, extra);
    }

    /// <summary>Runs <c>reconcile --json</c>.</summary>
    public async Task<JsonElement> ReconcileAsync(int exitCode, params string[] arguments)
    {
        var result = await Pipeline.RunAsync(exitCode, ["reconcile", "entries", "--json", .. arguments]);
        var dataset = JsonDocument.Parse(result.Out).RootElement.GetProperty("datasets").EnumerateArray().Single();
        return dataset.GetProperty("report");
    }

    /// <summary>Does something while there is no source.</summary>
    public async Task<T> WithoutSourceAsync<T>(Func<Task<T>> work)
    {
        foreach (var file in SourceFiles()) File.Move(file, $"{file}.away");
        try
        {
            return await work();
        }
        finally
        {
            foreach (var file in SourceFiles().Where(f => f.EndsWith(".away", StringComparison.Ordinal))) File.Move(file, file[..^".away".Length]);
        }
    }

    private string[] SourceFiles() => Directory.GetFiles(Path.GetDirectoryName(Pipeline.Source)!, $"{Path.GetFileName(Pipeline.Source)}*");

    public string Table => Warehouse.Table("entries");

    public ValueTask DisposeAsync() => Pipeline.DisposeAsync();
}

/// <summary>What kind of key a table has.</summary>
public enum KeyKind
{
    Integer,
    Text,
}
