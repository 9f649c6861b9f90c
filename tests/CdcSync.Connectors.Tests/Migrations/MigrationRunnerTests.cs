using CdcSync.Connectors.Migrations;
using CdcSync.Core.Errors;
using Microsoft.Data.Sqlite;

namespace CdcSync.Connectors.Tests.Migrations;

public sealed class MigrationRunnerTests : IDisposable
{
    private static readonly MigrationDialect Dialect = new()
    {
        Engine = "sqlite",
        Journal = "schemaversions",
        JournalExists = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schemaversions'",
        CreateJournal = """
            CREATE TABLE IF NOT EXISTS schemaversions (
                schemaversionsid INTEGER PRIMARY KEY, scriptname TEXT NOT NULL UNIQUE, applied TEXT NOT NULL, oldest_binary TEXT NOT NULL)
            """,
        Now = "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')",
        Translate = (e, doing) => new CdcSyncException(ErrorCodes.WarehouseFailed, $"{doing}: {e.Message}", "Run: cdcsync migrate", e),
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("cdcsync-migrations-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Scripts_run_in_order_of_their_names_and_only_once()
    {
        using var connection = Open();
        var runner = Runner("0.1.0", Script("0001_a.sql", "CREATE TABLE a (x); INSERT INTO a VALUES (1)"), Script("0002_b.sql", "INSERT INTO a SELECT x + 1 FROM a"));

        Assert.Equal(["0001_a.sql", "0002_b.sql"], await runner.MigrateAsync(connection, default));
        Assert.Empty(await runner.MigrateAsync(connection, default));
        Assert.Equal("1,2", Scalar(connection, "SELECT group_concat(x) FROM a"));
        Assert.Equal("1 0001_a.sql 0.1.0|2 0002_b.sql 0.1.0", Scalar(connection, "SELECT group_concat(schemaversionsid || ' ' || scriptname || ' ' || oldest_binary, '|') FROM schemaversions"));
        Assert.Matches("^[0-9-]{10}T[0-9:]{8}[.][0-9]{6}Z$", Scalar(connection, "SELECT max(applied) FROM schemaversions"));
        await runner.CheckAsync(connection, default);
    }

    [Fact]
    public async Task A_script_that_fails_leaves_nothing_and_those_before_it_stay()
    {
        using var connection = Open();
        var runner = Runner("0.1.0", Script("0001_a.sql", "CREATE TABLE a (x)"), Script("0002_b.sql", "CREATE TABLE b (x); CREATE TABLE b (x)"));

        var error = await Assert.ThrowsAsync<CdcSyncException>(() => runner.MigrateAsync(connection, default));

        Assert.Contains("0002_b.sql", error.Message, StringComparison.Ordinal);
        Assert.Equal("a,schemaversions", Scalar(connection, "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name)"));
        Assert.Equal("0001_a.sql", Scalar(connection, "SELECT group_concat(scriptname) FROM schemaversions"));
    }

    [Fact]
    public async Task A_warehouse_without_the_schema_says_so_and_names_the_scripts()
    {
        using var connection = Open();
        var runner = Runner("0.1.0", Script("0001_a.sql", "CREATE TABLE a (x)"));

        var error = await Assert.ThrowsAsync<CdcSyncException>(() => runner.CheckAsync(connection, default));

        Assert.Equal(ErrorCodes.ControlSchemaMissing, error.Code);
        Assert.Contains("0001_a.sql", error.Message, StringComparison.Ordinal);
        Assert.Equal("0", Scalar(connection, "SELECT count(*) FROM sqlite_schema"));
    }

    [Fact]
    public async Task A_script_of_a_newer_binary_is_refused_only_where_it_says_that_this_one_is_too_old()
    {
        using var connection = Open();
        var a = Script("0001_a.sql", "CREATE TABLE a (x)");
        await Runner("0.2.0", a, Script("0002_additive.sql", "CREATE TABLE b (x)")).MigrateAsync(connection, default);
        var older = Runner("0.1.0", a);
        await older.CheckAsync(connection, default);

        await Runner("0.2.0", a, Script("0003_breaking.sql", "DROP TABLE b", oldest: "0.2.0")).MigrateAsync(connection, default);

        Assert.Equal(ErrorCodes.ControlSchemaNewer, (await Assert.ThrowsAsync<CdcSyncException>(() => older.CheckAsync(connection, default))).Code);
        Assert.Equal(ErrorCodes.ControlSchemaNewer, (await Assert.ThrowsAsync<CdcSyncException>(() => older.MigrateAsync(connection, default))).Code);
    }

    [Fact]
    public async Task Several_migrators_at_once_run_each_script_once()
    {
        Open().Dispose();
        MigrationScript[] scripts = [.. Enumerable.Range(1, 5).Select(n => Script($"{n:0000}.sql", $"CREATE TABLE t{n} (x)"))];

        var ran = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            using var connection = Open();
            return await Runner("0.1.0", scripts).MigrateAsync(connection, default);
        })));

        Assert.Equal(scripts.Select(s => s.Name), ran.SelectMany(r => r).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_script_without_its_first_line_is_refused()
    {
        Assert.Throws<CdcSyncException>(() => MigrationScript.Parse("0001.sql", "CREATE TABLE a (x)"));
        Assert.Throws<CdcSyncException>(() => MigrationScript.Parse("0001.sql", "-- oldest-binary: soon\nSELECT 1"));
        Assert.Equal(new Version(1, 2, 3), MigrationScript.Parse("0001.sql", "-- oldest-binary: 1.2.3\r\nSELECT 1").OldestBinary);
    }

    [Fact]
    public void All_engines_have_scripts_of_the_same_names()
    {
        var names = MigrationScript.Embedded("sqlite").Select(s => s.Name).ToList();
        Assert.NotEmpty(names);
        // An engine whose warehouse is not there yet has none.
        Assert.All(new[] { "postgres", "sqlserver" }, engine => Assert.Subset(names.ToHashSet(), MigrationScript.Embedded(engine).Select(s => s.Name).ToHashSet()));
    }

    private static MigrationScript Script(string name, string sql, string oldest = "0.1.0") => MigrationScript.Parse(name, $"-- oldest-binary: {oldest}\n{sql};\n");

    private static MigrationRunner Runner(string binary, params MigrationScript[] scripts) => new(Dialect, scripts, Version.Parse(binary));

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "w.db")};Pooling=False");
        connection.Open();
        return connection;
    }

    private static string Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture)!;
    }
}
