using CdcSync.Core.Errors;
using CdcSync.Core.Gates.Isolation;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Gates.Isolation;

public sealed class BisectionTests
{
    private static readonly Refusal Check = new("", "a check", DependsOnOthers: false);
    private static readonly Refusal Unique = new("", "a unique index", DependsOnOthers: true);
    private static readonly BisectionLimits Wide = new(10_000, 4_000);

    [Fact]
    public async Task One_bad_row_of_a_million_is_found_in_two_logarithms_and_the_warehouse_reads_the_batch_three_times()
    {
        var (bisection, asked) = Over(1_000_000, Wide, rows => rows.Ordinals().Contains(777_777) ? Check : null);

        Assert.Equal([new RefusedRow(777_777, Check)], await bisection.RunAsync(RowSet.Range(0, 1_000_000), Check));

        Assert.InRange(bisection.Attempts, 20, 42);
        Assert.InRange(asked.Sum(), 0, 3_100_000);
    }

    /// <summary>Whatever each row needs and whatever it is against: what is left is taken, and no refused row could be taken beside it.</summary>
    [Fact]
    public void What_is_left_is_taken_and_nothing_is_refused_that_could_be_taken_with_it()
    {
        var rows = Gen.Choose(1, 40).SelectMany(n => Gen.ArrayOf(Gen.Frequency(
            (12, Gen.Constant(new Row(false, -1, -1))),
            (1, Gen.Constant(new Row(true, -1, -1))),
            (1, Gen.Choose(0, n - 1).Select(needs => new Row(false, needs, -1))),
            (1, Gen.Choose(0, 2).Select(place => new Row(false, -1, place)))), n));
        Prop.ForAll(Arb.From(rows), batch => HoldsAsync(batch).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public async Task Rows_that_need_a_row_of_the_other_half_are_not_refused()
    {
        // The last row refers to the first, and the middle one is bad.
        var (bisection, _) = Over(64, Wide, rows => rows.Ordinals().Contains(30) ? Check : rows.Ordinals().Contains(63) && !rows.Ordinals().Contains(0) ? Unique : null);
        Assert.Equal(30, Assert.Single(Refused(await bisection.RunAsync(RowSet.Range(0, 64), Check))));
    }

    [Fact]
    public async Task A_thousand_rows_that_need_one_of_the_other_half_are_not_taken_for_a_thousand_bad_ones()
    {
        var (bisection, _) = Over(2_000, Wide, rows => rows.Ordinals().Contains(500) ? Check : rows.Ordinals().Any(r => r >= 1_000) && !rows.Ordinals().Contains(0) ? Unique : null);
        Assert.Equal(500, Assert.Single(Refused(await bisection.RunAsync(RowSet.Range(0, 2_000), Check))));
        Assert.InRange(bisection.Attempts, 1, 700);
    }

    [Fact]
    public async Task Of_two_rows_for_one_place_the_first_has_it()
    {
        var (bisection, _) = Over(100, Wide, rows => rows.Ordinals().Contains(20) && rows.Ordinals().Contains(80) ? Unique : null);
        Assert.Equal(80, Assert.Single(Refused(await bisection.RunAsync(RowSet.Range(0, 100), Unique))));
    }

    [Fact]
    public async Task More_bad_rows_than_the_limit_is_an_error_and_so_is_not_finding_them()
    {
        var (bisection, _) = Over(100, new BisectionLimits(5, 4_000), rows => rows.Ordinals().Any(r => r < 6) ? Check : null);
        var full = await Assert.ThrowsAsync<CdcSyncException>(async () => await bisection.RunAsync(RowSet.Range(0, 100), Check));
        Assert.Equal((ErrorCodes.QuarantineFull, "orders: the warehouse refuses more than 5 rows of one batch (a check); nothing was committed."), (full.Code, full.Message));

        (bisection, _) = Over(100, new BisectionLimits(50, 10), rows => rows.Ordinals().Any(r => r < 6) ? Check : null);
        var lost = await Assert.ThrowsAsync<CdcSyncException>(async () => await bisection.RunAsync(RowSet.Range(0, 100), Check));
        Assert.Equal(ErrorCodes.QuarantineFull, lost.Code);
        Assert.Contains("in 10 attempts", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_refused_without_any_row_is_not_the_rows_fault()
    {
        var (bisection, _) = Over(10, Wide, _ => Check);
        Assert.Null(await bisection.RunAsync(RowSet.Range(0, 10), Check));
    }

    private static async Task<bool> HoldsAsync(Row[] batch)
    {
        Refusal? Judge(RowSet rows)
        {
            var all = rows.Ordinals().ToHashSet();
            if (all.Any(r => batch[r].IsBad)) return Check;
            if (all.Any(r => batch[r].Needs >= 0 && !all.Contains(batch[r].Needs))) return Unique;
            return all.Where(r => batch[r].Place >= 0).GroupBy(r => batch[r].Place).Any(g => g.Count() > 1) ? Unique : null;
        }

        var everything = RowSet.Range(0, batch.Length);
        if (Judge(everything) is not { } why) return true;
        var (bisection, _) = Over(batch.Length, Wide, Judge);
        var refused = Refused(await bisection.RunAsync(everything, why));
        var left = everything.Except(RowSet.Of(refused));
        return Judge(left) is null && refused.All(r => Judge(left.Union(RowSet.Of([r]))) is not null);
    }

    private static (Bisection, List<long> Asked) Over(int rows, BisectionLimits limits, Func<RowSet, Refusal?> judge)
    {
        var asked = new List<long>();
        return (new Bisection("orders", limits, part =>
        {
            Assert.All(part.Ordinals().Take(1), r => Assert.InRange(r, 0, rows - 1));
            asked.Add(part.Count);
            return new(judge(part));
        }), asked);
    }

    private static long[] Refused(IReadOnlyList<RefusedRow>? rows) => [.. rows!.Select(r => r.Row)];

    /// <summary>A row that is bad, or needs another row, or wants a place that only one may have.</summary>
    private sealed record Row(bool IsBad, int Needs, int Place);
}
