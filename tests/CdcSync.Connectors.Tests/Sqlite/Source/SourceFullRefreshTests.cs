using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

public sealed class SourceFullRefreshTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_row_is_handed_over_also_of_a_table_without_a_key_and_an_equal_content_is_unchanged()
    {
        using var file = new SourceFile("CREATE TABLE t (a INT, b TEXT); INSERT INTO t VALUES (1, 'x'), (1, 'x'), (NULL, NULL)");
        var dataset = Dataset(new SourceObject.Table(null, "t"));
        await using var source = new SqliteSource("shop", file.Options);
        var (reading, rows) = await ReadAsync(source, dataset, null);
        Assert.Equal(ReadingState.Changed, reading.State);
        Assert.Equal(["1 | 'x'", "1 | 'x'", "null | null"], rows);
        var checkpoint = new Checkpoint(1, reading.Identity!, reading.UpTo!, null, null);
        Assert.Equal(ReadingState.Unchanged, (await ReadAsync(source, dataset, checkpoint)).Reading.State);
        file.Run("UPDATE t SET b = 'y' WHERE rowid = 1");
        (reading, rows) = await ReadAsync(source, dataset, checkpoint);
        Assert.Equal(ReadingState.Changed, reading.State);
        Assert.Equal(["1 | 'y'", "1 | 'x'", "null | null"], rows);
    }

    [Theory]
    [InlineData("UPDATE t SET b = '1'")]
    [InlineData("UPDATE t SET a = 1.0, b = b || ''")]
    [InlineData("DELETE FROM t")]
    [InlineData("INSERT INTO t VALUES (NULL, NULL)")]
    [InlineData("UPDATE t SET a = 1, b = 23")]
    public async Task Any_change_of_a_value_or_its_type_is_a_change(string change)
    {
        using var file = new SourceFile("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 1), ('12', '3')");
        var dataset = Dataset(new SourceObject.Table(null, "t"));
        await using var source = new SqliteSource("shop", file.Options);
        var reading = (await ReadAsync(source, dataset, null)).Reading;
        file.Run(change);
        Assert.Equal(ReadingState.Changed, (await ReadAsync(source, dataset, new Checkpoint(1, reading.Identity!, reading.UpTo!, null, null))).Reading.State);
    }

    [Fact]
    public async Task Views_and_queries_are_read_even_if_the_query_ends_in_a_comment()
    {
        using var file = new SourceFile("CREATE TABLE t (a INT, b TEXT); INSERT INTO t VALUES (1, 'x'); CREATE VIEW v AS SELECT a + 1 AS a, b FROM t");
        await using var source = new SqliteSource("shop", file.Options);
        Assert.Equal(["2 | 'x'"], (await ReadAsync(source, Dataset(new SourceObject.Table("main", "v")), null)).Rows);
        Assert.Equal(["3 | 'X'"], (await ReadAsync(source, Dataset(new SourceObject.Query("SELECT a + 2 AS a, upper(b) AS b FROM t -- all")), null)).Rows);
    }

    [Theory]
    [InlineData("SELECT a FROM t", "CDC2010", "b")]
    [InlineData("SELECT a, b FROM nowhere", "CDC2012", "nowhere")]
    [InlineData("SELEC", "CDC2012", "SELEC")]
    public async Task A_query_that_does_not_fit_is_denied_by_name(string sql, string code, string named)
    {
        using var file = new SourceFile("CREATE TABLE t (a INT, b TEXT)");
        await using var source = new SqliteSource("shop", file.Options);
        var dataset = Dataset(new SourceObject.Query(sql));
        await using var session = await source.OpenAsync([new ReadRequest(dataset, null)], Token);
        Assert.Equal(ReadingState.Denied, session.Readings[dataset.Id].State);
        Assert.Equal(code, session.Readings[dataset.Id].Fault!.Code.Id);
        Assert.Contains(named, session.Readings[dataset.Id].Fault!.Message);
        Assert.Equal(code, Assert.Single(await source.CheckAsync(dataset, Token)).Code.Id);
    }

    [Fact]
    public async Task A_quoted_column_that_is_missing_is_an_error_and_never_a_constant()
    {
        using var file = new SourceFile("CREATE TABLE t (a INT)");
        await using var source = new SqliteSource("shop", file.Options);
        var dataset = Dataset(new SourceObject.Table(null, "t"));
        await using var session = await source.OpenAsync([new ReadRequest(dataset, null)], Token);
        Assert.Equal(ErrorCodes.SourceSchemaMismatch, session.Readings[dataset.Id].Fault!.Code);
    }

    [Fact]
    public async Task Another_file_is_another_source()
    {
        using var file = new SourceFile("CREATE TABLE t (a INT, b TEXT)");
        using var other = new SourceFile("CREATE TABLE t (a INT, b TEXT)");
        var dataset = Dataset(new SourceObject.Table(null, "t"));
        await using var source = new SqliteSource("shop", file.Options);
        await using var otherSource = new SqliteSource("shop", other.Options);
        var reading = (await ReadAsync(source, dataset, null)).Reading;
        await using var session = await otherSource.OpenAsync([new ReadRequest(dataset, new Checkpoint(1, reading.Identity!, reading.UpTo!, null, null))], Token);
        Assert.Equal(ErrorCodes.OtherSource, session.Readings[dataset.Id].Fault!.Code);
    }

    private static async Task<(Reading Reading, List<string> Rows)> ReadAsync(SqliteSource source, Dataset dataset, Checkpoint? from)
    {
        await using var session = await source.OpenAsync([new ReadRequest(dataset, from)], Token);
        var reading = session.Readings[dataset.Id];
        var rows = new List<string>();
        if (reading.State != ReadingState.Changed) return (reading, rows);
        WindowEnd? end = null;
        await foreach (var found in session.ReadAsync([dataset.Id], Token))
        {
            if (found is ChunkRead(_, var chunk))
            {
                Assert.All(chunk.Kinds.ToArray(), kind => Assert.Equal(ChangeKind.Upsert, kind));
                rows.AddRange(Enumerable.Range(0, chunk.Length).Select(row => RowText.Of(chunk.Rows, row, [0, 1])));
            }
            end = found as WindowEnd;
        }
        Assert.Equal(reading.UpTo, end!.UpTo);
        return (reading, rows);
    }

    private static Dataset Dataset(SourceObject source) => new()
    {
        Id = new DatasetId("t"),
        SourceName = "shop",
        Object = source,
        Capture = new Capture.FullRefresh(),
        Target = new TargetTable(null, "t"),
        Contract = new ContractReference("t", "1.0.0", "tests"),
        Columns = [new DatasetColumn("a", "a", new Int64Type(), new Int64Type()), new DatasetColumn("b", "b", StringType.Default, StringType.Default)],
    };
}
