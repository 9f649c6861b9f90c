using System.Globalization;
using System.IO.Compression;
using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Shaping;
using CdcSync.Core.Sources;
using Microsoft.Data.Sqlite;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

/// <summary>Databases made by others, table by table as discovery describes them: first load, then a few thousand random changes; every value is compared with an
/// independent query.</summary>
public sealed class SourceRealDataTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cdcsync-real-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, true);

    [Theory]
    [InlineData("chinook.sqlite", 11, 11)]
    [InlineData("usda.sqlite.gz", 10, 9)]
    public async Task Every_table_is_copied_and_kept_equal(string file, int tables, int keyed)
    {
        var path = Copy(file);
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        await using var source = new SqliteSource("real", new SqliteSourceOptions { Path = path });
        var found = await source.DiscoverAsync([], Token);
        Assert.Equal((tables, keyed), (found.Count, found.Count(f => f.Key.Count > 0)));
        await source.EnableTrackingAsync([.. found.Where(f => f.Key.Count > 0).Select(f => f.Name)], TimeSpan.FromDays(1), Token);
        Assert.Empty(await source.TrackingScriptAsync([.. found.Where(f => f.Key.Count > 0).Select(f => f.Name)], TimeSpan.FromDays(1), Token));
        var copies = found.Select((f, i) => new Copied(Dataset(f, i))).ToList();
        foreach (var copy in copies)
            Assert.Empty(await source.CheckAsync(copy.Dataset, Token));
        await PassAsync(source, copies);
        foreach (var copy in copies.Where(c => c.Dataset.Key.Count > 0))
            await LoadAsync(source, copy);
        Compare(path, copies);
        for (var round = 0; round < 3; round++)
        {
            Change(path, found, new Random(seed + round), 1_500);
            await PassAsync(source, copies);
            Compare(path, copies);
        }
    }

    private static async Task LoadAsync(SqliteSource source, Copied copy)
    {
        foreach (var range in await source.Ranges.PlanAsync(copy.Dataset, 20_000, Token))
            await foreach (var chunk in source.Ranges.ReadAsync(copy.Dataset, range, Token))
                copy.Apply(chunk);
    }

    private static async Task PassAsync(SqliteSource source, List<Copied> copies)
    {
        await using var session = await source.OpenAsync([.. copies.Select(c => new ReadRequest(c.Dataset, c.Checkpoint))], Token);
        foreach (var copy in copies)
        {
            var reading = session.Readings[copy.Dataset.Id];
            Assert.True(reading.Fault is null, reading.Fault?.ToString());
            if (copy.Dataset.Capture is Capture.FullRefresh && reading.State == ReadingState.Changed) copy.Rows.Clear();
            copy.Checkpoint = new Checkpoint(1, reading.Identity!, reading.UpTo!, null, null);
        }
        var changed = copies.Where(c => session.Readings[c.Dataset.Id].State == ReadingState.Changed).ToDictionary(c => c.Dataset.Id);
        await foreach (var found in session.ReadAsync(changed.Keys, Token))
        {
            if (found is WindowFailed failed) throw failed.Fault;
            if (found is ChunkRead(var id, var chunk)) changed[id].Apply(chunk);
        }
    }

    // Rows of each table by row id: changed, deleted, copied to other keys, replaced, moved.
    private static void Change(string path, IReadOnlyList<DiscoveredObject> tables, Random random, int count)
    {
        using var connection = Open(path, SqliteOpenMode.ReadWrite);
        using var transaction = connection.BeginTransaction();
        for (var i = 0; i < count; i++)
        {
            var table = tables[random.Next(tables.Count)];
            var columns = table.Columns.Where(c => !table.Key.Contains(c.Name)).ToList();
            var name = $"\"{table.Name}\"";
            var row = $"rowid = (SELECT rowid FROM {name} ORDER BY rowid LIMIT 1 OFFSET abs(random()) % 50)";
            var value = random.Next(4) == 0 ? "NULL" : "'it''s \"é\" ' || abs(random() % 1000)";
            var column = columns.Count == 0 ? null : columns[random.Next(columns.Count)];
            var moved = string.Join(", ", table.Columns.Select(c => c.Name == table.Key.FirstOrDefault() ? c.Type is StringType ? $"substr('z' || abs(random()), 1, 6)" : "abs(random() % 100000)" : $"\"{c.Name}\""));
            var sql = random.Next(6) switch
            {
                0 => $"DELETE FROM {name} WHERE {row}",
                1 => $"INSERT OR REPLACE INTO {name} SELECT {moved} FROM {name} WHERE {row}",
                2 => $"INSERT OR IGNORE INTO {name} SELECT {moved} FROM {name} WHERE {row}",
                3 when table.Key.Count > 0 => $"UPDATE OR REPLACE {name} SET \"{table.Key[0]}\" = (SELECT \"{table.Key[0]}\" FROM {name} ORDER BY rowid LIMIT 1 OFFSET {random.Next(60)}) WHERE {row}",
                _ when column?.Type is StringType => $"UPDATE OR IGNORE {name} SET \"{column.Name}\" = {value} WHERE {row}",
                _ when column is not null => $"UPDATE OR IGNORE {name} SET \"{column.Name}\" = (SELECT \"{column.Name}\" FROM {name} LIMIT 1 OFFSET {random.Next(60)}) WHERE {row}",
                _ => $"DELETE FROM {name} WHERE {row}",
            };
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            try
            {
                command.ExecuteNonQuery();
            }
            catch (SqliteException e) when (e.SqliteErrorCode is 19 or 20)
            {
                // A constraint: the row stays as it was.
            }
        }
        transaction.Commit();
    }

    private static void Compare(string path, List<Copied> copies)
    {
        using var connection = Open(path, SqliteOpenMode.ReadOnly);
        foreach (var copy in copies)
        {
            var truth = new List<string>();
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM \"{copy.Dataset.Object}\"";
            using var reader = command.ExecuteReader();
            while (reader.Read())
                truth.Add(string.Join('|', copy.Dataset.Columns.Select((c, i) => Text(reader.GetValue(i), c.ReadType))));
            Assert.Empty(copy.Faults);
            Assert.Equal(truth.Count, copy.Rows.Count);
            Assert.True(truth.Order(StringComparer.Ordinal).SequenceEqual(copy.Rows.Values.Order(StringComparer.Ordinal)), $"{copy.Dataset.Object} differs");
        }
    }

    private static string Text(object value, ArrowType type) => (value, type) switch
    {
        (DBNull, _) => "∅",
        (long l, Decimal128Type) => l.ToString(CultureInfo.InvariantCulture),
        (double d, Decimal128Type) => ((decimal)d).ToString("0.##########", CultureInfo.InvariantCulture),
        (long l, _) => l.ToString(CultureInfo.InvariantCulture),
        (double d, _) => d.ToString("R", CultureInfo.InvariantCulture),
        (string s, TimestampType) => DateTime.ParseExact(s, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture).ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture),
        (string s, _) => s,
        _ => throw new InvalidOperationException($"{value.GetType().Name} as {type}"),
    };

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, ForeignKeys = false }.ToString());
        connection.Open();
        return connection;
    }

    private static Dataset Dataset(DiscoveredObject table, int number) => new()
    {
        Id = new DatasetId($"d{number}"),
        SourceName = "real",
        Object = new SourceObject.Table(null, table.Name),
        Capture = table.Key.Count > 0 ? new Capture.ChangeTracking() : new Capture.FullRefresh(),
        Target = new TargetTable(null, table.Name),
        Contract = new ContractReference("c", "1.0.0", "tests"),
        Columns = [.. table.Columns.Select(c => new DatasetColumn(c.Name, c.Name, c.Type!, c.Type, table.Key.ToList().IndexOf(c.Name) is >= 0 and var at ? at : null))],
    };

    private string Copy(string file)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var data = Path.Combine(at.FullName, "shared", "data", file);
            if (!File.Exists(data)) continue;
            var copy = Path.Combine(_folder, "real.db");
            using var from = File.OpenRead(data);
            using var to = File.Create(copy);
            using Stream plain = file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(from, CompressionMode.Decompress) : from;
            plain.CopyTo(to);
            return copy;
        }
        Assert.Skip($"shared/data/{file} is in none of the folders above the tests");
        return "";
    }

    /// <summary>A copy of a table: key to row, or a number to row where there is no key.</summary>
    private sealed class Copied(Dataset dataset)
    {
        public Dataset Dataset => dataset;

        public Dictionary<string, string> Rows { get; } = [];

        public List<RowFault> Faults { get; } = [];

        public Checkpoint? Checkpoint { get; set; }

        public void Apply(ChangeChunk chunk)
        {
            Faults.AddRange(chunk.Faults);
            var texts = chunk.Rows.Columns.Select(CanonicalText.Of).ToArray();
            for (var row = 0; row < chunk.Length; row++)
            {
                var values = texts.Select(t => t.IsNull(row) ? "∅" : t.GetString(row)).ToArray();
                var key = dataset.Key.Count == 0 ? $"{Rows.Count}" : string.Join('|', dataset.Key.Select(k => values[dataset.SourceSchema.GetFieldIndex(k.Source)]));
                if (chunk.Kinds.Span[row] == ChangeKind.Upsert) Rows[key] = string.Join('|', values);
                else Rows.Remove(key);
            }
        }
    }
}
