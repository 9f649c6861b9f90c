using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Tests.Shaping;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Gates;

public sealed class DeleteBreakerGateTests
{
    [Theory]
    [InlineData(1_000, 1_000, 1_000, false)]
    [InlineData(1_001, 1_001, 10_010, false)]
    [InlineData(1_001, 1_001, 10_009, true)]
    [InlineData(5_000, 1_000, 1_000, false)]
    [InlineData(5_000, 2_000, 2_000, true)]
    [InlineData(5_000, 0, 0, false)]
    public async Task Deletes_are_blocked_where_they_exceed_both_limits(long stagedDeletes, long targetDeletes, long targetRows, bool isBlocked)
    {
        var verdict = await Inspect(new Staged(6_000, stagedDeletes, false, targetDeletes, targetRows));

        Assert.Equal(isBlocked ? ErrorCodes.DeleteBreaker : null, verdict?.Code);
    }

    [Fact]
    public async Task The_warehouse_is_not_asked_where_the_limit_can_not_be_exceeded()
    {
        var staged = new Staged(50_000, 1_000, false, 0, 0);
        Assert.Null(await Inspect(staged));
        Assert.Equal(0, staged.Asked);
    }

    [Fact]
    public async Task Empty_content_never_empties_a_target()
    {
        var verdict = await Inspect(new Staged(0, 0, true, 1, 1));

        Assert.Equal(ErrorCodes.DeleteBreaker, verdict?.Code);
        Assert.Contains("the source is empty", verdict!.Message, StringComparison.Ordinal);
        Assert.EndsWith("Run: cdcsync resync --accept-deletes people", verdict.Remedy, StringComparison.Ordinal);
        Assert.Null(await Inspect(new Staged(0, 0, true, 0, 0)));
    }

    [Fact]
    public async Task Absent_rows_of_whole_content_count_as_deletes()
    {
        Assert.NotNull(await Inspect(new Staged(10, 0, true, 1_001, 5_000)));
        Assert.Null(await Inspect(new Staged(10, 0, true, 1_000, 1_010)));
    }

    [Fact]
    public async Task The_message_names_counts_and_limits()
    {
        var verdict = await Inspect(new Staged(0, 4_000, false, 3_000, 4_000));

        Assert.Equal("people: the batch would delete 3000 of 4000 rows of people; more than 1000 rows and 10 % are not deleted unasked.", verdict!.Message);
    }

    private static ValueTask<CdcSyncException?> Inspect(Staged staged) => new DeleteBreakerGate(DeleteBreaker.Default).InspectAsync(staged, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Of_a_large_target_no_more_rows_are_counted_than_the_deletes_of_a_day_need_and_not_with_each_batch()
    {
        var (recent, lease) = (new RecentDeletes(), new Lease("pipe", "one", 1, DateTimeOffset.MaxValue));
        var staged = new Staged(10, 10, false, 10, 1_000_000);
        for (var batch = 0; batch < 3; batch++)
        {
            Assert.Null(await new DailyDeletesGate(DeleteBreaker.Default, recent, lease, TimeProvider.System, _ => ValueTask.FromResult(1_500L)).InspectAsync(staged, default));
            recent.Add(new MergeStats(0, 0, 10, 0), TimeProvider.System.GetUtcNow());
        }
        // 1,510 deletes need 13,600 rows to be a tenth of them.
        Assert.Equal([27_200], staged.Limits);
    }

    private sealed class Staged(long rows, long deletes, bool isWhole, long targetDeletes, long targetRows) : IStagedView
    {
        public int Asked { get; private set; }

        public Dataset Dataset { get; } = TestDatasets.With([new("ID", "id", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0)]);

        public long StagedRows => rows;

        public long StagedDeletes => deletes;

        public bool IsWholeContent => isWhole;

        public ValueTask<long> CountRowsToDeleteAsync(CancellationToken ct) => Count(targetDeletes);

        public ValueTask<long> CountTargetRowsAsync(CancellationToken ct) => Count(targetRows);

        public ValueTask<long> CountTargetRowsUpToAsync(long limit, CancellationToken ct)
        {
            Limits.Add(limit);
            return Count(Math.Min(limit, targetRows));
        }

        public List<long> Limits { get; } = [];

        private ValueTask<long> Count(long count)
        {
            Asked++;
            return ValueTask.FromResult(count);
        }
    }
}
