using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Gates;

public sealed class VolumeGateTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    // A median of 1,000, and a median deviation of 100.
    private static readonly long[] Usual = [900, 1_000, 1_100, 1_000, 900, 1_100, 1_100, 900, 1_000, 1_200];

    [Theory]
    [InlineData(1_600, false, 1, false)]
    [InlineData(1_601, false, 1, true)]
    [InlineData(0, false, 1, false)]
    [InlineData(400, true, 1, false)]
    [InlineData(399, true, 1, true)]
    [InlineData(1_601, true, 1, true)]
    [InlineData(3_200, false, 2, false)]
    [InlineData(3_201, false, 2, true)]
    [InlineData(1_600, false, 0.01, false)]
    public async Task Six_median_deviations_are_usual_and_for_a_window_as_many_times_more_as_it_covers_more_time(long rows, bool isWhole, double times, bool isBlocked)
    {
        var (verdict, _) = await InspectAsync(new BatchVolume(rows, isWhole, Noon, Noon - (TimeSpan.FromMinutes(1) * times)), Usual);
        Assert.Equal(isBlocked ? ErrorCodes.VolumeGate : null, verdict?.Code);
    }

    [Fact]
    public async Task Below_five_batches_nothing_is_said_and_below_the_samples_it_only_warns()
    {
        var wild = new BatchVolume(1_000_000, false, Noon, Noon);
        Assert.Equal((null, 0), await InspectAsync(wild, Usual[..4]));
        Assert.Equal((null, 1), await InspectAsync(wild, Usual[..9]));
        Assert.NotNull((await InspectAsync(wild, Usual)).Verdict);
    }

    [Fact]
    public async Task Batches_that_were_all_equal_leave_room_for_one_that_is_not()
    {
        long[] equal = [.. Enumerable.Repeat(1_000L, 10)];
        Assert.Null((await InspectAsync(new BatchVolume(1_300, false, Noon, null), equal)).Verdict);
        Assert.NotNull((await InspectAsync(new BatchVolume(1_301, false, Noon, null), equal)).Verdict);
    }

    private static async Task<(CdcSyncException? Verdict, int Warnings)> InspectAsync(BatchVolume batch, long[] past)
    {
        var warnings = 0;
        var gate = new VolumeGate(new VolumeLimit(VolumeAction.Block, 6, 10), World.Orders, batch,
            _ => new([.. past.Select((rows, i) => new PastBatch(rows, Noon.AddMinutes(-i)))]), _ => warnings++);
        return (await gate.InspectAsync(null!, CancellationToken.None), warnings);
    }
}
