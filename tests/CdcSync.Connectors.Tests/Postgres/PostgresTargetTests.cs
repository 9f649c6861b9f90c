using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Tests.Postgres;

public sealed class PostgresTargetTests
{
    private static readonly Dataset Orders = TestDatasets.Of("orders", 1, ("id", Int64Type.Default), ("name", StringType.Default), ("amount", new Decimal128Type(12, 2)), ("n", Int64Type.Default));

    [Fact]
    public void A_missing_table_is_created_with_its_schema()
    {
        var dataset = TestDatasets.Of("orders", 2, ("id", StringType.Default), ("line", Int32Type.Default), ("note", StringType.Default)) with { Target = new TargetTable("Sales", "Orders"), Deletes = DeleteMode.Soft };
        var steps = TargetPlan.For(PostgresTable.For(dataset, "public"), new FoundTarget(false, null, [], [], []), KeyCheck.Now, isOwn: false);
        Assert.Equal(["""CREATE SCHEMA IF NOT EXISTS "Sales" """.TrimEnd(), """
            CREATE TABLE "Sales"."Orders" (
                "id" text COLLATE "C" NOT NULL,
                "line" integer NOT NULL,
                "note" text,
                _cdc_deleted_at timestamptz,
                PRIMARY KEY ("id", "line")
            ) WITH (fillfactor = 90)
            """], steps.Select(s => s.Sql));
        Assert.Equal(["created schema Sales", "created table Sales.Orders"], steps.Select(s => s.Done));
    }

    [Fact]
    public async Task What_checks_the_key_comes_with_the_last_range_and_the_rows_are_sorted_once()
    {
        await using var fixture = await StartedAsync();
        await using var warehouse = fixture.Open("pipe");
        await warehouse.EnsureTargetForAppendAsync(Orders, default);
        Assert.Equal(0L, await fixture.ScalarAsync("SELECT count(*) FROM pg_index WHERE indrelid = 'orders'::regclass"));
        // Its own since then: a key that is missing is one that a first load did not come to.
        Assert.Equal(["added the primary key (id)"], await warehouse.EnsureTargetAsync(Orders, default));
        Assert.Equal("PRIMARY KEY (id)", await fixture.ScalarAsync("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype = 'p'"));
    }

    [Fact]
    public void A_table_whose_rows_come_once_is_filled_whole()
    {
        var found = new FoundTarget(true, null, [], [], []);
        foreach (var dataset in new[] { Orders with { Capture = new Capture.HighWaterMark("id", MarkKind.Sequence, TimeSpan.Zero) }, TestDatasets.Of("orders", 0, ("id", Int64Type.Default)) })
            Assert.EndsWith("\n)", TargetPlan.For(PostgresTable.For(dataset, "public"), found, KeyCheck.Now, isOwn: false).Single().Sql, StringComparison.Ordinal);
    }

    /// <summary>A tenth of a loaded table is updated, spread over it: the new versions stay on their rows' pages.</summary>
    [Fact]
    public async Task Updates_of_a_loaded_table_write_to_no_index()
    {
        await using var fixture = await StartedAsync();
        await using var warehouse = fixture.Open("pipe");
        await warehouse.EnsureTargetForAppendAsync(Orders, default);
        await fixture.ExecuteAsync("INSERT INTO orders SELECT i, 'order ' || i, i, i FROM generate_series(1, 10000) AS i");
        await warehouse.EnsureTargetAsync(Orders, default);
        Assert.Equal(1000L, await fixture.ScalarAsync("UPDATE orders SET n = n + 1 WHERE id % 10 = 3; SELECT pg_stat_get_xact_tuples_hot_updated('orders'::regclass)"));
    }

    [Theory]
    [InlineData("smallint", "integer", true)]
    [InlineData("integer", "bigint", true)]
    [InlineData("bigint", "integer", false)]
    [InlineData("bigint", "numeric(19,0)", true)]
    [InlineData("bigint", "numeric(20,2)", false)]
    [InlineData("integer", "numeric(12,2)", true)]
    [InlineData("integer", "double precision", true)]
    [InlineData("bigint", "double precision", false)]
    [InlineData("real", "double precision", true)]
    [InlineData("double precision", "real", false)]
    [InlineData("numeric(12,2)", "numeric(14,2)", true)]
    [InlineData("numeric(12,2)", "numeric(14,4)", true)]
    [InlineData("numeric(12,2)", "numeric(13,4)", false)]
    [InlineData("numeric(12,2)", "numeric(14,1)", false)]
    [InlineData("numeric(12,2)", "numeric", true)]
    [InlineData("character varying(10)", "character varying(20)", true)]
    [InlineData("character varying(20)", "character varying(10)", false)]
    [InlineData("character varying(10)", "text", true)]
    [InlineData("text", "character varying", true)]
    [InlineData("text", "character varying(10)", false)]
    [InlineData("text", "citext", false)]
    [InlineData("timestamp without time zone", "timestamp with time zone", false)]
    [InlineData("timestamp with time zone", "timestamp(3) with time zone", false)]
    public void A_type_fits_where_every_value_of_it_does(string type, string other, bool fits) =>
        Assert.Equal(fits, new PostgresType(type).FitsInto(new PostgresType(other)));

    [Fact]
    public void Six_digits_of_a_second_are_all_there_are() => Assert.Equal(PostgresType.TimestampTz, PostgresType.Parse("timestamp(6) with time zone"));

    [Fact]
    public async Task What_is_there_is_widened_and_completed_and_indexes_views_grants_and_other_columns_stay()
    {
        await using var fixture = await StartedAsync();
        await fixture.ExecuteAsync("""
            CREATE TABLE orders (id integer PRIMARY KEY, name varchar(10), amount numeric(10,2), own text DEFAULT 'mine');
            CREATE INDEX by_name ON orders (name);
            CREATE VIEW own_view AS SELECT own FROM orders;
            CREATE ROLE reader_of_orders; GRANT SELECT ON orders TO reader_of_orders;
            INSERT INTO orders VALUES (1, 'Ada', 1.5);
            """);
        try
        {
            await using var warehouse = fixture.Open("pipe");
            Assert.Equal(
                ["widened column id from integer to bigint", "widened column name from character varying(10) to text", "widened column amount from numeric(10,2) to numeric(12,2)", "added column n"],
                await warehouse.EnsureTargetAsync(Orders, default));
            Assert.Empty(await warehouse.EnsureTargetAsync(Orders, default));
            Assert.Equal("id bigint,name text,amount numeric(12,2),own text,n bigint", await fixture.ScalarAsync(
                "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0"));
            Assert.Equal("by_name,orders_pkey", await fixture.ScalarAsync("SELECT string_agg(indexname, ',' ORDER BY indexname) FROM pg_indexes WHERE tablename = 'orders'"));
            Assert.Equal(true, await fixture.ScalarAsync("SELECT has_table_privilege('reader_of_orders', 'orders', 'SELECT')"));
            Assert.Equal("mine", await fixture.ScalarAsync("SELECT own FROM own_view"));
        }
        finally
        {
            await fixture.ExecuteAsync("DROP OWNED BY reader_of_orders; DROP ROLE reader_of_orders");
        }
    }

    [Fact]
    public async Task A_column_that_a_view_needs_is_not_widened_and_the_error_says_what_to_run()
    {
        await using var fixture = await StartedAsync();
        await fixture.ExecuteAsync("CREATE TABLE orders (id integer PRIMARY KEY, name text, amount numeric(12,2), n bigint); CREATE VIEW v AS SELECT id FROM orders");
        await using var warehouse = fixture.Open("pipe");
        var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.EnsureTargetAsync(Orders, default));
        Assert.Equal(ErrorCodes.TargetMismatch, fault.Code);
        Assert.Contains("ALTER TABLE \"public\".\"orders\" ALTER COLUMN \"id\" TYPE bigint", fault.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CREATE TABLE orders (id bigint PRIMARY KEY, name text, amount bigint, n bigint)", "column 'amount' is bigint, the contract needs numeric(12,2)")]
    [InlineData("CREATE TABLE orders (id bigint, name text, amount numeric(12,2), n bigint)", "it has no primary key or unique index on exactly (id)")]
    [InlineData("CREATE TABLE orders (id bigint, name text, amount numeric(12,2), n bigint); CREATE UNIQUE INDEX u ON orders (id, name)", "it has no primary key or unique index on exactly (id)")]
    [InlineData("CREATE TABLE orders (id bigint, name text, amount numeric(12,2), n bigint); CREATE UNIQUE INDEX u ON orders (id) WHERE n > 0", "it has no primary key or unique index on exactly (id)")]
    [InlineData("CREATE TABLE orders (name text, amount numeric(12,2), n bigint)", "it has no column 'id', which is in the key")]
    [InlineData("CREATE TABLE orders (id bigint PRIMARY KEY, name text NOT NULL, amount numeric(12,2), n bigint)", "column 'name' refuses null, the contract allows it")]
    [InlineData("CREATE TABLE orders (id bigint PRIMARY KEY, name text, amount numeric(12,2), n bigint, other int NOT NULL)", "column 'other' is not in the contract and refuses null")]
    [InlineData("CREATE TABLE orders (id bigint PRIMARY KEY, name text, amount numeric(12,2), n bigint GENERATED ALWAYS AS (id) STORED)", "column 'n' is computed by PostgreSQL")]
    [InlineData("CREATE TABLE orders (id bigint PRIMARY KEY, name text, amount numeric(12,2), n bigint) PARTITION BY HASH (id)", "it is a partitioned table")]
    [InlineData("CREATE VIEW orders AS SELECT 1::bigint AS id", "it is not a plain table")]
    [InlineData("CREATE COLLATION same (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE orders (id bigint PRIMARY KEY, name text COLLATE same, amount numeric(12,2), n bigint)", "column 'name' has a collation in which different texts are equal")]
    public async Task What_no_step_can_mend_is_named(string sql, string expected)
    {
        await using var fixture = await StartedAsync();
        await fixture.ExecuteAsync(sql);
        await using var warehouse = fixture.Open("pipe");
        var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.EnsureTargetAsync(Orders, default));
        Assert.Equal(ErrorCodes.TargetMismatch, fault.Code);
        Assert.Equal($"orders: public.orders: the table can't take the dataset: {expected}.", fault.Message);
    }

    [Theory]
    [InlineData("ctid")]
    [InlineData("_cdc_kind")]
    [InlineData("a_name_that_is_longer_than_the_sixty_three_bytes_that_postgresql_keeps")]
    public void A_name_that_postgres_can_not_have_is_refused_before_anything_is_done(string name)
    {
        var fault = Assert.Throws<CdcSyncException>(() => PostgresTable.For(TestDatasets.Of("t", 1, ("id", Int64Type.Default), (name, Int64Type.Default)), "public"));
        Assert.Equal(ErrorCodes.TargetMismatch, fault.Code);
        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nanoseconds_are_refused_with_what_the_contract_can_say()
    {
        var fault = Assert.Throws<CdcSyncException>(() => PostgresTable.For(TestDatasets.Of("t", 1, ("id", Int64Type.Default), ("at", new TimestampType(TimeUnit.Nanosecond, "UTC"))), "public"));
        Assert.Contains("precision: truncate", fault.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_without_a_schema_and_one_that_names_it_are_the_same_table()
    {
        await using var fixture = await StartedAsync();
        await using var warehouse = fixture.Open("pipe");
        await warehouse.Control.WriteStateAsync(new("other", new DatasetId("first"), new TargetTable(null, "orders"), Core.Warehouses.DatasetPhase.New, null, null, null, Orders.Contract), default);
        var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.EnsureTargetAsync(Orders with { Target = new TargetTable("public", "orders") }, default));
        Assert.Equal(ErrorCodes.TargetTaken, fault.Code);
        Assert.Contains("dataset first of pipeline other", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schema_on_the_search_path_that_is_not_there_yet_is_created_with_the_first_target()
    {
        await using var fixture = await StartedAsync();
        var connection = new Npgsql.NpgsqlConnectionStringBuilder(fixture.Database.ConnectionString) { SearchPath = "\"Shop Data\"" };
        await using var warehouse = fixture.Open(new PostgresWarehouseOptions { ConnectionString = connection.ConnectionString, Pipeline = "pipe" });
        Assert.Equal(["created schema Shop Data", "created table Shop Data.orders"], await warehouse.EnsureTargetAsync(Orders, default));
        Assert.False(await warehouse.HasRowsAsync(Orders, default));
        Assert.Equal(0L, await fixture.ScalarAsync("SELECT count(*) FROM \"Shop Data\".orders"));
    }

    private static async Task<PostgresFixture> StartedAsync()
    {
        var fixture = await PostgresFixture.CreateAsync();
        await using var warehouse = fixture.Open("pipe");
        await warehouse.Control.MigrateAsync(default);
        return fixture;
    }
}
