using CdcSync.Connectors.Tests.SqlServer.Model;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.SqlServer.Source;

public sealed class TrackingSetupTests
{
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);
    private readonly TrackedWorld _world = new();

    private ITrackingSetup Setup => (ITrackingSetup)_world.Source;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_that_is_missing_is_switched_on_in_order_and_what_is_there_is_left_alone()
    {
        _world.Table("a");
        _world.Table("b");
        _world.Server.Tables["dbo.b"].SideTable = null;
        _world.Server.AllowsSnapshot = false;
        _world.Server.Retention = null;
        SourceObject.Table[] tables = [new("dbo", "a"), new("dbo", "b")];
        var script = await Setup.TrackingScriptAsync(tables, Week, Token);
        Assert.Equal("""
            ALTER DATABASE [mo]]del] SET ALLOW_SNAPSHOT_ISOLATION ON;
            ALTER DATABASE [mo]]del] SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 7 DAYS, AUTO_CLEANUP = ON);
            ALTER TABLE [dbo].[b] ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
            """, script);
        Assert.Empty(_world.Server.Altered);
        await Setup.EnableTrackingAsync(tables, Week, Token);
        Assert.Equal(script, string.Join('\n', _world.Server.Altered));
    }

    [Theory]
    [InlineData(2, "ALTER DATABASE [mo]]del] SET CHANGE_TRACKING (CHANGE_RETENTION = 7 DAYS, AUTO_CLEANUP = ON);")]
    [InlineData(7, "")]
    [InlineData(30, "")]
    public async Task A_retention_is_raised_and_never_lowered(int days, string script)
    {
        _world.Table("a");
        _world.Server.Retention = TimeSpan.FromDays(days);
        Assert.Equal(script, await Setup.TrackingScriptAsync([new("dbo", "a")], Week, Token));
    }

    [Fact]
    public async Task A_table_that_is_not_there_is_said_before_anything_is_changed()
    {
        var e = await Assert.ThrowsAsync<CdcSyncException>(async () => await Setup.EnableTrackingAsync([new("dbo", "absent")], Week, Token));
        Assert.Equal(ErrorCodes.SourceObjectMissing, e.Code);
        Assert.Empty(_world.Server.Altered);
    }
}
