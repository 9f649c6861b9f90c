using System.Globalization;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.Replication;

/// <summary>
/// Each kind of change of a source's columns under each policy, a table a case, all in one pipeline: which codes stop the dataset until it goes on, by the way out that each code names,
/// and that the warehouse then has the source's rows, no matter what was in between.
/// </summary>
public sealed class DriftMatrixTests
{
    private static readonly string[] Policies = ["evolve", "freeze", "ignore"];

    // 'extra' is not the contract's. A path is the codes in their order; "" = it goes on at once. What can't be read any more (CDC2010) is no choice of a policy: taken back, there is nothing left to accept.
    private static readonly Case[] Postgres =
    [
        new("added", "ADD COLUMN phone text", "DROP COLUMN phone", "", "CDC2020"),
        new("dropped", "DROP COLUMN extra", "ADD COLUMN extra integer NOT NULL DEFAULT 0", "", "CDC2020"),
        new("dropped", "DROP COLUMN amount", "ADD COLUMN amount integer DEFAULT 5", "CDC2010 CDC2014", "CDC2010 CDC2014"),
        new("renamed", "RENAME extra TO other", "RENAME other TO extra", "", "CDC2020"),
        new("renamed", "RENAME amount TO total", "RENAME total TO amount", "CDC2010 CDC2014", "CDC2010 CDC2014"),
        new("widened", "ALTER extra TYPE bigint", "ALTER extra TYPE integer", "", "CDC2020"),
        new("widened", "ALTER note TYPE varchar(40)", "ALTER note TYPE varchar(20)", "CDC2014", "CDC2020 CDC2014"),
        new("widened", "ALTER amount TYPE bigint", "ALTER amount TYPE integer", "CDC2014", "CDC2020 CDC2014"),
        new("narrowed", "ALTER extra TYPE smallint", "ALTER extra TYPE integer", "", "CDC2020"),
        new("narrowed", "ALTER note TYPE varchar(10)", "ALTER note TYPE varchar(20)", "CDC2014", "CDC2020 CDC2014"),
        new("narrowed", "ALTER amount TYPE smallint", "ALTER amount TYPE integer", "CDC2014", "CDC2020 CDC2014"),
        new("nullable", "ALTER extra DROP NOT NULL", "ALTER extra SET NOT NULL", "", "CDC2020"),
        new("nullable", "ALTER note DROP NOT NULL", "ALTER note SET NOT NULL", "", "CDC2020"),
        new("key", "DROP CONSTRAINT {0}_pkey, ADD PRIMARY KEY (id, extra)", "DROP CONSTRAINT {0}_pkey, ADD PRIMARY KEY (id)", "CDC2010", "CDC2010"),
    ];

    // SQLite numbers no columns: a renamed one is one that is gone and one that is new. What has no ALTER there is the table made anew, with its triggers, as SQLite's documentation says.
    private static readonly Case[] Sqlite =
    [
        new("added", "ADD COLUMN phone text", "DROP COLUMN phone", "", "CDC2020"),
        new("dropped", "DROP COLUMN extra", "ADD COLUMN extra integer NOT NULL DEFAULT 0", "", "CDC2020"),
        new("dropped", "DROP COLUMN amount", "ADD COLUMN amount integer DEFAULT 5", "CDC2010", "CDC2010"),
        new("dropped added", "RENAME COLUMN extra TO other", "RENAME COLUMN other TO extra", "", "CDC2020"),
        new("dropped added", "RENAME COLUMN amount TO total", "RENAME COLUMN total TO amount", "CDC2010", "CDC2010"),
        new("widened", "extra integer|extra bigint", "extra bigint|extra integer", "", "CDC2020"),
        new("widened", "varchar(20)|varchar(40)", "varchar(40)|varchar(20)", "", "CDC2020"),
        new("widened", "amount integer|amount bigint", "amount bigint|amount integer", "", "CDC2020"),
        new("narrowed", "extra integer|extra smallint", "extra smallint|extra integer", "", "CDC2020"),
        new("narrowed", "varchar(20)|varchar(10)", "varchar(10)|varchar(20)", "", "CDC2020"),
        new("narrowed", "amount integer|amount smallint", "amount smallint|amount integer", "", "CDC2020"),
        new("nullable", "extra integer NOT NULL|extra integer", "extra integer|extra integer NOT NULL", "", "CDC2020"),
        new("nullable", "varchar(20) NOT NULL|varchar(20)", "varchar(20)|varchar(20) NOT NULL", "", "CDC2020"),
        new("key", "PRIMARY KEY (id)|PRIMARY KEY (id, extra)", "PRIMARY KEY (id, extra)|PRIMARY KEY (id)", "CDC2010", "CDC2010"),
    ];

    [Theory]
    [InlineData("postgres")]
    [InlineData("sqlite")]
    public async Task Each_kind_under_each_policy_goes_on_or_stops_by_code_and_loses_no_row(string kind)
    {
        if (kind == "postgres" && PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        using var folder = new TempFolder();
        await using var source = kind == "postgres" ? await PostgresShop.StartAsync() : (IShop)new SqliteShop(folder["shop.db"]);
        await using var warehouse = await WarehouseUnderTest.CreateAsync(WarehouseKind.Sqlite, folder);
        Drift[] drifts = [.. (kind == "postgres" ? Postgres : Sqlite).SelectMany((c, i) => Policies.Select(policy => new Drift(c, policy, $"t{i:00}_{c.Kinds.Replace(' ', '_')}_{policy}")))];
        string[] tables = [.. drifts.Select(d => d.Table), "calm"];
        Write(folder, source.Yaml, drifts);
        foreach (var table in tables)
        {
            await source.ExecuteAsync($"CREATE TABLE {table} (id bigint NOT NULL, note varchar(20) NOT NULL DEFAULT 'n', extra integer NOT NULL DEFAULT 0, amount integer DEFAULT 5, CONSTRAINT {table}_pkey PRIMARY KEY (id))");
            await source.ExecuteAsync($"INSERT INTO {table} (id) VALUES (1), (2)");
        }
        await source.TrackAsync(folder, tables);
        Assert.Equal(0, (await RunAsync("sync", "--migrate")).ExitCode);
        Assert.All(await StopsAsync(), s => Assert.Equal("", s.Value));

        foreach (var drift in drifts) await source.AlterAsync(drift.Table, drift.Case.Change);
        foreach (var table in tables)
        {
            await source.ExecuteAsync($"INSERT INTO {table} (id) VALUES (3)");
            await source.ExecuteAsync($"UPDATE {table} SET note = 'changed' WHERE id = 2");
            await source.ExecuteAsync($"DELETE FROM {table} WHERE id = 1");
        }

        var paths = drifts.ToDictionary(d => d.Table, _ => new List<string>());
        var first = await RunAsync("sync");
        Assert.Equal("2 changed 5,3 n 5", await RowsAsync("calm"));
        foreach (var drift in drifts)
        {
            var told = first.Error.Split('\n').Count(l => l.Contains("the columns of the source changed", StringComparison.Ordinal) && l.Contains(drift.Table, StringComparison.Ordinal));
            Assert.True(told == (drift.Policy == "ignore" ? 0 : 1), $"{drift.Table} was told {told} times: {first.Error}");
        }
        for (var round = 0; ; round++)
        {
            var stops = await StopsAsync();
            foreach (var drift in drifts)
            {
                if (stops[drift.Table] is { Length: > 0 } code) paths[drift.Table].Add(code);
                // What stops has its rows of before, all of them; what goes on has its source's.
                Assert.True(await RowsAsync(drift.Table) == (stops[drift.Table].Length > 0 ? "1 n 5,2 n 5" : "2 changed 5,3 n 5"), $"{drift.Table} {stops[drift.Table]} has {await RowsAsync(drift.Table)}");
            }
            if (round == 4 || stops.Values.All(s => s.Length == 0)) break;
            foreach (var drift in drifts.Where(d => stops[d.Table] == "CDC2010")) await source.AlterAsync(drift.Table, drift.Case.Undo);
            string[] Stopped(string code) => [.. drifts.Where(d => stops[d.Table] == code).Select(d => d.Table)];
            if (Stopped("CDC2014") is { Length: > 0 } altered) await RunAsync(["resync", .. altered, "--yes"]);
            if (Stopped("CDC2020") is { Length: > 0 } frozen) await RunAsync(["sync", .. frozen, "--accept-schema"]);
            await RunAsync("sync");
        }
        var others = drifts.Where(d => string.Join(' ', paths[d.Table]) != d.Path).Select(d => $"{d.Table}: expected '{d.Path}', found '{string.Join(' ', paths[d.Table])}'");
        Assert.True(!others.Any(), string.Join('\n', others));

        // A wider column may have values that the contract's type does not hold: such a row is kept out by name, and no other.
        string[] wider = [.. drifts.Where(d => d.Case.Change.Contains("amount", StringComparison.Ordinal) && d.Case.Kinds == "widened").Select(d => d.Table)];
        foreach (var table in wider) await source.ExecuteAsync($"INSERT INTO {table} (id, amount) VALUES (4, 3000000000), (5, 6)");
        var last = await RunAsync("sync");
        foreach (var table in wider)
        {
            var quarantined = await warehouse.ScalarAsync($"SELECT count(*) FROM {warehouse.Control("quarantine")} WHERE dataset = '{table}'");
            Assert.True((await RowsAsync(table), quarantined) is ("2 changed 5,3 n 5,5 n 6", 1L), $"{table}: {await RowsAsync(table)}; {quarantined} in quarantine; {last}");
        }

        Task<ProcessResult> RunAsync(params string[] arguments) => CdcsyncProcess.RunAsync(folder.Root, arguments, source.Environment);

        async Task<string> RowsAsync(string table) => Convert.ToString(await warehouse.ScalarAsync($"SELECT group_concat(id || ' ' || note || ' ' || amount, ',') FROM (SELECT * FROM {table} ORDER BY id)"), CultureInfo.InvariantCulture)!;

        async Task<Dictionary<string, string>> StopsAsync()
        {
            var codes = new Dictionary<string, string>();
            foreach (var table in tables) codes[table] = Convert.ToString(await warehouse.ScalarAsync($"SELECT coalesce(error_code, '') FROM {warehouse.Control("dataset_status")} WHERE dataset = '{table}'"), CultureInfo.InvariantCulture)!;
            return codes;
        }
    }

    private static void Write(TempFolder folder, string yaml, Drift[] drifts)
    {
        string Dataset(string table) => $"  {table}: {{ source: shop, object: {table}, contract: shop.odcs.yaml#{table} }}";
        string Object(string table, string more) => $$"""
              - name: {{table}}
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, required: true }
                  - { name: note, logicalType: string, physicalType: text }
                  - { name: amount, logicalType: integer, physicalType: int }
                customProperties: [{ property: dropColumns, value: [extra] }{{more}}]
            """;
        string Changes(Drift d) => $", {{ property: schemaChanges, value: {{ {string.Join(", ", d.Case.Kinds.Split(' ').Select(k => $"{k}: {d.Policy}"))} }} }}";
        File.WriteAllText(folder["cdcsync.yaml"], $"pipeline: shop\nsources:\n  shop: {yaml}\nwarehouse: {{ kind: sqlite, path: ./warehouse.db }}\ndatasets:\n  calm: {{ source: shop, object: calm, contract: shop.odcs.yaml#calm }}\n{string.Join('\n', drifts.Select(d => Dataset(d.Table)))}\n");
        File.WriteAllText(folder["shop.odcs.yaml"], $$"""
            apiVersion: v3.1.0
            kind: DataContract
            id: shop
            version: 1.0.0
            status: active
            team: [{ username: owner@example.com, role: Owner }]
            schema:
            {{Object("calm", "")}}
            {{string.Join('\n', drifts.Select(d => Object(d.Table, Changes(d))))}}
            """);
    }

    private sealed record Case(string Kinds, string Change, string Undo, string Path, string Frozen);

    private sealed record Drift(Case Case, string Policy, string Table)
    {
        public string Path => Policy == "freeze" ? Case.Frozen : Case.Path;
    }

    private interface IShop : IAsyncDisposable
    {
        string Yaml { get; }
        IReadOnlyDictionary<string, string> Environment { get; }
        Task ExecuteAsync(string sql);
        Task TrackAsync(TempFolder folder, string[] tables);
        Task AlterAsync(string table, string what);
    }

    private sealed class PostgresShop(PostgresServer server, PostgresDatabase database) : IShop
    {
        public string Yaml => "{ kind: postgres, connection: \"${env:SHOP}\" }";

        public IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string> { ["SHOP"] = database.ConnectionString };

        public static async Task<IShop> StartAsync()
        {
            var server = await PostgresServer.StartAsync(["wal_level=logical", "fsync=off", "full_page_writes=off", "max_connections=50", "max_replication_slots=20"]);
            return new PostgresShop(server, await server.CreateDatabaseAsync());
        }

        public Task ExecuteAsync(string sql) => database.ExecuteAsync(sql);

        public async Task TrackAsync(TempFolder folder, string[] tables)
        {
            var result = await CdcsyncProcess.RunAsync(folder.Root, ["discover", "shop", "--enable-tracking", "--apply"], Environment);
            Assert.True(result.ExitCode == 0, result.ToString());
        }

        public Task AlterAsync(string table, string what) => ExecuteAsync($"ALTER TABLE {table} {string.Format(CultureInfo.InvariantCulture, what, table)}");

        public async ValueTask DisposeAsync()
        {
            await database.DisposeAsync();
            await server.DisposeAsync();
        }
    }

    private sealed class SqliteShop(string path) : IShop
    {
        public string Yaml => "{ kind: sqlite, path: ./shop.db }";

        public IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>();

        public Task ExecuteAsync(string sql) => RunAsync(sql);

        public async Task TrackAsync(TempFolder folder, string[] tables)
        {
            await using var source = new SqliteSource("shop", new SqliteSourceOptions { Path = path });
            await source.EnableTrackingAsync(tables, TimeSpan.FromDays(1), CancellationToken.None);
        }

        public async Task AlterAsync(string table, string what)
        {
            if (what.Split('|') is not [var from, var to])
            {
                await RunAsync($"ALTER TABLE {table} {what}");
                return;
            }
            var triggers = await RunAsync($"SELECT group_concat(sql, ';\n') FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = '{table}'");
            var create = await RunAsync($"SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '{table}'");
            Assert.Contains(from, create, StringComparison.Ordinal);
            await RunAsync($"""
                BEGIN;
                {create.Replace(from, to, StringComparison.Ordinal).Replace($"CREATE TABLE {table} ", "CREATE TABLE rebuilt ", StringComparison.Ordinal).Replace($"CREATE TABLE \"{table}\" ", "CREATE TABLE rebuilt ", StringComparison.Ordinal)};
                INSERT INTO rebuilt SELECT * FROM {table};
                DROP TABLE {table};
                ALTER TABLE rebuilt RENAME TO {table};
                {triggers};
                COMMIT
                """);
        }

        public ValueTask DisposeAsync() => default;

        private async Task<string> RunAsync(string sql)
        {
            await using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
            await connection.OpenAsync();
            await using var command = new SqliteCommand(sql, connection);
            return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture)!;
        }
    }
}
