using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Source;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Connectors.Tests.SqlServer.Model;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.SqlServer.Source;

/// <summary>The rules for rowversions and timestamps, on the model.</summary>
public sealed class MarkRuleTests
{
    private static readonly DateTime Noon = new(2026, 11, 22, 12, 0, 0);

    private readonly TrackedWorld _world = new();
    private readonly Follower _versioned;
    private readonly Follower _stamped;

    public MarkRuleTests()
    {
        _world.Server.Clock = new DateTimeOffset(Noon, TimeSpan.Zero);
        _world.Server.Create(new SqlServerObject("dbo", "r", 0, ObjectKind.Table, [new(1, "id", "bigint", 8, IsNullable: false, KeyOrdinal: 1), new(2, "v", "nvarchar", 80), new(3, "rv", "timestamp", 8)]), isTracked: false);
        _versioned = new Follower(TrackedWorld.Dataset("r", Int64Type.Default) with { Capture = new Capture.HighWaterMark("rv", MarkKind.RowVersion, TimeSpan.Zero) });
        _world.Server.Create(new SqlServerObject("dbo", "s", 0, ObjectKind.Table, [new(1, "id", "bigint", 8, IsNullable: false, KeyOrdinal: 1), new(2, "at", "datetime2", 8, 26, 6)]), isTracked: false);
        var at = new TimestampType(TimeUnit.Microsecond, null);
        _stamped = new Follower(TrackedWorld.Dataset("s", Int64Type.Default) with
        {
            Capture = new Capture.HighWaterMark("at", MarkKind.Timestamp, TimeSpan.FromMinutes(5)),
            Columns = [new("id", "id", Int64Type.Default, Int64Type.Default, 0), new("at", "at", at, at)],
        });
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_row_of_a_transaction_that_commits_after_higher_rowversions_is_not_lost()
    {
        await _versioned.LoadAsync(_world.Source);
        var commit = _world.Server.OpenRowVersionWrite(Version(1, "slow"));
        _world.Server.Commit(Version(2, "fast"));
        Assert.Equal(ReadingState.Unchanged, (await _versioned.CatchUpAsync(_world.Source)).State);       // held by the open transaction
        commit();
        await _versioned.CatchUpAsync(_world.Source);
        Assert.Equal(["'fast'", "'slow'"], _versioned.Rows.Values.Select(r => r.Split(" | ")[1]).Order());
    }

    [Fact]
    public async Task The_age_of_the_transaction_that_holds_the_ceiling_is_told()
    {
        await _versioned.LoadAsync(_world.Source);
        _world.Server.Health = _world.Server.Health with { Transactions = new OpenTransactions(TimeSpan.FromMinutes(7), null) };
        await using (var session = await _world.Source.OpenAsync([new ReadRequest(_versioned.Dataset, _versioned.Checkpoint)], Token))
            Assert.Equal(TimeSpan.FromMinutes(7), session.HeldBackFor);
        var tracked = _world.Table("t");
        await tracked.LoadAsync(_world.Source);
        await using (var session = await _world.Source.OpenAsync([new ReadRequest(tracked.Dataset, tracked.Checkpoint)], Token))
            Assert.Null(session.HeldBackFor);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_commit_between_any_two_steps_of_the_reading_is_found_by_it_or_by_the_next(int step)
    {
        await _versioned.LoadAsync(_world.Source);
        _world.Server.Commit(Version(1, "a"));
        var commit = _world.Server.OpenRowVersionWrite(Version(3, "open"));
        _world.AtStep(step, () =>
        {
            commit();
            _world.Server.Commit(Version(2, "b"));
        });
        await _versioned.CatchUpAsync(_world.Source);
        _world.Server.Between = null;
        await _versioned.CatchUpAsync(_world.Source);
        Assert.Equal(3, _versioned.Rows.Count);
    }

    [Fact]
    public async Task A_restore_and_a_replica_are_noticed()
    {
        await _versioned.LoadAsync(_world.Source);
        var restore = _world.Server.BackUp();
        _world.Server.Commit(Version(1, "a"));
        await _versioned.CatchUpAsync(_world.Source);
        restore();
        await _world.FaultAsync(_versioned, ReadingState.Rewound, ErrorCodes.SourceRewound);
        _world.Server.IsReadOnly = true;
        await _world.FaultAsync(_versioned, ReadingState.Denied, ErrorCodes.SourceNotPrimary);
    }

    [Fact]
    public async Task A_late_stamp_within_the_overlap_is_found_and_what_was_delivered_does_not_come_again()
    {
        _world.Server.Commit(Stamp(1, Noon.AddMinutes(-1)));
        await _stamped.LoadAsync(_world.Source);
        await CatchUpAsync();
        _world.Server.Commit(Stamp(2, Noon.AddMinutes(-3)));
        await CatchUpAsync();
        Assert.Single(_stamped.LastRows);
        Assert.Equal(ReadingState.Unchanged, (await _stamped.CatchUpAsync(_world.Source)).State);
        Assert.Equal(2, _stamped.Rows.Count);
    }

    [Fact]
    public async Task A_stamp_from_the_future_hides_nothing()
    {
        await _stamped.LoadAsync(_world.Source);
        _world.Server.Commit(Stamp(1, Noon.AddYears(70)));
        await CatchUpAsync();
        _world.Server.Commit(Stamp(2, Noon));
        await CatchUpAsync();
        Assert.Equal(2, _stamped.Rows.Count);
    }

    [Fact]
    public async Task A_clock_that_stepped_back_hides_nothing()
    {
        _world.Server.Commit(Stamp(1, Noon));
        await _stamped.LoadAsync(_world.Source);
        await CatchUpAsync();
        _world.Server.Clock -= TimeSpan.FromHours(1);
        _world.Server.Commit(Stamp(2, Noon.AddHours(-1)));
        await CatchUpAsync();
        Assert.Equal(2, _stamped.Rows.Count);
    }

    private async Task CatchUpAsync()
    {
        await _stamped.CatchUpAsync(_world.Source);
        await _world.Source.AcknowledgeAsync([new CommittedPosition(_stamped.Dataset.Id, _stamped.Checkpoint!.Stream)], Token);
    }

    private static RowWrite Version(long id, string v) => new RowWrite.Put("dbo.r", [id, v, null]);

    private static RowWrite Stamp(long id, DateTime at) => new RowWrite.Put("dbo.s", [id, at]);
}
