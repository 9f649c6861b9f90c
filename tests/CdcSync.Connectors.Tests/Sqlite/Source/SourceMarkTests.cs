using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Marks;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

/// <summary>High-water marks by timestamp and by sequence.</summary>
public sealed class SourceMarkTests
{
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static TheoryData<string> Forms() => new(MarkForm.Timestamps.Select(f => f.Name));

    private static MarkForm Form(string name) => MarkForm.Timestamps.Single(f => f.Name == name);

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task New_and_changed_rows_are_read_once_and_an_idle_table_is_unchanged(string form)
    {
        using var table = new MarkedTable(Form(form), Overlap);
        table.Write(1, 1);
        table.Wait(TimeSpan.FromHours(20));
        await table.LoadAsync();
        for (var i = 2; i < 6; i++)
        {
            table.Wait(TimeSpan.FromMinutes(61));
            table.Write(i, i);
            table.Write(1, 10 * i);
            Assert.Equal(ReadingState.Changed, (await table.PassAsync()).State);
            Assert.Equal(table.Truth(), table.Rows);
            if (i > 2) Assert.Equal(2, table.Delivered);
            Assert.Equal(ReadingState.Unchanged, (await table.PassAsync()).State);
        }
        table.Wait(Second);
        Assert.Equal(ReadingState.Unchanged, (await table.PassAsync()).State);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task After_a_restart_the_rows_of_the_overlap_come_again_and_no_older_ones(string form)
    {
        using var table = new MarkedTable(Form(form), Overlap);
        await table.LoadAsync();
        table.Write(1, 1);
        table.Wait(TimeSpan.FromHours(1));
        table.Write(2, 2);
        table.Wait(TimeSpan.FromMinutes(3));
        table.Write(3, 3);
        await table.PassAsync();
        table.Restart();
        Assert.Equal(ReadingState.Changed, (await table.PassAsync()).State);
        Assert.Equal(2, table.Delivered);
        Assert.Equal(ReadingState.Unchanged, (await table.PassAsync()).State);
    }

    [Fact]
    public async Task A_row_committed_late_with_an_older_stamp_is_read_within_the_overlap()
    {
        using var table = new MarkedTable(MarkForm.Timestamps[0], Overlap);
        await table.LoadAsync();
        var taken = table.Clock;
        table.Wait(TimeSpan.FromMinutes(4));
        table.Write(1, 1);
        await table.PassAsync();
        table.Write(2, 2, taken);
        await table.PassAsync();
        Assert.Equal(1, table.Delivered);
        Assert.Equal(table.Truth(), table.Rows);
    }

    [Fact]
    public async Task Rows_with_the_stamp_of_the_position_are_not_lost_even_without_overlap()
    {
        using var table = new MarkedTable(MarkForm.Timestamps[1], TimeSpan.Zero);
        await table.LoadAsync();
        table.Write(1, 1);
        await table.PassAsync();
        table.Write(2, 2);
        table.Write(1, 100);
        Assert.Equal(ReadingState.Changed, (await table.PassAsync()).State);
        Assert.Equal(2, table.Delivered);
        Assert.Equal(table.Truth(), table.Rows);
    }

    [Fact]
    public async Task Stamps_that_are_dates_are_found_from_their_midnight_on()
    {
        var dates = new MarkForm("dates", "DATE", MarkForm.Timestamps[0].Type, t => $"'{t:yyyy-MM-dd}'");
        using var table = new MarkedTable(dates, TimeSpan.Zero);
        await table.LoadAsync();
        table.Write(1, 1);
        await table.PassAsync();
        table.Write(2, 2);
        await table.PassAsync();
        Assert.Equal(1, table.Delivered);
        table.Wait(TimeSpan.FromDays(1));
        table.Write(3, 3);
        await table.PassAsync();
        Assert.Equal(table.Truth(), table.Rows);
    }

    [Fact]
    public async Task A_value_that_went_and_came_back_under_one_stamp_is_read_again()
    {
        using var table = new MarkedTable(MarkForm.Timestamps[1], TimeSpan.Zero);
        await table.LoadAsync();
        foreach (var v in new[] { 1, 2, 1 })
        {
            table.Write(1, v);
            await table.PassAsync();
            Assert.Equal(table.Truth(), table.Rows);
        }
    }

    [Fact]
    public async Task Rows_of_a_window_that_was_rolled_back_come_again()
    {
        using var table = new MarkedTable(MarkForm.Timestamps[0], Overlap);
        await table.LoadAsync();
        table.Write(1, 1);
        await table.PassAsync();
        table.Write(2, 2);
        table.Write(3, 3, table.Clock.AddMinutes(-1));
        await table.PassAsync(commits: false);
        Assert.Equal(2, table.Delivered);
        await table.PassAsync();
        Assert.Equal(2, table.Delivered);
        Assert.Equal(table.Truth(), table.Rows);
    }

    [Fact]
    public async Task A_stamp_from_the_future_is_read_and_hides_nothing()
    {
        using var table = new MarkedTable(MarkForm.Timestamps[0], Overlap);
        await table.LoadAsync();
        table.Write(1, 1, table.Clock.AddYears(70));
        await table.PassAsync();
        Assert.Equal(1, table.Delivered);
        table.Write(2, 2);
        await table.PassAsync();
        Assert.Equal(1, table.Delivered);
        Assert.Equal(table.Truth(), table.Rows);
        Assert.Equal("2024-02-29T12:00:00", table.Checkpoint!.Stream.Canonical);
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(9)]
    public async Task Stamps_in_local_time_are_read_whatever_the_zone(int hours)
    {
        using var table = new MarkedTable(MarkForm.Timestamps[0], Overlap);
        await table.LoadAsync();
        for (var i = 1; i < 5; i++)
        {
            table.Write(i, i, table.Clock.AddHours(hours));
            await table.PassAsync();
            Assert.Equal(1, table.Delivered);
            table.Wait(TimeSpan.FromHours(3));
        }
        Assert.Equal(table.Truth(), table.Rows);
    }

    private static string Mark(MarkedTable table) => table.Checkpoint!.Stream.Canonical.Split('@')[0];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task When_the_clock_steps_back_nothing_is_lost_and_the_position_never_goes_back(bool restart)
    {
        using var table = new MarkedTable(MarkForm.Timestamps[0], Overlap);
        await table.LoadAsync();
        table.Write(1, 1);
        await table.PassAsync();
        table.Clock = table.Clock.AddHours(-1);
        for (var i = 2; i < 60; i++)
        {
            table.Wait(TimeSpan.FromMinutes(2));
            table.Write(i, i);
            table.Wait(TimeSpan.FromMinutes(1));
            if (restart) table.Restart();
            var before = Mark(table);
            await table.PassAsync();
            Assert.Equal(table.Truth(), table.Rows);
            Assert.True(string.CompareOrdinal(before, Mark(table)) <= 0, $"{before} {Mark(table)}");
        }
        Assert.DoesNotContain("@", table.Checkpoint!.Stream.Canonical);
    }

    [Fact]
    public async Task A_step_back_that_a_long_pause_hides_is_noticed_by_the_process_that_saw_the_time_before()
    {
        using var table = new MarkedTable(MarkForm.Timestamps[0], Overlap);
        await table.LoadAsync();
        table.Write(1, 1);
        await table.PassAsync();
        table.Clock = table.Clock.AddHours(-1);
        table.Wait(TimeSpan.FromMinutes(10));
        table.Write(2, 2);
        table.Wait(TimeSpan.FromHours(3));
        await table.PassAsync();
        Assert.Equal(table.Truth(), table.Rows);
    }

    [Fact]
    public async Task Rows_without_a_mark_are_seen_by_the_first_load_only()
    {
        using var table = new MarkedTable(MarkForm.Timestamps[0], Overlap);
        table.File.Run("INSERT INTO t VALUES (1, 1, NULL)");
        await table.LoadAsync();
        Assert.Equal(["1"], table.Rows.Keys);
        table.File.Run("INSERT INTO t VALUES (2, 2, NULL)");
        Assert.Equal(ReadingState.Unchanged, (await table.PassAsync()).State);
    }

    [Fact]
    public async Task A_row_whose_stamp_is_none_is_handed_over_once_with_its_fault()
    {
        using var table = new MarkedTable(MarkForm.Timestamps[0], Overlap);
        await table.LoadAsync();
        table.Write(1, 1);
        table.File.Run("INSERT INTO t VALUES (2, 2, 'soon')");
        await table.PassAsync();
        Assert.Equal(2, table.Delivered);
        table.Wait(Second);
        table.Write(3, 3);
        await table.PassAsync();
        Assert.Equal(1, table.Delivered);
    }

    [Fact]
    public async Task The_newest_commit_is_the_newest_stamp_where_stamps_are_instants()
    {
        using var instants = new MarkedTable(Form("text with T and Z"), Overlap);
        await instants.LoadAsync();
        instants.Write(1, 1);
        instants.Wait(Second);
        await instants.PassAsync();
        Assert.Equal(new DateTimeOffset(2024, 2, 29, 12, 0, 0, TimeSpan.Zero), instants.End!.NewestCommit);
        using var wallClock = new MarkedTable(Form("text with blank"), Overlap);
        await wallClock.LoadAsync();
        wallClock.Write(1, 1);
        await wallClock.PassAsync();
        Assert.Null(wallClock.End!.NewestCommit);
    }

    [Fact]
    public async Task A_sequence_is_read_from_its_last_number_on()
    {
        using var table = new MarkedTable(MarkForm.Number(), TimeSpan.Zero);
        table.Write(1, 1);
        await table.LoadAsync();
        Assert.Equal("1", table.Checkpoint!.Stream.Canonical);
        table.Write(2, 2);
        table.Write(1, 3);
        await table.PassAsync();
        Assert.Equal("3", table.Checkpoint.Stream.Canonical);
        Assert.Equal(table.Truth(), table.Rows);
        Assert.Equal(ReadingState.Unchanged, (await table.PassAsync()).State);
        table.File.Run("INSERT INTO t VALUES (7, 7, 3)");
        await table.PassAsync();
        Assert.Equal(1, table.Delivered);
        Assert.Equal(table.Truth(), table.Rows);
    }

    [Fact]
    public async Task An_autoincrement_that_gave_less_than_was_read_is_a_restored_source()
    {
        using var table = new MarkedTable(MarkForm.Number(), TimeSpan.Zero);
        table.File.Run("DROP TABLE t; CREATE TABLE t (stamp INTEGER PRIMARY KEY AUTOINCREMENT, id INT, v INT); INSERT INTO t (id, v) VALUES (1, 1), (2, 2)");
        table.Alter(d => d with { Columns = [d.Columns[0] with { KeyOrdinal = null }, d.Columns[1], d.Columns[2] with { KeyOrdinal = 0 }] });
        await table.LoadAsync();
        table.File.Run("DELETE FROM t");
        Assert.Equal(ReadingState.Unchanged, (await table.PassAsync()).State);
        table.File.Run("UPDATE sqlite_sequence SET seq = 1");
        var reading = await table.ReadingAsync(table.Checkpoint);
        Assert.Equal((ReadingState.Rewound, ErrorCodes.SourceRewound), (reading.State, reading.Fault!.Code));
    }

    [Fact]
    public async Task Views_and_queries_have_marks_too()
    {
        using var table = new MarkedTable(MarkForm.Timestamps[0], Overlap, new SourceObject.Query("SELECT id, v * 2 AS v, stamp FROM t WHERE v > 0"));
        await table.LoadAsync();
        table.Write(1, 1);
        table.Write(2, -1);
        await table.PassAsync();
        Assert.Equal(["1"], table.Rows.Keys);
        Assert.Equal("2", table.Rows["1"]);
        Assert.Equal(ReadingState.Unchanged, (await table.PassAsync()).State);
    }

    [Theory]
    [InlineData(MarkKind.Timestamp)]
    [InlineData(MarkKind.Sequence)]
    public async Task Checkpoints_of_another_kind_or_file_and_positions_that_are_none_are_refused(MarkKind kind)
    {
        using var table = new MarkedTable(kind == MarkKind.Timestamp ? MarkForm.Timestamps[0] : MarkForm.Number(), TimeSpan.Zero);
        await table.LoadAsync();
        var good = table.Checkpoint!;
        foreach (var (checkpoint, code) in new[]
        {
            (good with { Stream = new Position("sqlite-tracking", "1:0000000000000000") }, ErrorCodes.OtherPositionKind),
            (good with { Source = good.Source with { Id = "/elsewhere.db" } }, ErrorCodes.OtherSource),
            (good with { Stream = good.Stream with { Canonical = "soon" } }, ErrorCodes.StateCorrupt),
        })
        {
            var reading = await table.ReadingAsync(checkpoint);
            Assert.Equal((ReadingState.Denied, code), (reading.State, reading.Fault!.Code));
        }
    }

    [Fact]
    public async Task A_mark_that_is_no_mark_is_refused()
    {
        using var table = new MarkedTable(MarkForm.Number("TEXT"), TimeSpan.Zero);
        Assert.Equal(ErrorCodes.SourceSchemaMismatch, (await table.ReadingAsync(null)).Fault!.Code);
        table.Alter(d => d with { Capture = new Capture.HighWaterMark("stamp", MarkKind.Timestamp, Overlap) });
        Assert.Equal(ErrorCodes.SourceSchemaMismatch, (await table.ReadingAsync(null)).Fault!.Code);
        table.Alter(d => d with { Capture = new Capture.HighWaterMark("elsewhere", MarkKind.Timestamp, Overlap) });
        Assert.Equal(ErrorCodes.SourceSchemaMismatch, (await table.ReadingAsync(null)).Fault!.Code);
        table.Alter(d => d with { Columns = [.. d.Columns.Select(c => c with { KeyOrdinal = null })] });
        Assert.Equal(ErrorCodes.SourceKeyMissing, (await table.ReadingAsync(null)).Fault!.Code);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("2024-02-29T13:05:00")]
    [InlineData("2024-02-29T13:05:00.000000001")]
    [InlineData("0001-01-01T00:00:00")]
    [InlineData("9999-12-31T23:59:59.999999999")]
    [InlineData("2024-02-29T13:05:00.5@2024-02-29T12:05:00.25")]
    public void A_position_has_one_text(string text) =>
        Assert.Equal(text, MarkPosition.Parse(MarkKind.Timestamp, text)!.ToPosition("sqlite", MarkKind.Timestamp).Canonical);

    [Fact]
    public void More_rows_than_are_remembered_come_again_and_none_is_lost()
    {
        var rows = new DeliveredRows();
        for (var i = 0; i < DeliveredRows.Limit + 10; i++)
            rows.Add((UInt128)i, 1, i, 0);
        Assert.True(rows.Has(0, 1));
        Assert.False(rows.Has((UInt128)DeliveredRows.Limit + 5, 1));
        rows.Add((UInt128)DeliveredRows.Limit + 5, 1, DeliveredRows.Limit + 5, 1_000);
        Assert.True(rows.Has((UInt128)DeliveredRows.Limit + 5, 1));
        Assert.False(rows.Has(0, 1));
    }

    [Fact]
    public async Task Whatever_the_clock_the_commits_and_the_restarts_do_no_row_is_lost()
    {
        for (var run = 0; run < 36; run++)
        {
            var seed = Random.Shared.Next();
            var random = new Random(seed);
            var form = MarkForm.Timestamps[run % MarkForm.Timestamps.Count];
            using var table = new MarkedTable(form, Overlap);
            TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}, {form.Name}");
            await RunAsync(table, random);
            Assert.True(table.Truth().OrderBy(r => r.Key).SequenceEqual(table.Rows.OrderBy(r => r.Key)), $"seed {seed}, {form.Name}");
        }
    }

    // Late commits stay within the overlap, and a process sees the clock before it steps: both are documented limits.
    private static async Task RunAsync(MarkedTable table, Random random)
    {
        await table.LoadAsync();
        var late = new List<(long Id, DateTime Stamp, int Age)>();
        for (var step = 0; step < 60; step++)
        {
            var stamp = table.Clock;
            switch (random.Next(12))
            {
                case < 5: table.Write(random.Next(20), step); break;
                case 5: late.Add((random.Next(20), stamp, step)); break;
                case 6: table.Wait(TimeSpan.FromSeconds(random.Next(1, 100))); break;
                case 7:
                    table.Clock += TimeSpan.FromMinutes(random.Next(4) switch { 0 => -60, 1 => 60, 2 => -1_440, _ => 1_440 });
                    table.Write(random.Next(20), step);
                    table.Wait(TimeSpan.FromMinutes(random.Next(200)));
                    await table.PassAsync();
                    break;
                case 8: await table.PassAsync(commits: false); break;
                case 9:
                    await table.PassAsync();
                    if (random.Next(3) > 0) break;
                    table.Restart();
                    await table.PassAsync();
                    break;
                default: await table.PassAsync(); break;
            }
            foreach (var (id, at, _) in late.Where(l => random.Next(3) == 0 || table.Clock - l.Stamp > TimeSpan.FromMinutes(3)).ToList())
            {
                if ((table.Clock - at).Duration() < Overlap) table.Write(id, 1_000 + step, at);
                late.RemoveAll(l => l.Id == id);
            }
        }
        await table.PassAsync();
    }
}
