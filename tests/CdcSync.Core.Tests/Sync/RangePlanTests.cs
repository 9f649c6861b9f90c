using System.Runtime.CompilerServices;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Sync;

/// <summary>How a first load is cut into ranges.</summary>
public sealed class RangePlanTests
{
    [Fact]
    public async Task Keys_without_gaps_are_cut_by_arithmetic()
    {
        var keys = new Keys(Enumerable.Range(1, 20_000).Select(k => (long)k));
        Assert.Equal([(0, long.MinValue, 6_000), (1, 6_001, 12_000), (2, 12_001, 18_000), (3, 18_001, long.MaxValue)], await keys.PlanAsync(6_000));
        Assert.False(keys.Walked);
    }

    [Fact]
    public async Task So_few_numbers_that_one_range_does_are_neither_walked_nor_looked_at()
    {
        var keys = new Keys([-5, 90_000]);
        Assert.Equal([(0, long.MinValue, long.MaxValue)], await keys.PlanAsync(90_006));
        Assert.False(keys.Walked);
        Assert.Equal(0, keys.RowsRead);
    }

    [Theory]
    [InlineData(1, 3)]           // a third of the numbers
    [InlineData(1, 1_000_000)]
    public async Task Keys_with_many_gaps_are_walked(long from, long step)
    {
        var keys = new Keys(Enumerable.Range(0, 20_000).Select(k => from + (k * step)));
        await keys.PlanAsync(100);
        Assert.True(keys.Walked);
        Assert.InRange(keys.RowsRead, 0, 2_001);
    }

    [Fact]
    public async Task Ends_of_all_numbers_are_walked_and_overflow_nothing()
    {
        var keys = new Keys([long.MinValue, long.MaxValue]);
        await keys.PlanAsync(500_000);
        Assert.True(keys.Walked);
    }

    [Fact]
    public async Task Where_the_source_has_no_integer_keys_it_plans_itself()
    {
        var keys = new Keys([]);
        await keys.PlanAsync(10);
        Assert.True(keys.Walked);
    }

    /// <summary>Whatever keys there are: the ranges touch, cover every number, and none has more rows than was aimed at.</summary>
    [Fact]
    public void Ranges_cover_all_and_none_is_too_large()
    {
        var plans = from first in Gen.Choose(-1_000, 1_000) from gaps in Gen.Choose(1, 3).ListOf(300) from per in Gen.Choose(1, 200) select (first, gaps, per);
        Prop.ForAll(Arb.From(plans), plan =>
        {
            var at = (long)plan.first;
            var keys = new Keys(plan.gaps.Select(gap => at += gap).ToList());
            var ranges = keys.PlanAsync(plan.per).GetAwaiter().GetResult();
            if (keys.Walked) return true;
            return ranges[0].First == long.MinValue && ranges[^1].Last == long.MaxValue
                && ranges.Zip(ranges.Skip(1)).All(r => r.First.Last + 1 == r.Second.First && r.First.Ordinal + 1 == r.Second.Ordinal)
                && ranges.All(r => keys.Count(r.First, r.Last) <= plan.per);
        }).QuickCheckThrowOnFailure();
    }

    /// <summary>A source with integer keys that only counts what is asked of it.</summary>
    private sealed class Keys(IEnumerable<long> keys) : IRangeReader
    {
        private readonly long[] _keys = [.. keys];

        public bool Walked { get; private set; }

        public long RowsRead { get; private set; }

        public async Task<List<(int Ordinal, long First, long Last)>> PlanAsync(long rowsPerRange) =>
            [.. (await RangePlan.OfAsync(World.Orders, this, rowsPerRange, CancellationToken.None)).Select(r => (r.Ordinal, r.From is null ? long.MinValue : Number(r.From) + 1, r.To is null ? long.MaxValue : Number(r.To)))];

        public int Count(long first, long last) => _keys.Count(k => k >= first && k <= last);

        public ValueTask<IReadOnlyList<KeyRange>> PlanAsync(Dataset dataset, long rowsPerRange, CancellationToken ct)
        {
            Walked = true;
            return new((IReadOnlyList<KeyRange>)[new KeyRange(0, null, null)]);
        }

        public ValueTask<(long First, long Last)?> IntegerKeysAsync(Dataset dataset, CancellationToken ct) => new(_keys.Length == 0 ? null : (_keys[0], _keys[^1]));

        public KeyRange Between(long first, long last) => new(0, first == long.MinValue ? null : $"{first - 1}", last == long.MaxValue ? null : $"{last}");

        public async IAsyncEnumerable<ChangeChunk> ReadAsync(Dataset dataset, KeyRange range, [EnumeratorCancellation] CancellationToken ct)
        {
            await Task.Yield();
            var rows = Count(range.From is null ? long.MinValue : Number(range.From) + 1, range.To is null ? long.MaxValue : Number(range.To));
            RowsRead += rows;
            yield return ChangeChunk.Upserts(FakeSource.Rows(dataset, Enumerable.Range(0, rows).Select(i => ((long)i, (string?)null))));
        }

        private static long Number(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
    }
}
