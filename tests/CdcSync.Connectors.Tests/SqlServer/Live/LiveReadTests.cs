using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.Tests.SqlServer.Live;

/// <summary>Types, ranges, marks and SNAPSHOT over a real TDS server.</summary>
public sealed class LiveReadTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bit", "1", "True")]
    [InlineData("tinyint", "255", "255")]
    [InlineData("smallint", "-32768", "-32768")]
    [InlineData("int", "-2147483648", "-2147483648")]
    [InlineData("bigint", "-9223372036854775808", "-9223372036854775808")]
    [InlineData("decimal(38,10)", "-1234567890123456789012345678.0123456789", "-12345678901234567890123456780123456789")]
    [InlineData("decimal(38,0)", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999")]
    [InlineData("numeric(5,2)", "-0.01", "-1")]
    [InlineData("money", "-922337203685477.5808", "-9223372036854775808")]
    [InlineData("smallmoney", "214748.3647", "2147483647")]
    [InlineData("real", "-1.5E10", "-1.5E+10")]
    [InlineData("float", "1.7976931348623157E308", "1.7976931348623157E+308")]
    [InlineData("date", "'0001-01-01'", "-719162")]
    [InlineData("date", "'9999-12-31'", "2932896")]
    [InlineData("time(6)", "'23:59:59.999999'", "86399999999")]
    [InlineData("time(7)", "'23:59:59.9999999'", "86399999999900", 7)]
    [InlineData("datetime", "'2026-01-31T13:05:00.007'", "1769864700007")]
    [InlineData("datetime", "'1753-01-01T00:00:00'", "-6847804800000")]
    [InlineData("smalldatetime", "'2079-06-06T23:59:00'", "3453321540")]
    [InlineData("datetime2(6)", "'9999-12-31T23:59:59.999999'", "253402300799999999")]
    [InlineData("datetime2(0)", "'0001-01-01T00:00:00'", "-62135596800")]
    [InlineData("datetime2(7)", "'2026-01-31T13:05:00.1234567'", "1769864700123456700", 7)]
    [InlineData("datetimeoffset(6)", "'2026-01-31T13:05:00.25+05:30'", "1769844900250000")]
    [InlineData("char(5)", "'ab'", "'ab   '")]
    [InlineData("varchar(20)", "'äöü ''x'", "'äöü 'x'")]
    [InlineData("nchar(4)", "N'日本'", "'日本  '")]
    [InlineData("nvarchar(20)", "N'😀 é'", "'😀 é'")]
    [InlineData("nvarchar(20)", "N''", "''")]
    [InlineData("text", "'long ago'", "'long ago'")]
    [InlineData("ntext", "N'long ago 日'", "'long ago 日'")]
    [InlineData("xml", "N'<a b=\"1\">x</a>'", "'<a b=\"1\">x</a>'")]
    [InlineData("binary(4)", "0x00FF10", "00FF1000")]
    [InlineData("varbinary(20)", "0x00FF", "00FF")]
    [InlineData("varbinary(max)", "0x", "")]
    [InlineData("image", "0x0102", "0102")]
    [InlineData("uniqueidentifier", "'6F9619FF-8B86-D011-B42D-00C04FC964FF'", "'6f9619ff-8b86-d011-b42d-00c04fc964ff'")]
    public async Task A_value_arrives_as_it_is_and_so_does_NULL(string type, string literal, string expected, int digits = 6)
    {
        var live = await LiveSource.GetAsync();
        if (live.Digits < digits) Assert.Skip($"the server keeps {live.Digits} digits of a second");
        var table = LiveSource.NewName("type");
        await live.RunAsync($"CREATE TABLE {table} (id int PRIMARY KEY, v {type} NULL)", $"INSERT INTO {table} (id, v) VALUES (1, {literal})", $"INSERT INTO {table} (id, v) VALUES (2, NULL)");
        var dataset = await NaturalAsync(live, table, new Capture.FullRefresh());
        var chunk = Assert.Single((await live.ReadAllAsync(dataset)).OfType<ChunkRead>()).Chunk;
        Assert.Empty(chunk.Faults);
        var column = chunk.Rows.Column(1);
        var ids = (FixedWidthArray<int>)chunk.Rows.Column(0);
        for (var row = 0; row < chunk.Length; row++) Assert.Equal(ids[row] == 1 ? expected : null, Text(column, row));
    }

    [Fact]
    public async Task Long_values_arrive_whole()
    {
        var live = await LiveSource.GetAsync();
        var table = LiveSource.NewName("long");
        await live.RunAsync($"CREATE TABLE {table} (id int PRIMARY KEY, t nvarchar(max), b varbinary(max), u int)",
            $"INSERT INTO {table} VALUES (1, REPLICATE(CONVERT(nvarchar(max), N'aé日'), 100000), CONVERT(varbinary(max), REPLICATE(CONVERT(varchar(max), 'xyz'), 100000)), 7)");
        var chunk = Assert.Single((await live.ReadAllAsync(await NaturalAsync(live, table, new Capture.FullRefresh()))).OfType<ChunkRead>()).Chunk;
        Assert.Equal(string.Concat(Enumerable.Repeat("aé日", 100_000)), ((VarLengthArray)chunk.Rows.Column(1)).GetString(0));
        Assert.Equal(300_000, ((VarLengthArray)chunk.Rows.Column(2)).GetBytes(0).Length);
        Assert.Equal(7, ((FixedWidthArray<int>)chunk.Rows.Column(3))[0]);
    }

    [Theory]
    [InlineData("int", "n")]
    [InlineData("bigint", "n * 1000003")]
    [InlineData("decimal(20,3)", "n / 7.0")]
    [InlineData("datetime", "DATEADD(second, n * 7919, CONVERT(datetime, '2026-01-01'))")]
    [InlineData("datetime2(6)", "DATEADD(second, n * 7919, CONVERT(datetime2(6), '2026-01-01'))")]
    [InlineData("date", "DATEADD(day, n, CONVERT(date, '2026-01-01'))")]
    [InlineData("nvarchar(40)", "CONCAT(CASE n % 3 WHEN 0 THEN N'a' WHEN 1 THEN N'B' ELSE N'é-' END, N' ', n)")]
    [InlineData("varchar(40)", "CONCAT(CASE n % 3 WHEN 0 THEN 'a-' WHEN 1 THEN 'B' ELSE 'ä' END, n)")]
    [InlineData("uniqueidentifier", "NEWID()")]
    [InlineData("varbinary(20)", "CONVERT(varbinary(20), CONCAT('k', n * 31 % 97, 'x', n))")]
    public async Task Ranges_of_a_key_touch_and_cover_and_no_row_is_in_two(string type, string expression)
    {
        var live = await LiveSource.GetAsync();
        var table = LiveSource.NewName("range");
        await live.RunAsync($"CREATE TABLE {table} (k {type} NOT NULL PRIMARY KEY, v int NOT NULL)",
            $"INSERT INTO {table} (k, v) SELECT {expression}, n FROM ({string.Join(" UNION ALL ", Enumerable.Range(1, 100).Select(n => $"SELECT {n}{(n == 1 ? " AS n" : "")}"))}) AS numbers");
        await CheckRangesAsync(live, await NaturalAsync(live, table, new Capture.ChangeTracking()), 100, 1);
    }

    [Fact]
    public async Task Ranges_of_a_composite_key_touch_and_cover_and_no_row_is_in_two()
    {
        var live = await LiveSource.GetAsync();
        var table = LiveSource.NewName("range");
        await live.RunAsync($"CREATE TABLE {table} (region nvarchar(10) NOT NULL, at datetime2(3) NOT NULL, no int NOT NULL, v int NOT NULL, PRIMARY KEY (region, at, no))",
            $"INSERT INTO {table} (region, at, no, v) SELECT CONCAT(N'r', n % 4), DATEADD(day, n % 5, CONVERT(datetime2(3), '2026-01-01')), n, n FROM ({string.Join(" UNION ALL ", Enumerable.Range(1, 100).Select(n => $"SELECT {n}{(n == 1 ? " AS n" : "")}"))}) AS numbers");
        await CheckRangesAsync(live, await NaturalAsync(live, table, new Capture.ChangeTracking()), 100, 3);
    }

    [Fact]
    public async Task Timestamps_find_late_rows_within_the_overlap_and_hand_no_row_over_twice()
    {
        var live = await LiveSource.GetAsync();
        var table = LiveSource.NewName("stamped");
        await live.RunAsync($"CREATE TABLE {table} (id bigint PRIMARY KEY, at datetime2(3) NOT NULL)", $"INSERT INTO {table} VALUES (1, '2026-01-01T00:00:00'), (2, '2026-01-01T00:01:00')");
        await FollowMarksAsync(live, await NaturalAsync(live, table, new Capture.HighWaterMark("at", MarkKind.Timestamp, TimeSpan.FromMinutes(5))),
            $"INSERT INTO {table} VALUES (3, '2026-01-01T00:00:30')", $"UPDATE {table} SET at = '2026-01-01T00:02:00' WHERE id = 1");
    }

    [Fact]
    public async Task Sequences_find_what_rose()
    {
        var live = await LiveSource.GetAsync();
        var table = LiveSource.NewName("numbered");
        await live.RunAsync($"CREATE TABLE {table} (id bigint PRIMARY KEY, at decimal(12,0) NOT NULL)", $"INSERT INTO {table} VALUES (1, 10), (2, 11)");
        var dataset = await NaturalAsync(live, table, new Capture.HighWaterMark("at", MarkKind.Sequence, TimeSpan.Zero));
        dataset = dataset with { Columns = [dataset.Columns[0], dataset.Columns[1] with { ReadType = Int64Type.Default, TargetType = Int64Type.Default }] };
        await FollowMarksAsync(live, dataset, $"INSERT INTO {table} VALUES (3, 12)", $"UPDATE {table} SET at = 13 WHERE id = 1");
    }

    [Fact]
    public async Task Rowversions_find_what_was_written()
    {
        var live = await LiveSource.GetAsync();
        if (!live.HasRowVersion || await live.ScalarAsync("SELECT MIN_ACTIVE_ROWVERSION()") is not byte[]) Assert.Skip("the server has no rowversions");
        var table = LiveSource.NewName("versioned");
        await live.RunAsync($"CREATE TABLE {table} (id bigint PRIMARY KEY, at int NOT NULL, rv rowversion)", $"INSERT INTO {table} (id, at) VALUES (1, 10), (2, 11)");
        await FollowMarksAsync(live, await NaturalAsync(live, table, new Capture.HighWaterMark("rv", MarkKind.RowVersion, TimeSpan.Zero)),
            $"INSERT INTO {table} (id, at) VALUES (3, 12)", $"UPDATE {table} SET at = 13 WHERE id = 1");
    }

    [Fact]
    public async Task All_datasets_of_a_session_are_of_one_state_while_others_write()
    {
        var live = await LiveSource.GetAsync();
        if (!live.HasSnapshot) Assert.Skip("the server has no SNAPSHOT");
        var (here, there) = (LiveSource.NewName("here"), LiveSource.NewName("there"));
        await live.RunAsync($"CREATE TABLE {here} (id int PRIMARY KEY, v int)", $"CREATE TABLE {there} (id int PRIMARY KEY, v int)", $"INSERT INTO {here} VALUES (1, 100)", $"INSERT INTO {there} VALUES (1, 0)");
        Dataset[] datasets = [await NaturalAsync(live, here, new Capture.FullRefresh()), await NaturalAsync(live, there, new Capture.FullRefresh())];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var moves = 0;
        var writer = Task.Run(async () =>
        {
            for (var by = 1; !stop.IsCancellationRequested; by = -by, moves++)
                await live.RunAsync($"BEGIN TRANSACTION; UPDATE {here} SET v = v - {by}; UPDATE {there} SET v = v + {by}; COMMIT");
        }, Token);
        await using var source = live.Open();
        for (var pass = 0; pass < 15; pass++)
        {
            await using var session = await source.OpenAsync([.. datasets.Select(d => new ReadRequest(d, null))], Token);
            var sum = 0;
            await foreach (var found in session.ReadAsync([.. datasets.Select(d => d.Id)], Token))
                if (found is ChunkRead(_, var chunk)) sum += ((FixedWidthArray<int>)chunk.Rows.Column(1))[0];
            Assert.Equal(100, sum);
        }
        await stop.CancelAsync();
        await writer;
        Assert.True(moves > 0);
    }

    private static async Task FollowMarksAsync(LiveSource live, Dataset dataset, params string[] changes)
    {
        await using var source = live.Open();
        var follower = new Follower(dataset);
        await follower.LoadAsync(source);
        Assert.Equal(2, follower.Rows.Count);
        await follower.CatchUpAsync(source);
        await source.AcknowledgeAsync([new CommittedPosition(dataset.Id, follower.Checkpoint!.Stream)], Token);
        foreach (var change in changes)
        {
            await live.RunAsync(change);
            Assert.Equal(ReadingState.Changed, (await follower.CatchUpAsync(source)).State);
            Assert.Single(follower.LastRows);
            await source.AcknowledgeAsync([new CommittedPosition(dataset.Id, follower.Checkpoint!.Stream)], Token);
            Assert.Equal(ReadingState.Unchanged, (await follower.CatchUpAsync(source)).State);
        }
        Assert.Equal(3, follower.Rows.Count);
        await live.AssertSeeksAsync(((SourceObject.Table)dataset.Object).Name);
    }

    private static async Task CheckRangesAsync(LiveSource live, Dataset dataset, int rows, int value)
    {
        await using var source = live.Open();
        var ranges = await source.Ranges.PlanAsync(dataset, 7, Token);
        Assert.Equal((rows + 6) / 7, ranges.Count);
        var seen = new List<int>();
        foreach (var range in ranges)
        {
            var before = seen.Count;
            await foreach (var chunk in source.Ranges.ReadAsync(dataset, range, Token))
                for (var row = 0; row < chunk.Length; row++) seen.Add(((FixedWidthArray<int>)chunk.Rows.Column(value))[row]);
            Assert.InRange(seen.Count - before, 1, 7);
        }
        Assert.Equal(Enumerable.Range(1, rows), seen.Order());
        await live.AssertSeeksAsync(((SourceObject.Table)dataset.Object).Name);
    }

    /// <summary>The dataset that discovery would write.</summary>
    private static async Task<Dataset> NaturalAsync(LiveSource live, string table, Capture capture)
    {
        await using var source = live.Open();
        var found = Assert.Single(await source.DiscoverAsync([$"dbo.{table}"], Token));
        return Model.TrackedWorld.Dataset(table, Int32Type.Default) with
        {
            Capture = capture,
            Columns = [.. found.Columns.Select(c => new DatasetColumn(c.Name, c.Name, c.Type!, c.Type, found.Key.ToList().IndexOf(c.Name) is >= 0 and var k ? k : null))],
        };
    }

    private static string? Text(ArrowArray column, int row) => column.IsNull(row) ? null : column switch
    {
        BoolArray a => a.GetValue(row).ToString(),
        VarLengthArray { Type: StringType } a => $"'{a.GetString(row)}'",
        VarLengthArray a => Convert.ToHexString(a.GetBytes(row)),
        FixedSizeBinaryArray a => Convert.ToHexString(a.GetBytes(row)),
        FixedWidthArray<short> a => a[row].ToString(CultureInfo.InvariantCulture),
        FixedWidthArray<int> a => a[row].ToString(CultureInfo.InvariantCulture),
        FixedWidthArray<long> a => a[row].ToString(CultureInfo.InvariantCulture),
        FixedWidthArray<Int128> a => a[row].ToString(CultureInfo.InvariantCulture),
        FixedWidthArray<float> a => a[row].ToString("R", CultureInfo.InvariantCulture),
        FixedWidthArray<double> a => a[row].ToString("R", CultureInfo.InvariantCulture),
        _ => throw new ArgumentException(column.Type.ToString()),
    };
}
