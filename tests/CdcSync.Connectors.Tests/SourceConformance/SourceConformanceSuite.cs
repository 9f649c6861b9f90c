using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.SourceConformance;

/// <summary>
/// What every source that captures changes must do. A connector runs it with one line: <c>public sealed class XSourceConformance : SourceConformanceSuite&lt;XFixture&gt;;</c>
/// </summary>
/// <typeparam name="TFixture">The connector's fixture; each test has one of its own.</typeparam>
public abstract partial class SourceConformanceSuite<TFixture> : IAsyncLifetime where TFixture : SourceFixture, new()
{
    private readonly TFixture _fixture = new();
    private IChangeSource _source = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _source = _fixture.Open();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _source.DisposeAsync();
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task The_stream_goes_on_where_the_last_window_ended()
    {
        var (table, follower) = await LoadedAsync("orders");
        await _fixture.CommitAsync(Insert(table, 1, "a"), Insert(table, 2, "b"));
        Assert.Equal(ReadingState.Changed, (await follower.CatchUpAsync(_source)).State);
        Assert.Equal(["Upsert 1 | 'a' | 1.00 | null | true | null", "Upsert 2 | 'b' | 2.00 | null | true | null"], follower.LastRows.Order());
        await _fixture.CommitAsync(new Write.Delete(table, [1L]), new Write.Update(table, [2L], Row(2, "B")), Insert(table, 3, "c"));
        await follower.CatchUpAsync(_source);
        Assert.Equal(["Delete 1", "Upsert 2 | 'B' | 2.00 | null | true | null", "Upsert 3 | 'c' | 3.00 | null | true | null"], follower.LastRows.Order());
    }

    [Fact]
    public async Task At_an_equal_position_the_dataset_is_unchanged()
    {
        var (table, follower) = await LoadedAsync("orders");
        Assert.Equal(ReadingState.Unchanged, (await follower.CatchUpAsync(_source)).State);
        await _fixture.CommitAsync(Insert(table, 1, "a"));
        await follower.CatchUpAsync(_source);
        var reading = await follower.CatchUpAsync(_source);
        Assert.Equal(ReadingState.Unchanged, reading.State);
        Assert.Equal(follower.LastEnd?.UpTo ?? reading.UpTo, reading.UpTo);
        Assert.Equal(ReadingState.Unchanged, (await follower.CatchUpAsync(_fixture.Open())).State);
    }

    [Fact]
    public async Task However_often_a_key_changed_it_is_handed_over_once()
    {
        var (table, follower) = await LoadedAsync("orders");
        await _fixture.CommitAsync(Insert(table, 1, "a"));
        for (var i = 0; i < 5; i++)
            await _fixture.CommitAsync(new Write.Update(table, [1L], Row(1, $"a{i}")));
        await _fixture.CommitAsync(Insert(table, 2, "gone"), new Write.Delete(table, [2L]));
        await follower.CatchUpAsync(_source);
        Assert.Equal(["Delete 2", "Upsert 1 | 'a4' | 1.00 | null | true | null"], follower.LastRows.Order());
    }

    [Fact]
    public async Task A_row_deleted_and_inserted_again_is_an_upsert()
    {
        var (table, follower) = await LoadedAsync("orders", [Row(1, "a")]);
        await _fixture.CommitAsync(new Write.Delete(table, [1L]));
        await _fixture.CommitAsync(Insert(table, 1, "b"));
        await follower.CatchUpAsync(_source);
        Assert.Equal(["Upsert 1 | 'b' | 1.00 | null | true | null"], follower.LastRows);
    }

    [Fact]
    public async Task A_key_update_is_a_delete_and_an_upsert()
    {
        var (table, follower) = await LoadedAsync("orders", [Row(1, "a")]);
        await _fixture.CommitAsync(new Write.Update(table, [1L], Row(2, "a")));
        await follower.CatchUpAsync(_source);
        Assert.Equal(["Delete 1", "Upsert 2 | 'a' | 2.00 | null | true | null"], follower.LastRows.Order());
    }

    [Fact]
    public async Task A_row_replaced_through_another_unique_column_is_deleted()
    {
        var (table, follower) = await LoadedAsync("orders", [Row(1, "a"), Row(2, "b")]);
        await _fixture.CommitAsync(new Write.Replace(table, Row(3, "a")));
        await follower.CatchUpAsync(_source);
        Assert.Equal(["Delete 1", "Upsert 3 | 'a' | 3.00 | null | true | null"], follower.LastRows.Order());
    }

    [Fact]
    public async Task Composite_keys_are_told_apart_by_all_their_parts()
    {
        var table = await _fixture.CreateAsync("notes", TableShape.Composite);
        var follower = new Follower(table);
        await follower.LoadAsync(_source);
        await _fixture.CommitAsync(new Write.Insert(table, ["a", 1L, "x"]), new Write.Insert(table, ["a", 2L, "y"]), new Write.Insert(table, ["b", 1L, "z"]));
        await follower.CatchUpAsync(_source);
        await _fixture.CommitAsync(new Write.Update(table, ["a", 2L], ["b", 2L, "y"]), new Write.Delete(table, ["a", 1L]));
        await follower.CatchUpAsync(_source);
        Assert.Equal(["Delete 'a' | 1", "Delete 'a' | 2", "Upsert 'b' | 2 | 'y'"], follower.LastRows.Order());
        Assert.Equal(["'b' | 1", "'b' | 2"], follower.Rows.Keys.Order());
    }

    [Fact]
    public async Task Rolled_back_and_open_transactions_are_not_seen_and_the_open_one_is_seen_once_committed()
    {
        var (table, follower) = await LoadedAsync("orders", [Row(1, "a")]);
        var open = await _fixture.BeginAsync(Insert(table, 2, "b"));
        await follower.CatchUpAsync(_source);
        Assert.Empty(follower.LastRows);
        await open.CommitAsync();
        await follower.CatchUpAsync(_source);
        Assert.Equal(["Upsert 2 | 'b' | 2.00 | null | true | null"], follower.LastRows);
    }

    [Fact]
    public async Task The_source_time_is_before_what_a_session_misses_and_the_newest_commit_is_of_the_window()
    {
        var (table, follower) = await LoadedAsync("orders");
        DateTimeOffset before;
        await using (var first = await _source.OpenAsync([new ReadRequest(table, follower.Checkpoint)], Token))
            before = first.SourceTime;
        await _fixture.CommitAsync(Insert(table, 1, "a"));
        await using var second = await _source.OpenAsync([new ReadRequest(table, follower.Checkpoint)], Token);
        await follower.ReadAsync(second);
        Assert.NotNull(follower.LastEnd!.NewestCommit);
        // A clock of milliseconds rounds.
        Assert.True(follower.LastEnd.NewestCommit >= before.AddMilliseconds(-2), $"{follower.LastEnd.NewestCommit:O} {before:O}");
        Assert.True(second.SourceTime >= before);
    }

    [Fact]
    public async Task All_kinds_of_values_arrive_unchanged()
    {
        var (table, follower) = await LoadedAsync("orders");
        var model = new TableModel(table);
        foreach (var row in (object?[][])[
            [long.MaxValue, "Zażółć 'gęślą' \"jaźń\" 🎉\t\n", 9999999999.99m, new DateTime(9999, 12, 31, 23, 59, 59).AddTicks(9_999_990), true, new byte[] { 0, 255, 10, 13 }],
            [long.MinValue, "", -0.01m, new DateTime(1, 1, 1), false, Array.Empty<byte>()],
            [0L, null, null, null, null, null],
            [1L, new string('x', 100_000), 0.5m, new DateTime(1969, 12, 31, 23, 59, 59).AddTicks(10), null, new byte[300_000]]])
        {
            var write = new Write.Insert(table, row);
            model.Apply(write);
            await _fixture.CommitAsync(write);
        }
        await follower.CatchUpAsync(_source);
        AssertSame(model, follower);
        var loaded = new Follower(table);
        await loaded.LoadAsync(_source);
        AssertSame(model, loaded);
    }

    private async Task<(Dataset Table, Follower Follower)> LoadedAsync(string name, params IReadOnlyList<object?[]> rows)
    {
        var table = await _fixture.CreateAsync(name, TableShape.Numbered);
        await _fixture.CommitAsync([.. rows.Select(r => new Write.Insert(table, r))]);
        var follower = new Follower(table);
        await follower.LoadAsync(_source);
        return (table, follower);
    }

    private static void AssertSame(TableModel model, Follower follower)
    {
        Assert.Empty(follower.Faults);
        Assert.Equal(model.Rows.OrderBy(r => r.Key, StringComparer.Ordinal), follower.Rows.OrderBy(r => r.Key, StringComparer.Ordinal));
    }

    private static Write.Insert Insert(Dataset table, long id, string? name) => new(table, Row(id, name));

    private static object?[] Row(long id, string? name, byte[]? data = null) => [id, name, (decimal)(id % 1_000_000), null, true, data];

    private static CdcSyncException Fault(IReadSession session, Dataset dataset, ReadingState state)
    {
        Assert.Equal(state, session.Readings[dataset.Id].State);
        return session.Readings[dataset.Id].Fault!;
    }

    private async Task<CdcSyncException> FaultAsync(Follower follower, ReadingState state, ErrorCode code)
    {
        await using var session = await _source.OpenAsync([new ReadRequest(follower.Dataset, follower.Checkpoint)], Token);
        var fault = Fault(session, follower.Dataset, state);
        Assert.Equal(code, fault.Code);
        Assert.Contains(follower.Dataset.Id.Value, fault.Message + fault.Remedy);
        return fault;
    }

    private static int Upserts(IEnumerable<ChangeChunk> chunks) => chunks.Sum(c => c.Kinds.ToArray().Count(k => k == ChangeKind.Upsert));
}
