using CdcSync.EndToEnd.Tests.Harness;
using Npgsql;

namespace CdcSync.EndToEnd.Tests.BadInput;

/// <summary>What people get wrong: each is a clear line with a code, the right exit code, and nothing lost once it is mended.</summary>
public sealed class BadInputTests
{
    [Fact]
    public async Task A_missing_source_file()
    {
        await using var pipeline = await MendablePipeline.CreateAsync(WarehouseKind.Sqlite);
        pipeline.Config = pipeline.Config.Replace("./shop.db", "./nowhere.db");
        var line = await pipeline.AssertRefusedAsync("CDC2001", 4);
        Assert.Contains("nowhere.db", line);
        Assert.False(File.Exists(pipeline["nowhere.db"]), "a source is never created");

        pipeline.Config = pipeline.Config.Replace("./nowhere.db", "./shop.db");
        await pipeline.AssertEqualOnceMendedAsync();
    }

    [Fact]
    public async Task No_such_table()
    {
        await using var pipeline = await MendablePipeline.CreateAsync(WarehouseKind.Sqlite);
        pipeline.Config = pipeline.Config.Replace("object: orders", "object: ordres");
        Assert.Contains("ordres. Did you mean 'orders'?", await pipeline.AssertRefusedAsync("CDC2007", 4));

        pipeline.Config = pipeline.Config.Replace("object: ordres", "object: orders");
        await pipeline.AssertEqualOnceMendedAsync();
    }

    [Fact]
    public async Task No_key_for_change_tracking()
    {
        await using var pipeline = await MendablePipeline.CreateAsync(WarehouseKind.Sqlite);
        pipeline.Config = pipeline.Config.Replace("object: orders", "object: no_key");
        Assert.Contains("no_key", await pipeline.AssertRefusedAsync("CDC2009", 4));

        pipeline.Config = pipeline.Config.Replace("object: no_key", "object: orders");
        await pipeline.AssertEqualOnceMendedAsync();
    }

    [Fact]
    public async Task A_wrong_password()
    {
        await using var pipeline = await MendablePipeline.CreateAsync(WarehouseKind.Postgres);
        var right = pipeline.Environment["WAREHOUSE"];
        pipeline.Environment["WAREHOUSE"] = new NpgsqlConnectionStringBuilder(right) { Password = "canary-4711" }.ConnectionString;
        Assert.DoesNotContain("canary-4711", await pipeline.AssertRefusedAsync("CDC3002", 5));

        pipeline.Environment["WAREHOUSE"] = right;
        await pipeline.AssertEqualOnceMendedAsync();
    }

    [Fact]
    public async Task An_unreachable_warehouse()
    {
        await using var pipeline = await MendablePipeline.CreateAsync(WarehouseKind.Postgres);
        var right = pipeline.Environment["WAREHOUSE"];
        pipeline.Environment["WAREHOUSE"] = new NpgsqlConnectionStringBuilder(right) { Port = 1 }.ConnectionString;
        await pipeline.AssertRefusedAsync("CDC3001", 5);

        pipeline.Environment["WAREHOUSE"] = right;
        await pipeline.AssertEqualOnceMendedAsync();
    }

    [Fact]
    public async Task A_read_only_postgres()
    {
        await using var pipeline = await MendablePipeline.CreateAsync(WarehouseKind.Postgres);
        var database = new NpgsqlConnectionStringBuilder(pipeline.Environment["WAREHOUSE"]).Database;
        await pipeline.Warehouse.ExecuteAsync($"ALTER DATABASE {database} SET default_transaction_read_only = on");
        await pipeline.AssertRefusedAsync("CDC3002", 5);

        await pipeline.Warehouse.ExecuteAsync($"BEGIN READ WRITE; ALTER DATABASE {database} RESET default_transaction_read_only; COMMIT");
        await pipeline.AssertEqualOnceMendedAsync();
    }

    [Fact]
    public async Task A_target_that_may_only_be_read()
    {
        await using var pipeline = await MendablePipeline.CreateAsync(WarehouseKind.Postgres);
        var login = new NpgsqlConnectionStringBuilder(pipeline.Environment["WAREHOUSE"]);
        var role = $"reader_of_{login.Database}";
        await pipeline.Warehouse.ExecuteAsync($"""
            CREATE ROLE {role} LOGIN PASSWORD 'x-{role}';
            GRANT USAGE ON SCHEMA cdcsync, landed TO {role};
            GRANT ALL ON ALL TABLES IN SCHEMA cdcsync TO {role};
            GRANT ALL ON ALL ROUTINES IN SCHEMA cdcsync TO {role};
            GRANT SELECT ON ALL TABLES IN SCHEMA landed TO {role};
            """);
        var right = pipeline.Environment["WAREHOUSE"];
        pipeline.Environment["WAREHOUSE"] = new NpgsqlConnectionStringBuilder(right) { Username = role, Password = $"x-{role}" }.ConnectionString;
        await pipeline.AssertRefusedAsync("CDC3002", 5);

        pipeline.Environment["WAREHOUSE"] = right;
        await pipeline.AssertEqualOnceMendedAsync();
        await pipeline.Warehouse.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task A_contract_with_a_column_that_the_source_does_not_have(WarehouseKind kind)
    {
        await using var pipeline = await MendablePipeline.CreateAsync(kind);
        var right = pipeline.Contract;
        pipeline.Contract = right.Replace("name: note,", "name: notes,");
        Assert.Contains("has no column notes. Did you mean 'note'?", await pipeline.AssertRefusedAsync("CDC2010", 4));

        pipeline.Contract = right;
        await pipeline.AssertEqualOnceMendedAsync();
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task A_contract_with_another_type_than_the_target_has(WarehouseKind kind)
    {
        await using var pipeline = await MendablePipeline.CreateAsync(kind);
        var right = pipeline.Contract;
        pipeline.Contract = right.Replace("name: note, logicalType: string, physicalType: text", "name: note, logicalType: integer, physicalType: bigint");
        Assert.Contains("note", await pipeline.AssertRefusedAsync("CDC3004", 5));

        pipeline.Contract = right;
        await pipeline.AssertEqualOnceMendedAsync();
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task Two_datasets_into_one_table(WarehouseKind kind)
    {
        await using var pipeline = await MendablePipeline.CreateAsync(kind);
        var right = pipeline.Config;
        pipeline.Config = right.Replace("contract: shop.odcs.yaml#customers", "contract: shop.odcs.yaml#customers, target: Orders");
        Assert.Matches(@"cdcsync\.yaml:\d+:\d+", await pipeline.AssertRefusedAsync("CDC1006", 2));

        pipeline.Config = right;
        await pipeline.AssertEqualOnceMendedAsync();
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task Datasets_of_two_pipelines_into_one_table(WarehouseKind kind)
    {
        await using var pipeline = await MendablePipeline.CreateAsync(kind);
        var right = pipeline.Config;
        pipeline.Config = right.Replace("pipeline: shop", "pipeline: other");
        var result = await pipeline.SyncAsync();
        Assert.True(result.ExitCode == 6, result.ToString());
        Assert.Matches("(?m)^CDC4007 .*orders", result.Error);
        Assert.Matches("(?m)^CDC4007 .*customers", result.Error);

        pipeline.Config = right;
        await pipeline.AssertEqualOnceMendedAsync();
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task A_checkpoint_of_another_kind(WarehouseKind kind)
    {
        await using var pipeline = await MendablePipeline.CreateAsync(kind);
        var right = pipeline.Config;
        pipeline.Config = right.Replace("contract: shop.odcs.yaml#orders", "contract: shop.odcs.yaml#orders, capture: { highWaterMark: id, kind: sequence }, acceptMissedDeletes: true");
        Assert.Contains("orders", await pipeline.AssertRefusedAsync("CDC2006", 6));

        pipeline.Config = right;
        await pipeline.AssertEqualOnceMendedAsync();
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task A_checkpoint_of_another_source(WarehouseKind kind)
    {
        await using var pipeline = await MendablePipeline.CreateAsync(kind);
        File.Move(pipeline["shop.db"], pipeline["right.db"]);
        pipeline.Execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT, amount DECIMAL(10,2)); CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
        await pipeline.TrackAsync();
        var result = await pipeline.SyncAsync();
        Assert.True(result.ExitCode == 6, result.ToString());
        Assert.Matches("(?m)^CDC2005 .*orders", result.Error);

        File.Move(pipeline["right.db"], pipeline["shop.db"], overwrite: true);
        pipeline.Execute("UPDATE orders SET note = 'later' WHERE id = 1");
        await pipeline.AssertEqualOnceMendedAsync();
    }

    [Theory]
    [InlineData("  orders: { source: shop,", "  orders: { source: shop", "CDC1002")]
    [InlineData("datasets:", "datsets:", "CDC1002")]
    [InlineData("lease: 2s", "lease: soon", "CDC1002")]
    [InlineData("pipeline: shop", "pipeline: \"Shop 1\"", "CDC1001")]
    public async Task Invalid_yaml(string right, string wrong, string code)
    {
        await using var pipeline = await MendablePipeline.CreateAsync(WarehouseKind.Sqlite);
        var config = pipeline.Config;
        pipeline.Config = config.Replace(right, wrong);
        pipeline.Execute("UPDATE orders SET note = 'changed' WHERE id = 1");

        var result = await pipeline.SyncAsync();

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Matches($@"(?m)^{code} .*cdcsync\.yaml:\d+:\d+: ", result.Error);
        pipeline.Config = config;
        await pipeline.AssertEqualOnceMendedAsync();
    }
}
