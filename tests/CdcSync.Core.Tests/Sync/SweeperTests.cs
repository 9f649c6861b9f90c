using CdcSync.Core.Tests.Fakes;

namespace CdcSync.Core.Tests.Sync;

public sealed class SweeperTests
{
    [Fact]
    public async Task Rows_of_quarantine_entries_go_when_they_are_kept_long_enough()
    {
        var time = new ManualTime(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
        using var world = new World(time, [World.Orders]);
        world.Options = world.Options with { QuarantineKeep = TimeSpan.FromDays(30) };
        await world.SyncAsync();
        Assert.Equal(new DateTimeOffset(2026, 10, 23, 12, 0, 0, TimeSpan.Zero), world.Warehouse.ExpiredBefore);
    }
}
