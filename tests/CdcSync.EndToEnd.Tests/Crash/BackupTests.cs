using CdcSync.EndToEnd.Tests.Cli;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;

namespace CdcSync.EndToEnd.Tests.Crash;

/// <summary>The backups of docs/operations.md: a warehouse that is put back to where it was, without its landing files, goes on from there and becomes equal again.</summary>
public sealed class BackupTests
{
    [Fact]
    public async Task A_sqlite_warehouse_that_is_restored_catches_up()
    {
        using var pipeline = new PipelineFolder();
        await CheckAsync(pipeline, new Dictionary<string, string>(), "SELECT group_concat(id || note) FROM (SELECT id, note FROM orders ORDER BY id)", sql => Task.FromResult(pipeline.Warehouse(sql)),
            () =>
            {
                pipeline.ExecuteInWarehouse($"VACUUM INTO '{pipeline["backup.db"]}'");
                return Task.CompletedTask;
            },
            () =>
            {
                foreach (var file in new[] { "warehouse.db", "warehouse.db-wal", "warehouse.db-shm" })
                    File.Delete(pipeline[file]);
                File.Move(pipeline["backup.db"], pipeline["warehouse.db"]);
                return Task.CompletedTask;
            });
    }

    [Fact]
    public async Task A_postgresql_warehouse_that_is_restored_catches_up()
    {
        Assert.SkipWhen(PostgresServer.SkipReason is not null, PostgresServer.SkipReason ?? "");
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        using var pipeline = new PipelineFolder("{ kind: postgres, connection: \"${env:WAREHOUSE}\" }");
        var server = new Uri($"postgresql://127.0.0.1:{database.Server.Port}/{database.Name}");
        var login = new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString);
        Dictionary<string, string> account = new() { ["PGUSER"] = login.Username!, ["PGPASSWORD"] = login.Password! };
        await CheckAsync(pipeline, new Dictionary<string, string> { ["WAREHOUSE"] = database.ConnectionString }, "SELECT string_agg(id || note, ',' ORDER BY id) FROM orders", database.ScalarAsync<string>,
            () => ToolAsync("pg_dump", "--format=custom", $"--file={pipeline["backup"]}", server.ToString()),
            () => ToolAsync("pg_restore", "--clean", "--if-exists", "--single-transaction", $"--dbname={server}", pipeline["backup"]));

        async Task ToolAsync(string tool, params string[] arguments)
        {
            var result = await InstalledProgram.RunAsync(PostgresServer.Tool(tool), arguments, environment: account);
            Assert.True(result.ExitCode == 0, result.ToString());
        }
    }

    private static async Task CheckAsync(PipelineFolder pipeline, Dictionary<string, string> environment, string rows, Func<string, Task<string?>> ask, Func<Task> backUp, Func<Task> restore)
    {
        await pipeline.TrackAsync();
        await RunAsync("sync", "--migrate");
        await backUp();
        pipeline.Execute("INSERT INTO orders VALUES (3, 'c'); UPDATE orders SET note = 'A' WHERE id = 1; DELETE FROM orders WHERE id = 2");
        await RunAsync("sync");
        Assert.Equal("1A,3c", await ask(rows));

        await restore();
        Directory.Delete(pipeline["landing"], recursive: true);
        Assert.Equal("1a,2b", await ask(rows));
        pipeline.Execute("INSERT INTO orders VALUES (4, 'd')");
        await RunAsync("sync");
        Assert.Equal("1A,3c,4d", await ask(rows));
        await RunAsync("reconcile", "--mode", "full");
        await RunAsync("history");

        async Task RunAsync(params string[] command)
        {
            var result = await CdcsyncProcess.RunAsync(pipeline.Root, command, environment);
            Assert.True(result.ExitCode == 0, $"{string.Join(' ', command)}: {result}");
        }
    }
}
