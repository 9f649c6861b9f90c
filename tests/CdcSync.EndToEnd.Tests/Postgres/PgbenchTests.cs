using System.Diagnostics;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;

namespace CdcSync.EndToEnd.Tests.Postgres;

/// <summary>pgbench, which nobody here wrote, writes while cdcsync syncs in each mode; worker and source are killed in between; then every value is compared.</summary>
public sealed class PgbenchTests
{
    private const int Seconds = 3;

    // Stamped by the server; the log of transactions has a number, the small tables are read whole.
    private const string Prepare = """
        ALTER TABLE pgbench_accounts ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
        CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
        CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON pgbench_accounts FOR EACH ROW EXECUTE FUNCTION stamp();
        CREATE INDEX ON pgbench_accounts (updated_at);
        ALTER TABLE pgbench_history ADD COLUMN hid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
        CREATE ROLE cdcsync LOGIN PASSWORD 'cdcsync';
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO cdcsync;
        GRANT pg_read_all_stats TO cdcsync;
        """;

    public enum Mode
    {
        MarksAndFullRefresh,
        Log,
    }

    private static readonly (string Table, string Key)[] Tables = [("pgbench_accounts", "aid"), ("pgbench_history", "hid"), ("pgbench_tellers", "tid"), ("pgbench_branches", "bid")];

    [Theory]
    [InlineData(Mode.MarksAndFullRefresh)]
    [InlineData(Mode.Log)]
    public async Task Every_value_is_equal_after_pgbench_wrote_and_worker_and_server_were_killed(Mode mode)
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        if (!File.Exists(PostgresServer.Tool("pgbench"))) Assert.Skip("no pgbench beside the server");
        // What was committed must survive the crash, so that the source is never behind what was read from it.
        await using var server = await PostgresServer.StartAsync(
            ["fsync=off", "full_page_writes=off", "synchronous_commit=on", "shared_buffers=64MB", "TimeZone=America/St_Johns", $"wal_level={(mode == Mode.Log ? "logical" : "replica")}"]);
        await using var source = await server.CreateDatabaseAsync();
        await BenchAsync(server, source, ["-i", "-q", "-s", "1"]);
        await source.ExecuteAsync(Prepare);

        using var folder = new TempFolder();
        await using var warehouse = await WarehouseUnderTest.CreateAsync(WarehouseKind.Postgres, folder);
        var administrator = new Dictionary<string, string>(warehouse.Environment) { ["SOURCE"] = source.ConnectionString };
        var environment = new Dictionary<string, string>(warehouse.Environment) { ["SOURCE"] = new Npgsql.NpgsqlConnectionStringBuilder(source.ConnectionString) { Username = "cdcsync", Password = "cdcsync" }.ConnectionString };
        await WritePipelineAsync(folder, warehouse, environment, mode);
        await RunAsync(folder, environment, "migrate");
        if (mode == Mode.Log)
        {
            await source.ExecuteAsync("ALTER ROLE cdcsync REPLICATION");
            await RunAsync(folder, administrator, "discover", "bench", "--enable-tracking", "--apply");
        }

        // Until its server is killed.
        var writing = BenchAsync(server, source, ["-n", "-c", "4", "-T", "600"]);
        await using (var killed = CdcsyncProcess.Start(folder.Root, ["run"], environment))
        {
            await WaitForRowsAsync(warehouse, "pgbench_history", 200);
            killed.Send(Signal.Kill);
            await killed.WaitForExitAsync();
        }

        await using (var daemon = CdcsyncProcess.Start(folder.Root, ["run"], environment))
        {
            await WaitForRowsAsync(warehouse, "pgbench_history", 200 + Convert.ToInt64(await warehouse.ScalarAsync($"SELECT count(*) FROM {warehouse.Table("pgbench_history")}"), System.Globalization.CultureInfo.InvariantCulture));
            await server.CrashAsync();
            source.ForgetConnections();
            await Assert.ThrowsAnyAsync<Exception>(() => writing);
            await BenchAsync(server, source, ["-n", "-c", "4", "-T", $"{Seconds}"]);
            daemon.Send(Signal.Terminate);
            Assert.Equal(143, (await daemon.WaitForExitAsync()).ExitCode);
        }

        await RunAsync(folder, environment, "sync");
        await RunAsync(folder, environment, "reconcile");
        foreach (var (table, key) in Tables)
        {
            var expected = await source.QueryAsync($"SET TimeZone = 'UTC'; SELECT t::text FROM (SELECT {await ColumnsAsync(source, table)} FROM {table} ORDER BY {key}) AS t");
            var found = new List<string>();
            await using var connection = await warehouse.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = $"SET TimeZone = 'UTC'; SELECT t::text FROM (SELECT {await ColumnsAsync(source, table)} FROM {warehouse.Table(table)} ORDER BY {key}) AS t";
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync()) found.Add(rows.GetString(0));
            Assert.Equal(expected.Select(r => (string)r[0]!), found);
            Assert.NotEmpty(found);
        }
    }

    private static async Task RunAsync(TempFolder folder, Dictionary<string, string> environment, params string[] arguments)
    {
        var result = await CdcsyncProcess.RunAsync(folder.Root, arguments, environment);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result}");
    }

    private static async Task WritePipelineAsync(TempFolder folder, WarehouseUnderTest warehouse, Dictionary<string, string> environment, Mode mode)
    {
        string Dataset(string table, string capture) => $$"""
              {{table}}:
                source: bench
                object: {{table}}
                contract: contracts/bench.odcs.yaml#{{table}}
                interval: 1s
                {{capture}}

            """;
        var text = $$"""
            pipeline: bench
            sources: { bench: { kind: postgres, connection: "${env:SOURCE}" } }
            warehouse: {{warehouse.Yaml}}
            http: { listen: "127.0.0.1:0" }
            datasets:

            """;
        await File.WriteAllTextAsync(folder["cdcsync.yaml"], text.Replace("datasets:", "", StringComparison.Ordinal));
        await RunAsync(folder, environment, "discover", "bench", "pgbench*", "--contract");
        await File.WriteAllTextAsync(folder["cdcsync.yaml"], mode == Mode.Log ? text + string.Concat(Tables.Select(t => Dataset(t.Table, "capture: change-tracking"))) : text
            + Dataset("pgbench_accounts", "capture: { highWaterMark: updated_at, kind: timestamp, overlap: 0s, stampedBy: server }\n    acceptMissedDeletes: true")
            + Dataset("pgbench_history", "capture: { highWaterMark: hid, kind: sequence }\n    acceptMissedDeletes: true")
            + Dataset("pgbench_tellers", "capture: full-refresh") + Dataset("pgbench_branches", "capture: full-refresh"));
    }

    private static async Task<string> ColumnsAsync(PostgresDatabase source, string table) =>
        (await source.ScalarAsync<string>($"SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"))!;

    private static async Task WaitForRowsAsync(WarehouseUnderTest warehouse, string table, long rows)
    {
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (Convert.ToInt64(await warehouse.ScalarAsync($"SELECT count(*) FROM {warehouse.Table(table)}"), System.Globalization.CultureInfo.InvariantCulture) >= rows) return;
            }
            catch (System.Data.Common.DbException)
            {
                // The table comes with the first load.
            }
            Assert.True(deadline.Elapsed < CdcsyncProcess.Patience, $"{table} has not got {rows} rows");
            await Task.Delay(50);
        }
    }

    private static async Task BenchAsync(PostgresServer server, PostgresDatabase source, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(PostgresServer.Tool("pgbench"), [.. arguments, "-h", "127.0.0.1", "-p", $"{server.Port}", "-U", "postgres", source.Name]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["PGPASSWORD"] = new Npgsql.NpgsqlConnectionStringBuilder(server.AdminConnectionString).Password;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        await output;
        if (process.ExitCode != 0) throw new InvalidOperationException($"pgbench ended with {process.ExitCode}: {await errors}");
    }
}
