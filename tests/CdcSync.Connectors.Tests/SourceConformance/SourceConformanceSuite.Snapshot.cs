using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.SourceConformance;

/// <content>First loads by key ranges.</content>
public abstract partial class SourceConformanceSuite<TFixture>
{
    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task Snapshot_and_stream_together_equal_the_table_whatever_is_written_meanwhile(int parallel)
    {
        var table = await _fixture.CreateAsync("orders", TableShape.Numbered);
        var model = new TableModel(table);
        await CommitAsync(model, [.. Enumerable.Range(1, 500).Select(i => Insert(table, i, $"n{i}"))]);
        var follower = new Follower(table);
        var between = 0;
        async Task WriteAsync()
        {
            var at = ++between;
            await CommitAsync(model,
                new Write.Delete(table, [(long)at]), new Write.Update(table, [500L - at], Row(500 - at, $"late{at}")), Insert(table, 1_000 + at, $"new{at}"),
                new Write.Update(table, [250L + at], Row(2_000 + at, $"moved{at}")), new Write.Replace(table, Row(3_000 + at, $"n{100 + at}")));
        }

        await (parallel == 1 ? follower.LoadAsync(_source, 50, WriteAsync) : follower.LoadSideBySideAsync(_source, 50, WriteAsync));
        Assert.Equal(10, between);
        await follower.CatchUpAsync(_source);
        AssertSame(model, follower);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(1, 10)]
    [InlineData(10, 10)]
    [InlineData(11, 10)]
    [InlineData(1_000, 7)]
    [InlineData(100, 1)]
    [InlineData(100, 1_000_000)]
    public async Task Ranges_touch_and_cover_and_no_row_is_in_two(int rows, int perRange)
    {
        foreach (var shape in Enum.GetValues<TableShape>())
        {
            var table = await _fixture.CreateAsync(shape == TableShape.Numbered ? "numbered" : "composite", shape);
            await _fixture.CommitAsync([.. Enumerable.Range(0, rows).Select(i => (long)i * 37 % 1_009).Select(i => new Write.Insert(table,
                shape == TableShape.Numbered ? Row(i - 500, null) : [((char)('a' + (i % 3))).ToString(), i, null]))]);
            var plan = await _source.Ranges.PlanAsync(table, perRange, Token);
            Assert.Equal(Math.Max(1, (rows + perRange - 1) / perRange), plan.Count);
            Assert.Equal(Enumerable.Range(0, plan.Count), plan.Select(r => r.Ordinal));
            Assert.Equal([null, .. plan.SkipLast(1).Select(r => r.To)], plan.Select(r => r.From));
            Assert.Null(plan[^1].To);
            Assert.All(plan.SkipLast(1), r => Assert.NotNull(r.To));
            var read = 0;
            foreach (var range in plan)
            {
                var inRange = Upserts(await ReadAsync(table, range));
                Assert.True(inRange <= perRange, $"{inRange} rows in range {range}");
                read += inRange;
            }
            Assert.Equal(rows, read);
        }
    }

    [Fact]
    public async Task A_plan_is_understood_by_another_instance_and_a_range_can_be_read_again()
    {
        var table = await _fixture.CreateAsync("notes", TableShape.Composite);
        await _fixture.CommitAsync([.. Enumerable.Range(0, 100).Select(i => new Write.Insert(table, ["it's \"é\" \\ " + (i % 7), (long)i, null]))]);
        var plan = await _source.Ranges.PlanAsync(table, 30, Token);
        await using var other = _fixture.Open();
        foreach (var range in plan)
        {
            var first = (await ReadAsync(table, range)).SelectMany(Texts).ToList();
            var again = new List<string>();
            await foreach (var chunk in other.Ranges.ReadAsync(table, range, Token))
                again.AddRange(Texts(chunk));
            Assert.Equal(first.Order(), again.Order());
        }
    }

    [Fact]
    public async Task Chunks_are_bounded_by_rows_and_by_bytes()
    {
        var table = await _fixture.CreateAsync("orders", TableShape.Numbered);
        var follower = new Follower(table);
        await follower.LoadAsync(_source);
        await _fixture.CommitAsync([.. Enumerable.Range(1, ChunkLimit.Rows + 100).Select(i => Insert(table, i, null))]);
        await _fixture.CommitAsync([.. Enumerable.Range(100_000, 20).Select(i => new Write.Insert(table, Row(i, null, new byte[1 << 20])))]);
        await AssertBoundedAsync(ChunksOfSessionAsync(follower));
        await AssertBoundedAsync(_source.Ranges.ReadAsync(table, new KeyRange(0, null, null), Token));
        var plan = await _source.Ranges.PlanAsync(table, 20_000, Token);
        await AssertBoundedAsync(_source.Ranges.ReadAsync(table, plan[0], Token), atLeast: 4);
    }

    private async IAsyncEnumerable<ChangeChunk> ChunksOfSessionAsync(Follower follower)
    {
        await using var session = await _source.OpenAsync([new ReadRequest(follower.Dataset, follower.Checkpoint)], Token);
        await foreach (var found in session.ReadAsync([follower.Dataset.Id], Token))
            if (found is ChunkRead read)
                yield return read.Chunk;
    }

    private static async Task AssertBoundedAsync(IAsyncEnumerable<ChangeChunk> chunks, int atLeast = 4)
    {
        var (rows, count) = (0, 0);
        await foreach (var chunk in chunks)
        {
            count++;
            rows += chunk.Length;
            Assert.InRange(chunk.Length, 1, ChunkLimit.Rows);
            Assert.InRange(chunk.Rows.ByteSize, 0, ChunkLimit.Bytes + (2 << 20));
        }
        Assert.Equal(ChunkLimit.Rows + 120, rows);
        Assert.True(count >= atLeast, $"{count} chunks");
    }

    private async Task<List<ChangeChunk>> ReadAsync(Core.Datasets.Dataset table, KeyRange range)
    {
        var chunks = new List<ChangeChunk>();
        await foreach (var chunk in _source.Ranges.ReadAsync(table, range, Token))
            chunks.Add(chunk);
        return chunks;
    }

    private static IEnumerable<string> Texts(ChangeChunk chunk) =>
        Enumerable.Range(0, chunk.Length).Select(row => RowText.Of(chunk.Rows, row, Enumerable.Range(0, chunk.Rows.ColumnCount)));

    private async Task CommitAsync(TableModel model, params IReadOnlyList<Write> writes)
    {
        foreach (var write in writes)
            model.Apply(write);
        await _fixture.CommitAsync(writes);
    }
}
