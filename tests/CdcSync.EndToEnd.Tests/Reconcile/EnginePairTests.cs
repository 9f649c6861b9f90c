using System.Globalization;
using System.Text.Json;
using CdcSync.Core.Sync;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.Reconcile;

/// <summary>What holds of comparisons on every pair of engines that run here, whatever the key is of.</summary>
public sealed class EnginePairTests
{
    private const int Rows = 8_000;
    private static readonly string[] Keys = ["days", "instants", "uuids", "codes"];

    [Theory]
    [InlineData(WarehouseKind.Sqlite, WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Sqlite, WarehouseKind.Postgres)]
    [InlineData(WarehouseKind.Postgres, WarehouseKind.Postgres)]
    [InlineData(WarehouseKind.Postgres, WarehouseKind.Sqlite)]
    public async Task Of_tables_by_dates_instants_uuids_and_texts_few_differences_move_few_rows(WarehouseKind from, WarehouseKind to)
    {
        await using var pair = await Pair.CreateAsync(from, to, Rows, Keys);
        foreach (var table in Keys)
        {
            var target = pair.Warehouse.Table(table);
            await pair.Warehouse.ExecuteAsync($"DELETE FROM {target} WHERE id IN ({Key(table, 17)}, {Key(table, 4_000)})");
            await pair.Warehouse.ExecuteAsync($"UPDATE {target} SET note = 'by hand' WHERE id IN ({Key(table, 5)}, {Key(table, 7_000)})");
            await pair.Warehouse.ExecuteAsync($"INSERT INTO {target} (id, note) VALUES ({Key(table, -3)}, 'made up')");
        }

        var mended = JsonDocument.Parse((await pair.RunAsync(0, "reconcile", "--repair", "--json")).Out).RootElement.GetProperty("datasets");
        foreach (var dataset in mended.EnumerateArray())
        {
            var (table, report) = (dataset.GetProperty("dataset").GetString()!, dataset.GetProperty("report"));
            Assert.Equal((table, (2, 2, 1), 5), (table, HandEditTests.Counts(report), report.GetProperty("repaired").GetInt32()));
            Assert.InRange(report.GetProperty("rowsTravelled").GetInt32(), 5, (Rows / 100) - 1);
            Assert.Equal($"{Rows} 0", Convert.ToString(await pair.Warehouse.ScalarAsync($"SELECT count(*) || ' ' || count(CASE WHEN note IN ('by hand', 'made up') THEN 1 END) FROM {pair.Warehouse.Table(table)}"), CultureInfo.InvariantCulture));
        }

        Assert.Equal(Keys.Length, mended.GetArrayLength());
        await pair.RunAsync(0, "reconcile", "--mode", "full");
    }

    /// <summary>What was mended before the kill stays, and the next run mends the rest.</summary>
    [Theory]
    [InlineData(WarehouseKind.Sqlite, WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Sqlite, WarehouseKind.Postgres)]
    [InlineData(WarehouseKind.Postgres, WarehouseKind.Postgres)]
    [InlineData(WarehouseKind.Postgres, WarehouseKind.Sqlite)]
    public async Task A_repair_that_is_killed_midway_is_finished_by_the_next(WarehouseKind from, WarehouseKind to)
    {
        const int Few = 400;                                             // the last row is in the mark's overlap, and comes by itself
        await using var pair = await Pair.CreateAsync(from, to, Few, ["numbers"]);
        var target = pair.Warehouse.Table("numbers");
        foreach (var step in new[] { Failpoints.Narrowed, Failpoints.Merged, Failpoints.AfterCommit })
        {
            await pair.Warehouse.ExecuteAsync($"DELETE FROM {target} WHERE id % 40 = 20");
            await pair.Warehouse.ExecuteAsync($"UPDATE {target} SET note = 'by hand' WHERE id % 50 = 1");
            await pair.Warehouse.ExecuteAsync($"INSERT INTO {target} (id, note) VALUES (-1, 'made up'), (-2, 'made up')");
            await using (var killed = pair.Start(["reconcile", "--repair"], ("CDCSYNC_FAILPOINT", $"{step}:1")))
                Assert.Equal((step, 137), (step, (await killed.WaitForExitAsync()).ExitCode));
            var report = JsonDocument.Parse((await pair.RunAsync(0, "reconcile", "--repair", "--json")).Out).RootElement.GetProperty("datasets").EnumerateArray().Single().GetProperty("report");
            Assert.Equal((step, step == Failpoints.AfterCommit ? (0, 0, 0) : (Few / 40, Few / 50, 2)), (step, HandEditTests.Counts(report)));
            Assert.Equal((step, $"{Few} 0"), (step, Convert.ToString(await pair.Warehouse.ScalarAsync($"SELECT count(*) || ' ' || count(CASE WHEN note IN ('by hand', 'made up') THEN 1 END) FROM {target}"), CultureInfo.InvariantCulture)));
        }

        await pair.RunAsync(0, "reconcile", "--mode", "full");
    }

    /// <summary>The key of row n, as both kinds of warehouse write it.</summary>
    private static string Key(string table, int n) => table switch
    {
        "days" => string.Create(CultureInfo.InvariantCulture, $"'{new DateOnly(2000, 1, 1).AddDays(n):yyyy-MM-dd}'"),
        "instants" => string.Create(CultureInfo.InvariantCulture, $"'{new DateTime(2026, 1, 1).AddMinutes(n):yyyy-MM-dd'T'HH:mm:ss.ffffff}Z'"),
        "uuids" => $"'{n & 0xfffffff:x8}-0000-4000-8000-{n & 0xfffffff:x12}'",
        "codes" => $"'key {n:D9}'",
        _ => n.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Tables of one kind of engine, synced by a mark into another.</summary>
    private sealed class Pair : IAsyncDisposable
    {
        private readonly TempFolder _folder = new();
        private readonly Dictionary<string, string> _environment = [];
        private PostgresDatabase? _source;

        public WarehouseUnderTest Warehouse { get; private set; } = null!;

        public static async Task<Pair> CreateAsync(WarehouseKind from, WarehouseKind to, int rows, IReadOnlyList<string> tables)
        {
            var pair = new Pair();
            pair.Warehouse = await WarehouseUnderTest.CreateAsync(to, pair._folder);
            foreach (var (name, value) in pair.Warehouse.Environment) pair._environment[name] = value;
            if (from == WarehouseKind.Postgres)
            {
                if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
                pair._source = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
                pair._environment["SHOP"] = pair._source.ConnectionString;
                foreach (var table in tables)
                    await pair._source.ExecuteAsync(OnPostgres(table, rows));
            }
            else
            {
                using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = pair._folder["shop.db"], Pooling = false }.ToString());
                connection.Open();
                foreach (var table in tables)
                {
                    using var command = connection.CreateCommand();
                    command.CommandText = OnSqlite(table, rows);
                    command.ExecuteNonQuery();
                }
            }

            pair.Write(from, tables);
            await pair.RunAsync(0, "sync", "--migrate");
            return pair;
        }

        public async Task<ProcessResult> RunAsync(int exitCode, params string[] arguments)
        {
            var result = await CdcsyncProcess.RunAsync(_folder.Root, arguments, _environment);
            Assert.True(result.ExitCode == exitCode, result.ToString());
            return result;
        }

        public CdcsyncProcess Start(IEnumerable<string> arguments, (string Name, string Value) variable) =>
            CdcsyncProcess.Start(_folder.Root, arguments, new Dictionary<string, string>(_environment) { [variable.Name] = variable.Value });

        public async ValueTask DisposeAsync()
        {
            if (Warehouse is not null) await Warehouse.DisposeAsync();
            if (_source is not null) await _source.DisposeAsync();
            _folder.Dispose();
        }

        private static string OnPostgres(string table, int rows)
        {
            var (type, key) = table switch
            {
                "days" => ("date", "date '2000-01-01' + i"),
                "instants" => ("timestamptz", "timestamptz '2026-01-01Z' + i * interval '1 minute'"),
                "uuids" => ("uuid", "(lpad(to_hex(i), 8, '0') || '-0000-4000-8000-' || lpad(to_hex(i), 12, '0'))::uuid"),
                "codes" => ("text", "'key ' || lpad(i::text, 9, '0')"),
                _ => ("bigint", "i"),
            };
            return $"""
                CREATE TABLE {table} (id {type} PRIMARY KEY, note text, amount numeric(12,2), updated_at timestamptz NOT NULL);
                INSERT INTO {table} SELECT {key}, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'note ' || i END, i * 0.25, timestamptz '2026-01-01Z' + i * interval '1 minute' FROM generate_series(1, {rows}) AS i
                """;
        }

        private static string OnSqlite(string table, int rows)
        {
            var (type, key) = table switch
            {
                "days" => ("DATE", "date('2000-01-01', i || ' days')"),
                "instants" => ("TIMESTAMP", "strftime('%Y-%m-%dT%H:%M:%SZ', 1767225600 + i * 60, 'unixepoch')"),
                "uuids" => ("TEXT", "printf('%08x-0000-4000-8000-%012x', i, i)"),
                "codes" => ("TEXT", "printf('key %09d', i)"),
                _ => ("INTEGER", "i"),
            };
            return $"""
                CREATE TABLE {table} (id {type} NOT NULL PRIMARY KEY, note TEXT, amount DECIMAL(12,2), updated_at TIMESTAMP NOT NULL);
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
                INSERT INTO {table} SELECT {key}, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'note ' || i END, i * 0.25, strftime('%Y-%m-%dT%H:%M:%SZ', 1767225600 + i * 60, 'unixepoch') FROM n
                """;
        }

        private void Write(WarehouseKind from, IReadOnlyList<string> tables)
        {
            File.WriteAllText(_folder["cdcsync.yaml"], $$"""
                pipeline: pair
                sources: { shop: {{(from == WarehouseKind.Sqlite ? "{ kind: sqlite, path: ./shop.db }" : "{ kind: postgres, connection: \"${env:SHOP}\" }")}} }
                warehouse: {{Warehouse.Yaml}}
                defaults: { interval: 1s }
                engine: { lease: 3s }
                datasets:
                  {{string.Join("\n  ", tables.Select(t => $"{t}: {{ source: shop, object: {t}, contract: pair.odcs.yaml#{t}, acceptMissedDeletes: true, capture: {{ highWaterMark: updated_at, kind: timestamp, overlap: 1m }} }}"))}}
                """);
            File.WriteAllText(_folder["pair.odcs.yaml"], $$"""
                apiVersion: v3.1.0
                kind: DataContract
                id: pair
                version: 1.0.0
                status: active
                team: { name: pair, members: [{ username: owner@example.com, role: Owner }] }
                schema:
                {{string.Concat(tables.Select(Object))}}
                """);
        }

        private static string Object(string table)
        {
            var type = table switch
            {
                "days" => "logicalType: date, physicalType: date",
                "instants" => "logicalType: timestamp, physicalType: timestamptz",
                "uuids" or "codes" => "logicalType: string, physicalType: text",
                _ => "logicalType: integer, physicalType: bigint",
            };
            return $$"""
                  - name: {{table}}
                    properties:
                      - { name: id, {{type}}, primaryKey: true, primaryKeyPosition: 1, required: true }
                      - { name: note, logicalType: string, physicalType: text }
                      - { name: amount, logicalType: number, physicalType: "decimal(12,2)" }
                      - { name: updated_at, logicalType: timestamp, physicalType: timestamptz, required: true }

                """;
        }
    }
}
