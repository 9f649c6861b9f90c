using CdcSync.EndToEnd.Tests.Harness;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.RealData;

/// <summary>From "I have a database" to "it syncs", as a user goes: discover, migrate, sync, each through the real process.</summary>
internal sealed class DiscoveredPipeline : IAsyncDisposable
{
    private readonly TempFolder _folder = new();

    private DiscoveredPipeline()
    {
    }

    /// <summary>A file of its folder.</summary>
    public string this[string name] => _folder[name];

    /// <summary>The source's file.</summary>
    public string Source => _folder["source.db"];

    public WarehouseUnderTest Warehouse { get; private set; } = null!;

    /// <summary>What <c>discover</c> wrote.</summary>
    public string Contract => File.ReadAllText(_folder["contracts/source.odcs.yaml"]);

    /// <summary>Makes a source, discovers it, tracks it, makes the warehouse.</summary>
    public static async Task<DiscoveredPipeline> CreateAsync(WarehouseKind kind, Action<string> makeSource)
    {
        var pipeline = new DiscoveredPipeline();
        makeSource(pipeline.Source);
        pipeline.Warehouse = await WarehouseUnderTest.CreateAsync(kind, pipeline._folder);
        await pipeline.RunAsync(0, "discover", "./source.db", "--contract", "--enable-tracking", "--apply");
        var config = File.ReadAllLines(pipeline._folder["cdcsync.yaml"]);
        await File.WriteAllLinesAsync(pipeline._folder["cdcsync.yaml"], config.Select(l => l.StartsWith("warehouse:", StringComparison.Ordinal) ? $"warehouse: {pipeline.Warehouse.Yaml}" : l));
        await pipeline.RunAsync(0, "migrate");
        return pipeline;
    }

    /// <summary>Runs a command that must end with this exit code.</summary>
    public async Task<ProcessResult> RunAsync(int exitCode, params string[] arguments)
    {
        var result = await CdcsyncProcess.RunAsync(_folder.Root, arguments, Warehouse?.Environment);
        Assert.True(result.ExitCode == exitCode, $"cdcsync {string.Join(' ', arguments)}: expected exit {exitCode}: {result}");
        return result;
    }

    /// <summary>Starts a command that runs on.</summary>
    public CdcsyncProcess Start(IEnumerable<string> arguments, params IEnumerable<(string Name, string Value)> environment) =>
        CdcsyncProcess.Start(_folder.Root, arguments, Warehouse.Environment.Concat(environment.Select(e => KeyValuePair.Create(e.Name, e.Value))).ToDictionary());

    /// <summary>Replaces words of the pipeline file, pair by pair.</summary>
    public void Configure(params IReadOnlyList<string> pairs)
    {
        var text = File.ReadAllText(_folder["cdcsync.yaml"]);
        for (var i = 0; i < pairs.Count; i += 2)
        {
            Assert.Contains(pairs[i], text, StringComparison.Ordinal);
            text = text.Replace(pairs[i], pairs[i + 1], StringComparison.Ordinal);
        }

        File.WriteAllText(_folder["cdcsync.yaml"], text);
    }

    /// <summary>Changes the source at random.</summary>
    public IReadOnlyDictionary<string, int> Change(int changes, int seed)
    {
        using var connection = OpenSource();
        return new RandomChanges(connection, seed).Apply(changes);
    }

    /// <summary>Runs SQL in the source.</summary>
    public void Execute(string sql)
    {
        using var connection = OpenSource();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Compares every value of every row of every table by queries of its own.</summary>
    /// <param name="except">Per table, a condition on the rows that the warehouse can't hold.</param>
    /// <returns>The number of rows compared.</returns>
    public Task<int> AssertEqualAsync(IReadOnlyDictionary<string, string>? except = null) => AssertEqualAsync(Warehouse, except);

    /// <summary>Compares the source with another warehouse.</summary>
    public async Task<int> AssertEqualAsync(WarehouseUnderTest other, IReadOnlyDictionary<string, string>? except = null)
    {
        await using var source = OpenSource();
        await using var warehouse = await other.OpenAsync();
        var rows = 0;
        foreach (var table in SourceTable.ReadAll(source))
        {
            var columns = string.Join(", ", table.Columns.Select(c => SourceTable.Quote(c.Name)));
            var without = except?.GetValueOrDefault(table.Name) is { } condition ? $" WHERE NOT ({condition})" : "";
            var expected = await RowSet.ReadAsync(source, $"SELECT {columns} FROM {SourceTable.Quote(table.Name)}{without}", table);
            var found = await RowSet.ReadAsync(warehouse, $"SELECT {columns} FROM {other.Table(table.Name)}", table);
            var differences = found.DifferencesFrom(expected);
            Assert.True(differences.Length == 0, $"{table.Name}: {differences}");
            rows += found.Count;
        }

        return rows;
    }

    /// <summary>The columns that quarantined rows are there for: <c>dataset.column</c>, sorted, with blanks between.</summary>
    public async Task<string> QuarantinedColumnsAsync()
    {
        await using var warehouse = await Warehouse.OpenAsync();
        await using var command = warehouse.CreateCommand();
        command.CommandText = $"SELECT dataset, column_name FROM {Warehouse.Control("quarantine")}";
        await using var reader = await command.ExecuteReaderAsync();
        List<string> found = [];
        while (await reader.ReadAsync())
            found.Add($"{reader.GetString(0)}.{reader.GetString(1)}");
        return string.Join(' ', found.Order(StringComparer.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        if (Warehouse is not null)
            await Warehouse.DisposeAsync();
        _folder.Dispose();
    }

    private SqliteConnection OpenSource()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Source, Pooling = false, ForeignKeys = false }.ToString());
        connection.Open();
        return connection;
    }
}
