using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Tracking;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Connectors.Tests.SqlServer.Model;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using static CdcSync.Connectors.Tests.SqlServer.Model.TrackedWorld;

namespace CdcSync.Connectors.Tests.SqlServer.Source;

/// <summary>The rules for SQL Server's change tracking, by number; each test fails without its rule. On a model of the documented semantics.</summary>
public sealed class ChangeTrackingRuleTests
{
    private readonly TrackedWorld _world = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // Rule 1
    [Fact]
    public async Task One_SNAPSHOT_serves_all_datasets_whatever_is_committed_between_its_steps()
    {
        var (here, there) = (_world.Table("here"), _world.Table("there"));
        _world.Server.Commit(Put("here", 1L, "money"));
        await here.LoadAsync(_world.Source);
        await there.LoadAsync(_world.Source);
        for (var step = 0; step < 12; step++)
        {
            var isHere = _world.Rows("here").Count == 1;
            RowWrite[] move = isHere ? [Delete("here", 1L), Put("there", 1L, "money")] : [Delete("there", 1L), Put("here", 1L, "money")];
            _world.AtStep(step, () => _world.Server.Commit(move));
            await using (var session = await _world.Source.OpenAsync([new ReadRequest(here.Dataset, here.Checkpoint), new ReadRequest(there.Dataset, there.Checkpoint)], Token))
            {
                await here.ReadAsync(session);
                await there.ReadAsync(session);
            }
            _world.Server.Between = null;
            Assert.Equal(1, here.Rows.Count + there.Rows.Count);
        }
    }

    // Rule 2
    [Fact]
    public async Task A_read_transaction_that_is_too_old_begins_no_further_window_and_who_waited_comes_first()
    {
        var time = new Clockwork();
        var world = new TrackedWorld(TimeSpan.FromSeconds(60), time);
        var (first, second) = (world.Table("first"), world.Table("second"));
        await first.LoadAsync(world.Source);
        await second.LoadAsync(world.Source);
        for (var pass = 0; pass < 2; pass++)
        {
            world.Server.Commit(Put("first", 1L, $"{pass}"), Put("second", 1L, $"{pass}"));
            await using var session = await world.Source.OpenAsync([new ReadRequest(first.Dataset, first.Checkpoint), new ReadRequest(second.Dataset, second.Checkpoint)], Token);
            var events = new List<ReadEvent>();
            await foreach (var found in session.ReadAsync([first.Dataset.Id, second.Dataset.Id], Token))
            {
                events.Add(found);
                time.Advance(TimeSpan.FromSeconds(61));
            }
            var failed = Assert.IsType<WindowFailed>(events[^1]);
            Assert.Equal(ErrorCodes.SourceReadTooLong, failed.Fault.Code);
            Assert.True(failed.Fault.IsTransient);
            Assert.Equal(pass == 0 ? second.Dataset.Id : first.Dataset.Id, failed.Dataset);
            Assert.Contains(events, e => e is WindowEnd);
        }
    }

    // Rule 3
    [Fact]
    public async Task A_checkpoint_below_the_minimum_is_expired_and_an_equal_one_is_valid_table_by_table()
    {
        var (a, b) = (_world.Table("a"), _world.Table("b"));
        await a.LoadAsync(_world.Source);
        await b.LoadAsync(_world.Source);
        _world.Server.Commit(Put("a", 1L, "x"), Put("b", 1L, "x"));
        _world.Server.Commit(Put("a", 2L, "x"));
        _world.Server.Lift("dbo.a", 1);
        _world.Server.Sweep("dbo.a");
        await _world.FaultAsync(a, ReadingState.Expired, ErrorCodes.ChangesExpired);
        await b.CatchUpAsync(_world.Source);
        Assert.Single(b.Rows);
        _world.Server.Lift("dbo.b", _world.Server.Version);
        Assert.Equal(ReadingState.Unchanged, (await _world.ReadingAsync(b)).State);
    }

    [Fact]
    public async Task Tracking_that_is_off_is_said_and_never_taken_for_version_0()
    {
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        _world.Server.Tables["dbo.a"].SideTable = null;
        var fault = await _world.FaultAsync(a, ReadingState.Denied, ErrorCodes.TrackingOff);
        Assert.Contains("--enable-tracking", fault.Remedy, StringComparison.Ordinal);
    }

    // Rule 4
    [Fact]
    public async Task Version_0_is_a_position_like_any_other()
    {
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        Assert.StartsWith("0:", a.Checkpoint!.Stream.Canonical, StringComparison.Ordinal);
        _world.Server.Commit(Put("a", 1L, "x"));
        await a.CatchUpAsync(_world.Source);
        Assert.Equal(_world.Rows("a"), a.Rows);
        Assert.StartsWith("1:", a.Checkpoint!.Stream.Canonical, StringComparison.Ordinal);
    }

    // Rule 5
    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Without_SNAPSHOT_a_clean_up_between_any_two_steps_is_noticed(int step)
    {
        _world.Server.AllowsSnapshot = false;
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        _world.Server.Commit(Put("a", 1L, "x"));
        _world.Server.Commit(Put("a", 2L, "x"));
        _world.AtStep(step, () =>
        {
            _world.Server.Lift("dbo.a", 1);
            _world.Server.Sweep("dbo.a");
        });
        try
        {
            await a.CatchUpAsync(_world.Source);
        }
        catch (CdcSyncException e) when (e.Code == ErrorCodes.ChangesExpired)
        {
            return;
        }
        _world.Server.Between = null;
        if ((await _world.ReadingAsync(a)).State == ReadingState.Expired) return;
        Assert.Equal(_world.Rows("a"), a.Rows);
    }

    public static TheoryData<int> Steps => [.. Enumerable.Range(0, 9)];

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Without_SNAPSHOT_a_row_that_goes_between_any_two_steps_goes_in_the_end_and_its_NULLs_are_never_values(int step)
    {
        _world.Server.AllowsSnapshot = false;
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        _world.Server.Commit(Put("a", 1L, "x"), Put("a", 2L, "y"));
        _world.AtStep(step, () => _world.Server.Commit(Delete("a", 1L), Put("a", 2L, "z"), Put("a", 3L, "new")));
        await a.CatchUpAsync(_world.Source);
        Assert.DoesNotContain(a.LastRows, r => r.Contains("null", StringComparison.Ordinal));
        _world.Server.Between = null;
        await a.CatchUpAsync(_world.Source);
        Assert.Equal(_world.Rows("a"), a.Rows);
    }

    // Rule 6
    [Fact]
    public async Task A_window_ends_at_the_current_version_and_is_never_cut_however_many_rows_it_has()
    {
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        _world.Server.Commit([.. Enumerable.Range(0, 40_000).Select(i => Put("a", (long)i, "x"))]);
        _world.Server.Commit(Put("a", 0L, "y"));
        await a.CatchUpAsync(_world.Source);
        Assert.True(a.ChunkLengths.Count > 2);
        Assert.Equal(40_000, a.Rows.Count);
        Assert.StartsWith("2:", a.LastEnd!.UpTo.Canonical, StringComparison.Ordinal);
    }

    // Rule 7
    [Fact]
    public async Task Under_SNAPSHOT_a_change_without_its_row_is_row_level_security_and_fails_the_window()
    {
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        _world.Server.Commit(Put("a", 1L, "x"));
        _world.Server.Tables["dbo.a"].Rows.Clear();                      // a policy hides the row from the login
        var e = await Assert.ThrowsAsync<CdcSyncException>(() => a.CatchUpAsync(_world.Source));
        Assert.Equal(ErrorCodes.SourceRowsHidden, e.Code);
        Assert.Empty(a.Rows);
    }

    // Rule 8
    [Fact]
    public async Task A_first_load_notes_the_version_before_the_rows_and_its_stream_must_still_be_valid()
    {
        var a = _world.Table("a");
        _world.Server.Commit([.. Enumerable.Range(0, 10).Select(i => Put("a", (long)i, "x"))]);
        await a.LoadAsync(_world.Source, rowsPerRange: 3, betweenRanges: () =>
        {
            _world.Server.Commit(Put("a", 0L, "changed"), Delete("a", 5L));
            return Task.CompletedTask;
        });
        var again = a.Checkpoint;
        await a.CatchUpAsync(_world.Source);
        Assert.Equal(_world.Rows("a"), a.Rows);
        a.MoveTo(again!.Stream);
        _world.Server.Lift("dbo.a", 2);
        await _world.FaultAsync(a, ReadingState.Expired, ErrorCodes.ChangesExpired);
    }

    // Rule 9
    [Fact]
    public async Task A_key_update_is_a_delete_and_an_insert_and_a_delete_of_an_unseen_key_is_legal()
    {
        var a = _world.Table("a");
        _world.Server.Commit(Put("a", 1L, "x"));
        await a.LoadAsync(_world.Source);
        _world.Server.Commit(Put("a", 2L, "x", oldId: 1L), Put("a", 7L, "short life"));
        _world.Server.Commit(Delete("a", 7L));
        await a.CatchUpAsync(_world.Source);
        Assert.Contains("Delete 1", a.LastRows);
        Assert.Contains("Delete 7", a.LastRows);
        Assert.Equal(_world.Rows("a"), a.Rows);
    }

    [Fact]
    public async Task A_delete_that_is_listed_after_the_insert_of_the_same_key_does_not_delete_the_row()
    {
        var a = _world.Table("a", hasTextKey: true);
        _world.Server.Commit(Put("a", "anna", "x"));
        await a.LoadAsync(_world.Source);
        _world.Server.Commit(Delete("a", "anna"), Put("a", "anna", "y"));
        Assert.True(_world.Server.Tables["dbo.a"].After(1).Single().IsDelete);       // as KB4135113 has it
        await a.CatchUpAsync(_world.Source);
        Assert.Equal(_world.Rows("a"), a.Rows);
    }

    [Theory]
    [InlineData("ANNA")]
    [InlineData("anna ")]
    public async Task A_key_that_only_changes_its_writing_leaves_no_row_under_the_old_one(string written)
    {
        var a = _world.Table("a", hasTextKey: true);
        _world.Server.Commit(Put("a", "anna", "x"));
        await a.LoadAsync(_world.Source);
        _world.Server.Commit(Put("a", written, "x", oldId: "anna"));
        await a.CatchUpAsync(_world.Source);
        Assert.Equal(_world.Rows("a").Values, a.Rows.Values);
        Assert.Equal(["Delete 'anna'", $"Upsert '{written}' | 'x'"], a.LastRows);
    }

    [Theory]
    [InlineData("ANNA")]
    [InlineData("anna ")]
    public async Task A_row_that_is_deleted_and_inserted_again_under_another_writing_is_one_row_in_a_target_with_a_folded_key(string written)
    {
        var a = _world.Table("a", hasTextKey: true);
        _world.Server.Commit(Put("a", "anna", "x"));
        await a.LoadAsync(_world.Source);
        _world.Server.Commit(Delete("a", "anna"));
        _world.Server.Commit(Put("a", written, "y"));
        await a.CatchUpAsync(_world.Source);
        Assert.Equal(["'anna'"], a.Rows.Keys);
        Assert.Equal([$"'{written}' | 'y'"], a.Rows.Values);
    }

    [Theory]
    [InlineData("Latin1_General_100_CI_AS", "nvarchar", KeyFold.CaseAndBlanks)]
    [InlineData("SQL_Latin1_General_CP1_CI_AS", "char", KeyFold.CaseAndBlanks)]
    [InlineData("Latin1_General_100_CS_AS", "varchar", KeyFold.Blanks)]
    [InlineData("Latin1_General_100_BIN2", "varchar", KeyFold.Blanks)]
    [InlineData("Latin1_General_100_BIN2", "nchar", null)]
    public async Task A_key_whose_equality_the_contract_does_not_state_is_refused(string collation, string type, KeyFold? needed)
    {
        _world.Server.Create(new SqlServerObject("dbo", "k", 0, ObjectKind.Table, [new(1, "id", type, 40, IsNullable: false, Collation: collation, KeyOrdinal: 1), new(2, "v", "nvarchar", 80)]));
        var unstated = TrackedWorld.Dataset("k", StringType.Default);
        unstated = unstated with { Columns = [.. unstated.Columns.Select(c => c with { Fold = null })] };
        var fault = (await _world.Source.CheckAsync(unstated, Token)).SingleOrDefault();
        Assert.Equal(needed is null ? null : ErrorCodes.KeyEqualityUnstated, fault?.Code);
        foreach (var fold in Enum.GetValues<KeyFold>())
        {
            var stated = unstated with { Columns = [.. unstated.Columns.Select(c => c.KeyOrdinal is null ? c : c with { Fold = fold })] };
            Assert.Equal(fold != KeyFold.None && fold < needed, (await _world.Source.CheckAsync(stated, Token)).Any(f => f.Code == ErrorCodes.KeyEqualityUnstated));
        }
        Assert.DoesNotContain(await _world.Source.CheckAsync(unstated with { Capture = new Capture.FullRefresh() }, Token), f => f.Code == ErrorCodes.KeyEqualityUnstated);
        Assert.Equal(needed, (await _world.Source.DiscoverAsync(["k"], Token)).Single().Columns[0].Fold);
    }

    [Theory]
    [InlineData("SQL_Latin1_General_CP1_CI_AI", "varchar", KeyFold.CaseAndBlanks)]
    [InlineData("Latin1_General_100_CS_AI_KS_WS_SC_UTF8", "varchar", KeyFold.Blanks)]
    [InlineData("Latin1_General_100_CS_AI", "nchar", null)]
    public async Task A_key_whose_collation_ignores_accents_is_refused_unless_the_contract_says_that_it_never_differs_in_them(string collation, string type, KeyFold? fold)
    {
        _world.Server.Create(new SqlServerObject("dbo", "k", 0, ObjectKind.Table, [new(1, "id", type, 40, IsNullable: false, Collation: collation, KeyOrdinal: 1), new(2, "v", "nvarchar", 80)]));
        var folded = Key(c => c with { Fold = fold });
        var fault = Assert.Single(await _world.Source.CheckAsync(folded, Token));
        Assert.Equal(ErrorCodes.KeyEqualityUnstated, fault.Code);
        Assert.Contains($"id ({collation}) that differ in accents are one key in dbo.k", fault.Message, StringComparison.Ordinal);
        Assert.Contains("accents: alike", fault.Remedy, StringComparison.Ordinal);
        Assert.Empty(await _world.Source.CheckAsync(Key(c => c with { Fold = fold, Accents = AccentEquality.Alike }), Token));
        Assert.Empty(await _world.Source.CheckAsync(Key(c => c with { Fold = KeyFold.None }), Token));
        Assert.Empty(await _world.Source.CheckAsync(folded with { Capture = new Capture.FullRefresh() }, Token));

        Dataset Key(Func<DatasetColumn, DatasetColumn> stated)
        {
            var dataset = TrackedWorld.Dataset("k", StringType.Default);
            return dataset with { Columns = [.. dataset.Columns.Select(c => c.KeyOrdinal is null ? c : stated(c))] };
        }
    }

    // Rule 10
    [Fact]
    public async Task TRUNCATE_is_a_gap_also_where_the_version_alone_would_not_tell()
    {
        var a = _world.Table("a");
        _world.Server.Commit(Put("a", 1L, "x"));
        await a.LoadAsync(_world.Source);
        _world.Server.Truncate("dbo.a");
        await _world.FaultAsync(a, ReadingState.Expired, ErrorCodes.ChangesExpired);
        _world.Server.Tables["dbo.a"].Minimum = 0;
        await _world.FaultAsync(a, ReadingState.Expired, ErrorCodes.ChangesExpired);
    }

    [Fact]
    public async Task Tracking_switched_off_and_on_is_a_gap_though_the_version_is_the_same()
    {
        var a = _world.Table("a");
        _world.Server.Commit(Put("a", 1L, "x"));
        await a.LoadAsync(_world.Source);
        _world.Server.SwitchOffAndOn("dbo.a", Put("a", 1L, "unrecorded"));
        await _world.FaultAsync(a, ReadingState.Expired, ErrorCodes.ChangesExpired);
    }

    [Fact]
    public async Task A_table_created_again_under_its_name_is_a_gap()
    {
        _world.Server.ShowsInternals = false;                            // the side table would tell it too
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        var definition = _world.Server.Tables["dbo.a"].Definition;
        _world.Server.Drop("dbo.a");
        _world.Server.Create(definition);
        await _world.FaultAsync(a, ReadingState.Expired, ErrorCodes.ChangesExpired);
    }

    // Rule 11
    [Theory]
    [InlineData("nvarchar", 80, 7, false)]                               // dropped and added again
    [InlineData("varchar", 40, 2, false)]                                // converted
    [InlineData("nvarchar", 200, 2, true)]                               // only longer
    public async Task Altered_columns_are_noticed_where_values_can_have_changed(string type, int length, int ordinal, bool isSame)
    {
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        var table = _world.Server.Tables["dbo.a"];
        table.Definition = table.Definition with { Columns = [table.Definition.Columns[0], table.Definition.Columns[1] with { TypeName = type, MaxLength = length, Ordinal = ordinal }] };
        if (isSame) Assert.Equal(ReadingState.Unchanged, (await _world.ReadingAsync(a)).State);
        else await _world.FaultAsync(a, ReadingState.Expired, ErrorCodes.SourceColumnsChanged);
    }

    [Fact]
    public async Task A_column_added_to_the_contract_is_a_gap_for_its_existing_values()
    {
        var a = _world.Table("a");
        var narrow = new Follower(a.Dataset with { Columns = [a.Dataset.Columns[0]] });
        await narrow.LoadAsync(_world.Source);
        await using var session = await _world.Source.OpenAsync([new ReadRequest(a.Dataset, narrow.Checkpoint)], Token);
        Assert.Equal(ErrorCodes.SourceColumnsChanged, session.Readings[a.Dataset.Id].Fault?.Code);
    }

    // Rule 12
    [Fact]
    public async Task An_idle_dataset_advances_with_every_reading()
    {
        var (idle, busy) = (_world.Table("idle"), _world.Table("busy"));
        await idle.LoadAsync(_world.Source);
        await busy.LoadAsync(_world.Source);
        for (var i = 0; i < 3; i++)
        {
            _world.Server.Commit(Put("busy", 1L, $"{i}"));
            Assert.Equal(ReadingState.Unchanged, (await idle.CatchUpAsync(_world.Source)).State);
        }
        _world.Server.Lift("dbo.idle", 3);
        Assert.Equal(ReadingState.Unchanged, (await idle.CatchUpAsync(_world.Source)).State);
        Assert.StartsWith("3:", idle.Checkpoint!.Stream.Canonical, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_retention_is_told_with_every_reading()
    {
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        _world.Server.Retention = TimeSpan.FromHours(36);
        Assert.Equal(TimeSpan.FromHours(36), (await a.CatchUpAsync(_world.Source)).Retention);
        _world.Server.Commit(Put("a", 1L, "x"));
        Assert.Equal(TimeSpan.FromHours(36), (await a.CatchUpAsync(_world.Source)).Retention);
    }

    // Rule 13
    [Fact]
    public async Task A_missing_right_is_named_with_the_grant_that_gives_it()
    {
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        var table = _world.Server.Tables["dbo.a"];
        table.Definition = table.Definition with { MayViewChanges = false };
        Assert.Contains("GRANT SELECT, VIEW CHANGE TRACKING ON OBJECT::[dbo].[a]", (await _world.FaultAsync(a, ReadingState.Denied, ErrorCodes.SourceDenied)).Remedy, StringComparison.Ordinal);
        table.Definition = table.Definition with { MaySelect = false };
        Assert.Contains("GRANT SELECT ON OBJECT::[dbo].[a]", (await _world.FaultAsync(a, ReadingState.Denied, ErrorCodes.SourceDenied)).Remedy, StringComparison.Ordinal);
    }

    // Rule 14
    [Fact]
    public async Task A_current_version_below_the_minimum_is_a_replica_and_never_an_expiry()
    {
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        _world.Server.Tables["dbo.a"].Minimum = 5;
        var fault = await _world.FaultAsync(a, ReadingState.Denied, ErrorCodes.SourceNotPrimary);
        Assert.True(fault.IsTransient);
        _world.Server.Tables["dbo.a"].Minimum = 0;
        _world.Server.IsReadOnly = true;
        await _world.FaultAsync(a, ReadingState.Denied, ErrorCodes.SourceNotPrimary);
        Assert.Equal(SqlServerFault.NotPrimary, SqlServerErrors.OfNumber(22117));
    }

    // Rule 15
    [Fact]
    public async Task A_restore_is_noticed_by_the_version_or_by_the_recovery_fork()
    {
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        var restore = _world.Server.BackUp();
        _world.Server.Commit(Put("a", 1L, "x"));
        await a.CatchUpAsync(_world.Source);
        restore();
        _world.Server.ShowsInternals = false;
        await _world.FaultAsync(a, ReadingState.Rewound, ErrorCodes.SourceRewound);
        _world.Server.Commit(Put("a", 2L, "other"));
        _world.Server.ShowsInternals = true;
        await _world.FaultAsync(a, ReadingState.Rewound, ErrorCodes.SourceRewound);
    }

    // Rule 16
    [Fact]
    public async Task A_versions_time_is_the_clock_of_the_session_that_saw_it_first()
    {
        var a = _world.Table("a");
        await a.LoadAsync(_world.Source);
        _world.Server.Clock += TimeSpan.FromSeconds(10);
        var seen = _world.Server.Clock;
        _world.Server.Commit(Put("a", 1L, "x"));
        await _world.ReadingAsync(a);
        _world.Server.Clock += TimeSpan.FromSeconds(10);
        await a.CatchUpAsync(_world.Source);
        Assert.Equal(seen, a.LastEnd!.NewestCommit);
    }

    [Fact]
    public void A_version_that_was_there_before_the_first_sample_has_no_time()
    {
        var clock = new VersionClock();
        clock.Observe(7, DateTimeOffset.UnixEpoch);
        Assert.Null(clock.SeenAt(7));
        clock.Observe(9, DateTimeOffset.UnixEpoch.AddSeconds(1));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(1), clock.SeenAt(8));
        clock.Observe(3, DateTimeOffset.UnixEpoch.AddSeconds(2));
        Assert.Null(clock.SeenAt(3));
    }

    // Rule 17
    [Fact]
    public async Task Hundreds_of_tables_are_asked_in_one_round_trip()
    {
        var followers = Enumerable.Range(0, 300).Select(i => _world.Table($"t{i}")).ToList();
        foreach (var follower in followers) await follower.LoadAsync(_world.Source);
        _world.Server.Commit(Put("t17", 1L, "x"));
        await using var session = await _world.Source.OpenAsync([.. followers.Select(f => new ReadRequest(f.Dataset, f.Checkpoint))], Token);
        Assert.Equal(followers[17].Dataset.Id, Assert.Single(session.Readings, r => r.Value.State == ReadingState.Changed).Key);
        Assert.Equal(1, ChangesCalls(300));
    }

    // The wire sends as many statements as there are parts of at most 500 tables.
    private static int ChangesCalls(int tables) => Enumerable.Range(0, tables).Chunk(Connectors.SqlServer.Source.Sql.ChangesSql.TablesAtOnce).Count();

    private sealed class Clockwork : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
