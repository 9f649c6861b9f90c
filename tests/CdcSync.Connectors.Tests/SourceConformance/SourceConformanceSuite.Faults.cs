using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.SourceConformance;

/// <content>Checkpoints that do not fit, sessions among writers, and what goes wrong.</content>
public abstract partial class SourceConformanceSuite<TFixture>
{
    [Fact]
    public async Task Changes_that_are_gone_expire_the_checkpoint_and_a_newer_one_stays_valid()
    {
        var (table, old) = await LoadedAsync("orders", [Row(1, "a")]);
        await _fixture.CommitAsync(Insert(table, 2, "b"));
        var current = new Follower(table);
        await current.LoadAsync(_source);
        await _fixture.ForgetChangesAsync(table);
        await FaultAsync(old, ReadingState.Expired, ErrorCodes.ChangesExpired);
        Assert.Equal(ReadingState.Changed, (await current.CatchUpAsync(_source)).State);
        Assert.Equal(ReadingState.Unchanged, (await current.CatchUpAsync(_source)).State);
    }

    [Fact]
    public async Task A_source_restored_to_the_past_is_rewound()
    {
        var (table, follower) = await LoadedAsync("orders", [Row(1, "a")]);
        var restore = await _fixture.BackUpAsync();
        await _fixture.CommitAsync(Insert(table, 2, "b"));
        await follower.CatchUpAsync(_source);
        await restore();
        await FaultAsync(follower, ReadingState.Rewound, ErrorCodes.SourceRewound);
    }

    [Fact]
    public async Task A_source_restored_to_the_past_and_written_to_again_is_rewound_though_its_version_is_not_lower()
    {
        var (table, follower) = await LoadedAsync("orders", [Row(1, "a")]);
        var restore = await _fixture.BackUpAsync();
        await _fixture.CommitAsync(Insert(table, 2, "b"));
        await follower.CatchUpAsync(_source);
        await restore();
        await _fixture.CommitAsync(Insert(table, 7, "other"));
        await FaultAsync(follower, ReadingState.Rewound, ErrorCodes.SourceRewound);
        await _fixture.CommitAsync(Insert(table, 8, "and more"));
        await FaultAsync(follower, ReadingState.Rewound, ErrorCodes.SourceRewound);
    }

    [Fact]
    public async Task A_source_restored_to_a_state_at_or_after_the_checkpoint_goes_on_or_is_noticed()
    {
        var (table, follower) = await LoadedAsync("orders", [Row(1, "a")]);
        await _fixture.CommitAsync(Insert(table, 2, "b"));
        var restore = await _fixture.BackUpAsync();
        await _fixture.CommitAsync(Insert(table, 3, "lost"));
        await restore();
        if (_fixture.NoticesEveryRestore)
        {
            await FaultAsync(follower, ReadingState.Rewound, ErrorCodes.SourceRewound);
            return;
        }
        await follower.CatchUpAsync(_source);
        Assert.Equal(["Upsert 2 | 'b' | 2.00 | null | true | null"], follower.LastRows);
    }

    [Fact]
    public async Task A_checkpoint_of_another_kind_is_refused()
    {
        var (_, follower) = await LoadedAsync("orders");
        follower.MoveTo(new Position("another-kind", "1"));
        await FaultAsync(follower, ReadingState.Denied, ErrorCodes.OtherPositionKind);
    }

    [Fact]
    public async Task A_checkpoint_whose_position_is_no_position_is_refused()
    {
        var (_, follower) = await LoadedAsync("orders");
        follower.MoveTo(follower.Checkpoint!.Stream with { Canonical = "no position" });
        await FaultAsync(follower, ReadingState.Denied, ErrorCodes.StateCorrupt);
    }

    [Fact]
    public async Task A_checkpoint_from_before_capture_was_switched_off_and_on_is_refused()
    {
        var (table, follower) = await LoadedAsync("orders");
        await _fixture.CaptureAnewAsync(table);
        await FaultAsync(follower, _fixture.AfterCaptureAnew.State, _fixture.AfterCaptureAnew.Code);
    }

    [Fact]
    public async Task Writes_during_a_session_are_invisible_to_it_and_seen_by_the_next()
    {
        var (table, follower) = await LoadedAsync("orders", [Row(1, "a"), Row(2, "b")]);
        await _fixture.CommitAsync(new Write.Update(table, [1L], Row(1, "a2")), new Write.Update(table, [2L], Row(2, "b2")));
        Task write;
        await using (var session = await _source.OpenAsync([new ReadRequest(table, follower.Checkpoint)], Token))
        {
            // Where readers block writers the write waits, with a part of it done, until the session ends.
            write = Task.Run(() => _fixture.CommitAsync(new Write.Update(table, [1L], Row(1, "a3")), new Write.Delete(table, [2L]), Insert(table, 3, "c")).AsTask(), Token);
            await Task.WhenAny(write, Task.Delay(300, Token));
            await follower.ReadAsync(session);
        }
        await write;
        Assert.Equal(["Upsert 1 | 'a2' | 1.00 | null | true | null", "Upsert 2 | 'b2' | 2.00 | null | true | null"], follower.LastRows.Order());
        await follower.CatchUpAsync(_source);
        Assert.Equal(["Delete 2", "Upsert 1 | 'a3' | 1.00 | null | true | null", "Upsert 3 | 'c' | 3.00 | null | true | null"], follower.LastRows.Order());
    }

    [Fact]
    public async Task All_datasets_of_a_session_are_of_one_state_of_the_source()
    {
        var (here, a) = await LoadedAsync("here", [Row(1, "money")]);
        var (there, b) = await LoadedAsync("there");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var writer = Task.Run(async () =>
        {
            for (var turn = 0; !stop.IsCancellationRequested; turn++)
                await _fixture.CommitAsync(turn % 2 == 0
                    ? [new Write.Delete(here, [1L]), Insert(there, 1, "money")]
                    : [new Write.Delete(there, [1L]), Insert(here, 1, "money")]);
        }, Token);
        for (var pass = 0; pass < 40; pass++)
        {
            await using (var session = await _source.OpenAsync([new ReadRequest(here, a.Checkpoint), new ReadRequest(there, b.Checkpoint)], Token))
            {
                await a.ReadAsync(session);
                await b.ReadAsync(session);
            }
            Assert.Equal(1, a.Rows.Count + b.Rows.Count);
        }
        await stop.CancelAsync();
        await writer;
    }

    [Fact]
    public async Task One_bad_dataset_spoils_no_other()
    {
        var (good, follower) = await LoadedAsync("good");
        var (dropped, bad) = await LoadedAsync("dropped");
        var (narrow, altered) = await LoadedAsync("narrow");
        await _fixture.CommitAsync(Insert(good, 1, "a"));
        await _fixture.DropAsync(dropped);
        var missingColumn = narrow with { Columns = [.. narrow.Columns, new DatasetColumn("absent", "absent", Arrow.StringType.Default, Arrow.StringType.Default)] };
        await using var session = await _source.OpenAsync(
            [new ReadRequest(dropped, bad.Checkpoint), new ReadRequest(missingColumn, altered.Checkpoint), new ReadRequest(good, follower.Checkpoint)], Token);
        Assert.Equal(ErrorCodes.SourceObjectMissing, Fault(session, dropped, ReadingState.Denied).Code);
        var fault = Fault(session, narrow, ReadingState.Denied);
        Assert.Equal(ErrorCodes.SourceSchemaMismatch, fault.Code);
        Assert.Contains("absent", fault.Message);
        await follower.ReadAsync(session);
        Assert.Equal(["1"], follower.Rows.Keys);
    }

    [Fact]
    public async Task What_is_wrong_with_a_dataset_is_found_by_the_check_and_nothing_is_where_all_is_well()
    {
        var (table, _) = await LoadedAsync("orders");
        Assert.Empty(await _source.CheckAsync(table, Token));
        var wrong = table with { Columns = [.. table.Columns, new DatasetColumn("absent", "absent", Arrow.StringType.Default, Arrow.StringType.Default)] };
        Assert.Equal([ErrorCodes.SourceSchemaMismatch], (await _source.CheckAsync(wrong, Token)).Select(f => f.Code));
        var otherKey = table with { Columns = [.. table.Columns.Select(c => c with { KeyOrdinal = c.Source == "name" ? 0 : null })] };
        Assert.Equal([ErrorCodes.SourceSchemaMismatch], (await _source.CheckAsync(otherKey, Token)).Select(f => f.Code));
        await _fixture.DropAsync(table);
        Assert.Equal([ErrorCodes.SourceObjectMissing], (await _source.CheckAsync(table, Token)).Select(f => f.Code));
    }

    [Fact]
    public async Task A_cancelled_read_ends_as_cancelled_and_the_source_can_be_read_again()
    {
        var (table, follower) = await LoadedAsync("orders");
        await _fixture.CommitAsync([.. Enumerable.Range(1, 40_000).Select(i => Insert(table, i, null))]);
        using var cancel = new CancellationTokenSource();
        await using (var session = await _source.OpenAsync([new ReadRequest(table, follower.Checkpoint)], Token))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (var _ in session.ReadAsync([table.Id], cancel.Token))
                    await cancel.CancelAsync();
            });
        }
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _source.OpenAsync([new ReadRequest(table, follower.Checkpoint)], cancel.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _source.Ranges.PlanAsync(table, 10, cancel.Token));
        await follower.CatchUpAsync(_source);
        Assert.Equal(40_000, follower.Rows.Count);
    }
}
