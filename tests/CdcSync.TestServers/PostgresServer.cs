using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace CdcSync.TestServers;

/// <summary>
/// A private PostgreSQL from the installed binaries: own data directory under the temp directory, free loopback port, password login.
/// It ends with the process that started it, however that one ends: a small shell watches the pipe between the two.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>For tests: no fsync, and an odd time zone on purpose, as nothing may depend on it.</summary>
    private static readonly string[] Quick = ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=64MB", "max_connections=200", "TimeZone=America/St_Johns"];

    private static readonly Lazy<Task<PostgresServer>> Process = new(() => StartAsync());

    private readonly Process _watcher;
    private readonly string _password;
    private readonly IReadOnlyList<string> _settings;
    private int _databases;

    private PostgresServer(Process watcher, int port, string password, IReadOnlyList<string> settings)
    {
        (_watcher, _password, _settings) = (watcher, password, settings);
        Port = port;
        AdminConnectionString = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Username = PostgresInstallation.Superuser,
            Password = password,
            Database = "postgres",
            Pooling = false,
            Timeout = 15,
        }.ConnectionString;
    }

    /// <summary>Why there is no server to be had here: what to give to <c>Assert.Skip</c>. Null where there is one.</summary>
    /// <exception cref="InvalidOperationException">There is none, and CI=true promised one.</exception>
    public static string? SkipReason
    {
        get
        {
            if (PostgresInstallation.Find() is not null) return null;
            const string reason = "no PostgreSQL (15 or newer) in /usr/lib/postgresql/*/bin or on the PATH";
            return Environment.GetEnvironmentVariable("CI") == "true"
                ? throw new InvalidOperationException($"CI=true, but there is {reason}.")
                : reason;
        }
    }

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The superuser's connection to the database <c>postgres</c>, with its password.</summary>
    public string AdminConnectionString { get; }

    /// <summary>The process's one server, started at the first call.</summary>
    public static Task<PostgresServer> SharedAsync() => Process.Value;

    /// <summary>Starts a server of the caller's own, for tests that stop it and for benchmarks.</summary>
    /// <param name="settings">Its settings as <c>name=value</c>, empty = PostgreSQL's own defaults; null = those of tests.</param>
    /// <exception cref="InvalidOperationException">There is no PostgreSQL, or it does not start; the message holds its log.</exception>
    public static async Task<PostgresServer> StartAsync(IReadOnlyList<string>? settings = null)
    {
        var installation = PostgresInstallation.Find() ?? throw new InvalidOperationException("There is no PostgreSQL here: ask SkipReason first.");
        var failure = "";
        // A port that was free a moment ago may be taken by the time the server binds it.
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var port = FreePort();
            var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
            var watcher = installation.Start(port, password, settings ?? Quick);
            var server = new PostgresServer(watcher, port, password, settings ?? Quick);
            if (await server.IsReadyAsync()) return server;
            await server.DisposeAsync();
            failure = await watcher.StandardError.ReadToEndAsync();
        }
        throw new InvalidOperationException($"PostgreSQL from {installation.Bin} did not start: {failure}");
    }

    /// <summary>Copies the server with all its databases, but without its slots, as a backup does.</summary>
    /// <returns>Starts the copy as a server of its own: it is what the original was now, on a timeline of its own.</returns>
    public async Task<Func<Task<PostgresServer>>> BackUpAsync()
    {
        var start = await CopyAsync();
        return async () =>
        {
            var copy = await start("recovery");
            // Until it is promoted it answers, and can't be written to.
            await Eventually.HoldsAsync(async () => !await copy.IsInRecoveryAsync());
            return copy;
        };
    }

    /// <summary>Starts a standby that follows the server and can be read.</summary>
    public async Task<PostgresServer> StandbyAsync() => await (await CopyAsync())("standby");

    /// <summary>Makes a standby a server of its own, on a new timeline.</summary>
    public async Task PromoteAsync()
    {
        await ExecuteAsync("SELECT pg_promote(wait => true, wait_seconds => 60)");
        await Eventually.HoldsAsync(async () => !await IsInRecoveryAsync());
    }

    private async Task<Func<string, Task<PostgresServer>>> CopyAsync()
    {
        var port = FreePort();
        var copier = PostgresInstallation.Find()!.Copy(Port, port, _password, _settings);
        if (await copier.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(2)) != "copied")
            throw new InvalidOperationException($"the server could not be copied: {await copier.StandardError.ReadToEndAsync()}");
        return async kind =>
        {
            await copier.StandardInput.WriteLineAsync(kind);
            await copier.StandardInput.FlushAsync();
            var copy = new PostgresServer(copier, port, _password, _settings);
            return await copy.IsReadyAsync() ? copy : throw new InvalidOperationException($"the copy did not start: {await copier.StandardError.ReadToEndAsync()}");
        };
    }

    /// <summary>Creates an empty database that is dropped when disposed.</summary>
    public async Task<PostgresDatabase> CreateDatabaseAsync()
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        // With fsync off copying files is the quicker way.
        await ExecuteAsync($"CREATE DATABASE {name} STRATEGY file_copy");
        return new PostgresDatabase(this, name);
    }

    /// <summary>Runs a statement as superuser in the database <c>postgres</c>.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(AdminConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Kills the server's first process (kill -9), as the kernel would for want of memory; a new one recovers from the log. Only on a server of the caller's own.</summary>
    /// <returns>When connections are taken again.</returns>
    public async Task CrashAsync()
    {
        await using (var connection = new NpgsqlConnection(AdminConnectionString))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("SELECT current_setting('data_directory')", connection);
            var data = (string)(await command.ExecuteScalarAsync())!;
            await File.WriteAllTextAsync(Path.Combine(data, "crashed"), "");
            var process = int.Parse(File.ReadLines(Path.Combine(data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
            System.Diagnostics.Process.GetProcessById(process).Kill();
        }
        if (!await IsReadyAsync()) throw new InvalidOperationException("PostgreSQL did not come back after its crash.");
    }

    /// <summary>The path of a program that came with the server, such as pgbench.</summary>
    public static string Tool(string name) => Path.Combine(PostgresInstallation.Find()?.Bin ?? "", name);

    /// <summary>Stops the server at once and removes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_watcher.HasExited) return;
        _watcher.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await _watcher.WaitForExitAsync(patience.Token);
    }

    private async Task<bool> IsInRecoveryAsync()
    {
        await using var connection = new NpgsqlConnection(AdminConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_is_in_recovery()", connection);
        return await command.ExecuteScalarAsync() is true;
    }

    private async Task<bool> IsReadyAsync()
    {
        var deadline = Stopwatch.StartNew();
        while (deadline.Elapsed < TimeSpan.FromSeconds(60) && !_watcher.HasExited)
        {
            try
            {
                await ExecuteAsync("SELECT 1");
                return true;
            }
            catch (NpgsqlException)
            {
                await Task.Delay(50);
            }
        }
        return false;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
