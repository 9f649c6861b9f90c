using System.Data.Common;
using System.Diagnostics;
using System.Text.Json;
using CdcSync.Benchmarks.Measuring;
using CdcSync.Benchmarks.Sync;
using CdcSync.TestServers;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace CdcSync.Benchmarks.Reconcile;

/// <summary>The engines that run wherever the benchmarks do.</summary>
internal enum Engine
{
    Postgres,
    Sqlite,
}

/// <summary>A table of orders, tracked in one engine and synced by the published program into another.</summary>
internal sealed class OrdersPair : IAsyncDisposable
{
    private const string Columns = "customer_id, status, amount, currency, created_at, updated_at, note, is_gift, external_id";

    private const int Terminated = 143;

    private readonly string _cdcsync;
    private readonly string _folder = Directory.CreateTempSubdirectory("cdcsync-bench-").FullName;
    private readonly Dictionary<string, string> _environment = [];
    private readonly List<PostgresDatabase> _databases = [];

    private OrdersPair(string cdcsync, int rows) => (_cdcsync, Rows) = (cdcsync, rows);

    /// <summary>Rows that were loaded; their keys are 1 to this.</summary>
    public int Rows { get; }

    /// <summary>The engines, as a line of a report names them.</summary>
    public required string Name { get; init; }

    /// <summary>Opens a connection to the source.</summary>
    public Func<Task<DbConnection>> Source { get; private set; } = null!;

    /// <summary>Opens a connection to the warehouse.</summary>
    public Func<Task<DbConnection>> Target { get; private set; } = null!;

    /// <summary>Every pair of engines that runs here.</summary>
    public static IEnumerable<(Engine From, Engine To)> All =>
        from source in Enum.GetValues<Engine>() from target in Enum.GetValues<Engine>() select (source, target);

    /// <summary>Makes the table, tracks it, and loads it.</summary>
    public static async Task<OrdersPair> CreateAsync(string cdcsync, PostgresServer server, (Engine From, Engine To) engines, int rows)
    {
        var pair = new OrdersPair(cdcsync, rows) { Name = $"{engines.From} to {engines.To}" };
        pair.Source = await pair.OpenerAsync(server, engines.From, "SHOP");
        pair.Target = await pair.OpenerAsync(server, engines.To, "WAREHOUSE");
        if (engines.From == Engine.Sqlite) OrdersDatabase.Create(pair.FileOf("SHOP"), rows);
        else await pair._databases[0].ExecuteAsync(OrdersDatabase.OnPostgres(rows));
        var file = Path.Combine(pair._folder, "cdcsync.yaml");
        await File.WriteAllTextAsync(file, $$"""
            pipeline: bench
            sources: { shop: {{Yaml(engines.From, "SHOP")}} }
            warehouse: {{Yaml(engines.To, "WAREHOUSE")}}

            """);
        await pair.RunAsync(0, "discover", "shop", "orders", "--contract");
        // The writer deletes and inserts again for as long as it is let.
        await File.AppendAllTextAsync(file, "defaults: { interval: 1s, breaker: { perDay: false } }\ndatasets:\n  orders: { source: shop, object: orders, contract: contracts/shop.odcs.yaml#orders }\n");
        await pair.RunAsync(0, "discover", "shop", "orders", "--enable-tracking", "--apply");
        await pair.RunAsync(0, "sync", "--migrate");
        return pair;
    }

    /// <summary>Runs <c>reconcile</c> to its end.</summary>
    /// <returns>The report of its JSON.</returns>
    public async Task<JsonElement> ReconcileAsync(int exitCode, params string[] arguments) =>
        JsonDocument.Parse(await RunAsync(exitCode, ["reconcile", "orders", "--json", .. arguments])).RootElement.GetProperty("datasets")[0].GetProperty("report");

    /// <summary>Runs a command to its end.</summary>
    /// <returns>What it wrote.</returns>
    /// <exception cref="InvalidOperationException">It ended with another exit code.</exception>
    public async Task<string> RunAsync(int exitCode, params string[] arguments)
    {
        using var process = Start(arguments);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == exitCode
            ? await output
            : throw new InvalidOperationException($"{Name}: {string.Join(' ', arguments)} ended with {process.ExitCode}, not {exitCode}:\n{await output}{await errors}");
    }

    /// <summary>Does something while a daemon syncs, and ends the daemon in order.</summary>
    public async Task WithDaemonAsync(Func<Task> work)
    {
        using var daemon = Start("run", "--listen", "127.0.0.1:0");
        var (output, errors) = (daemon.StandardOutput.ReadToEndAsync(), daemon.StandardError.ReadToEndAsync());
        try
        {
            await work();
        }
        catch (InvalidOperationException e)
        {
            daemon.Kill();
            throw new InvalidOperationException($"{e.Message}\nThe daemon:\n{await output}{await errors}", e);
        }
        using (var kill = Process.Start("kill", ["-TERM", $"{daemon.Id}"])) await kill.WaitForExitAsync();
        await daemon.WaitForExitAsync();
        if (daemon.ExitCode != Terminated) throw new InvalidOperationException($"{Name}: the daemon ended with {daemon.ExitCode}:\n{await output}{await errors}");
    }

    /// <summary>A row with a new key, otherwise as another is; nothing where the key is there.</summary>
    public static string Insert(int key, int like) => $"INSERT INTO orders (id, {Columns}) SELECT {key}, {Columns} FROM orders WHERE id = {like} ON CONFLICT DO NOTHING;";

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _databases) await database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(_cdcsync, arguments) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in _environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private async Task<Func<Task<DbConnection>>> OpenerAsync(PostgresServer server, Engine engine, string name)
    {
        if (engine == Engine.Sqlite) return () => OpenAsync(new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = FileOf(name), Pooling = false, DefaultTimeout = 60 }.ToString()));
        var database = await server.CreateDatabaseAsync();
        _databases.Add(database);
        _environment[name] = database.ConnectionString;
        return () => OpenAsync(new NpgsqlConnection(database.ConnectionString));
    }

    private static async Task<DbConnection> OpenAsync(DbConnection connection)
    {
        await connection.OpenAsync();
        return connection;
    }

    private string FileOf(string name) => Path.Combine(_folder, $"{name.ToLowerInvariant()}.db");

    private static string Yaml(Engine engine, string name) =>
        engine == Engine.Sqlite ? $"{{ kind: sqlite, path: ./{name.ToLowerInvariant()}.db }}" : $"{{ kind: postgres, connection: \"${{env:{name}}}\" }}";
}
