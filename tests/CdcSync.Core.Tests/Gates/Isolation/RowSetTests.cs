using CdcSync.Core.Gates.Isolation;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Gates.Isolation;

public sealed class RowSetTests
{
    [Fact]
    public void It_does_what_a_set_of_numbers_does()
    {
        var sets = Gen.ArrayOf(Gen.Choose(0, 30).Select(n => (long)n));
        Prop.ForAll(Arb.From(Gen.Zip(sets, sets)), pair =>
        {
            var (a, b) = (pair.Item1.Distinct().Order().ToArray(), pair.Item2.Distinct().Order().ToArray());
            var (first, second) = (RowSet.Of(pair.Item1), RowSet.Of(pair.Item2));
            var (left, right) = first.Halves();
            Assert.Equal(a, first.Ordinals());
            Assert.Equal(a.Union(b).Order(), first.Union(second).Ordinals());
            Assert.Equal(a.Except(b).Order(), first.Except(second).Ordinals());
            Assert.Equal(a.Where(n => n is >= 7 and < 19).Select(n => n - 7), first.Slice(7, 19).Ordinals());
            Assert.Equal(a.Take((a.Length + 1) / 2), left.Ordinals());
            Assert.Equal(a.Skip((a.Length + 1) / 2), right.Ordinals());
            Assert.Equal((a.Length, left.Count + right.Count), (first.Count, first.Count));
        }).QuickCheckThrowOnFailure();
    }
}
