using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>What <c>discover</c> shows, and what a check says of a dataset that disagrees.</summary>
public sealed class SourceDiscoveryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tables_views_and_roots_of_partitions_are_found_with_key_types_rows_and_problems()
    {
        await using var database = await SourceDatabase.CreateAsync(
            "CREATE DOMAIN email AS varchar(50)",
            "CREATE TABLE orders (no int, tenant text, total numeric(12,2) NOT NULL, rate numeric, cost money, mail email, twice int GENERATED ALWAYS AS (no * 2) STORED, PRIMARY KEY (tenant, no) INCLUDE (total))",
            "INSERT INTO orders SELECT i, 't', 1, 2, 3 FROM generate_series(1, 50) AS i; ANALYZE orders",
            "CREATE VIEW open_orders AS SELECT no FROM orders; CREATE MATERIALIZED VIEW old_orders AS SELECT no FROM orders",
            "CREATE TABLE logs (day date) PARTITION BY RANGE (day); CREATE TABLE logs_default PARTITION OF logs DEFAULT",
            "CREATE SCHEMA sales; CREATE TABLE sales.orders (id int)");
        await using var source = database.Open();
        var found = await source.DiscoverAsync([], Token);
        Assert.Equal(["public.logs", "public.old_orders", "public.open_orders", "public.orders", "sales.orders"], found.Select(o => $"{o}"));
        Assert.Equal(["public.old_orders", "public.open_orders"], found.Where(o => o.IsView).Select(o => $"{o}"));
        var orders = found.Single(o => $"{o}" == "public.orders");
        Assert.Equal(["tenant", "no"], orders.Key);
        Assert.Equal(50, orders.Rows);
        Assert.Null(found[0].Rows);
        Assert.Equal(
        [
            new DiscoveredColumn("no", "integer", new Int32Type(), false), new("tenant", "text", new StringType(), false), new("total", "numeric(12,2)", new Decimal128Type(12, 2), false),
            new("rate", "numeric", new StringType(), true),
            new("cost", "money", null, true, "money has as many digits after the point as the server's locale says; in a view: \"cost\"::numeric(19,2) AS \"cost\""),
            new("mail", "email", new StringType(), true), new("twice", "integer", new Int32Type(), true),
        ], orders.Columns);
    }

    [Theory]
    [InlineData("orders", "public.orders sales.orders")]
    [InlineData("sales.*", "sales.orders")]
    [InlineData("ord*", "public.orders sales.orders")]
    [InlineData("p*", "")]
    [InlineData("public.ord???", "public.orders")]
    public async Task Patterns_with_a_point_name_the_schema_too(string pattern, string expected)
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE TABLE orders (id int); CREATE SCHEMA sales; CREATE TABLE sales.orders (id int)");
        await using var source = database.Open();
        Assert.Equal(expected, string.Join(' ', await source.DiscoverAsync([pattern], Token)));
    }

    [Theory]
    [InlineData("oders", "id:int32", "CDC2007", "Did you mean 'orders'?")]
    [InlineData("Orders", "id:int32", "CDC2007", "Did you mean 'orders'?")]
    [InlineData("orders", "id:int32 vv:utf8", "CDC2010", "has no column vv. Did you mean 'v'?")]
    [InlineData("orders", "id:utf8", "CDC2010", "column id of public.orders is integer: it can't be read as utf8; int32 holds its values.")]
    [InlineData("orders", "at:utf8", "CDC2010", "column at of public.orders is timestamp with time zone: it can't be read as utf8; timestamp[us, UTC] holds its values.")]
    [InlineData("orders", "cost:utf8", "CDC2010", "in a view: \"cost\"::numeric(19,2)")]
    public async Task A_dataset_that_disagrees_is_told_how(string table, string columns, string code, string words)
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE TABLE orders (id int PRIMARY KEY, v text, at timestamptz, cost money)");
        await using var source = database.Open();
        var fault = Assert.Single(await source.CheckAsync(Dataset(table, columns), Token));
        Assert.Equal(code, fault.Code.Id);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v", MarkKind.Timestamp, "is text, read as utf8; a timestamp needs")]
    [InlineData("id", MarkKind.Timestamp, "is integer, read as int32; a timestamp needs")]
    [InlineData("at", MarkKind.Sequence, "a sequence needs smallint, integer or bigint")]
    [InlineData("at", MarkKind.RowVersion, "which PostgreSQL does not have")]
    [InlineData("att", MarkKind.Timestamp, "Did you mean 'at'?")]
    public async Task A_mark_that_is_none_is_told_why(string column, MarkKind kind, string words)
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE TABLE orders (id int PRIMARY KEY, v text, at timestamptz)");
        await using var source = database.Open();
        var dataset = await database.DatasetAsync("orders", new Capture.HighWaterMark(column, kind, TimeSpan.Zero));
        Assert.Contains(words, Assert.Single(await source.CheckAsync(dataset, Token)).Message, StringComparison.Ordinal);
        var keyless = dataset with { Capture = new Capture.HighWaterMark("at", MarkKind.Timestamp, TimeSpan.Zero), Columns = [.. dataset.Columns.Select(c => c with { KeyOrdinal = null })] };
        Assert.Equal(ErrorCodes.SourceKeyMissing, Assert.Single(await source.CheckAsync(keyless, Token)).Code);
    }

    [Fact]
    public async Task The_catalogue_knows_identity_collation_and_when_columns_are_others()
    {
        await using var database = await SourceDatabase.CreateAsync(
            "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            "CREATE TABLE a (id int PRIMARY KEY, v text COLLATE ci, mail text NOT NULL UNIQUE); CREATE TABLE b (id int); CREATE UNLOGGED TABLE c (id int PRIMARY KEY)",
            "ALTER TABLE a REPLICA IDENTITY USING INDEX a_mail_key; ALTER TABLE b REPLICA IDENTITY FULL");
        var catalogue = new Catalogue();
        await using var connection = await CdcSync.Connectors.Postgres.Source.SourceConnection.OpenAsync("shop", new() { ConnectionString = () => database.Database.ConnectionString }, Token);
        IReadOnlyList<PostgresObject?> Describe() => catalogue.Describe(connection, [new(null, "a"), new("public", "b"), new("public", "c"), new(null, "d"), new("nowhere", "a")]);
        var found = Describe();
        Assert.Equal([ReplicaIdentity.Index, ReplicaIdentity.Full, ReplicaIdentity.PrimaryKey], found.Take(3).Select(o => o!.Identity));
        Assert.Equal(["mail"], found[0]!.IdentityKey.Select(c => c.Name));
        Assert.Equal([false, false, true], found.Take(3).Select(o => o!.IsUnlogged));
        Assert.Equal([null, null], found.Skip(3));
        Assert.False(found[0]!.Column("v")!.IsDeterministic);
        Assert.Equal("public.ci", found[0]!.Column("v")!.Collation);
        var dataset = await database.DatasetAsync("a");
        var before = SchemaFingerprint.Of(dataset, found[0]!);
        await database.RunAsync("ALTER TABLE a ADD COLUMN w int, ALTER COLUMN v SET DEFAULT 'x'");
        Assert.Equal(before, SchemaFingerprint.Of(dataset, Describe()[0]!));
        await database.RunAsync("ALTER TABLE a DROP COLUMN v; ALTER TABLE a ADD COLUMN v text COLLATE ci");
        Assert.NotEqual(before, SchemaFingerprint.Of(dataset, Describe()[0]!));
    }

    private static Dataset Dataset(string table, string columns) => SourceDatabase.Dataset(new SourceObject.Table(null, table), null,
        [.. columns.Split(' ').Select(c => c.Split(':')).Select(c => new DatasetColumn(c[0], c[0], c[1] == "utf8" ? new StringType() : new Int32Type(), new StringType()))]);
}
