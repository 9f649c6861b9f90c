using CdcSync.Core.Datasets;
using CdcSync.Core.Sync;

namespace CdcSync.Core.Tests.Sync;

public sealed class RangePlacesTests
{
    private static readonly DatasetId One = new("one"), Two = new("two"), Three = new("three");

    private readonly RangePlaces _places = new(2);

    [Fact]
    public void A_load_that_is_alone_has_all_places_and_no_more()
    {
        var (first, second, third) = (Enter(One), Enter(One), Enter(One));
        Assert.Equal((true, true, false), (first.IsCompleted, second.IsCompleted, third.IsCompleted));
    }

    [Fact]
    public async Task Of_several_loads_each_has_one_and_what_a_load_has_beyond_it_is_not_given_again()
    {
        var (first, second) = (await Enter(One), await Enter(One));
        var (two, three, more) = (Enter(Two), Enter(Three), Enter(One));
        Assert.Equal((true, true, false), (two.IsCompleted, three.IsCompleted, more.IsCompleted));
        first.Dispose();
        Assert.False(more.IsCompleted);                                  // three loads read a range each
        second.Dispose();
        await more;                                                      // now it had none
    }

    [Fact]
    public async Task Places_are_given_back_once_and_go_to_the_first_in_line()
    {
        var (first, _) = (await Enter(One), await Enter(One));
        var (third, fourth) = (Enter(One), Enter(One));
        first.Dispose();
        first.Dispose();
        await third;
        Assert.False(fourth.IsCompleted);
    }

    [Fact]
    public async Task Who_leaves_the_line_is_passed_over()
    {
        var (first, _) = (await Enter(One), await Enter(One));
        using var leaves = new CancellationTokenSource();
        var (third, fourth) = (_places.EnterAsync(One, leaves.Token), Enter(One));
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        first.Dispose();
        await fourth;
    }

    private Task<IDisposable> Enter(DatasetId load) => _places.EnterAsync(load, CancellationToken.None);
}
