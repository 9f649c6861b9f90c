using CdcSync.Cli.Config;
using CdcSync.Cli.Demo;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Demo;

public sealed class DemoFolderTests
{
    private static readonly DemoOptions Options = new(null, TimeSpan.FromSeconds(1), 1, null, false);

    [Fact]
    public void The_demos_pipeline_is_valid_and_has_what_the_demo_promises()
    {
        using var folder = DemoFolder.Create(Options, "demo");

        var result = PipelineConfig.Load(folder.Config);

        Assert.Empty(result.Findings);
        var datasets = result.Value!.Pipeline.Datasets.ToDictionary(d => d.Id.Value);
        Assert.Equal(["customers", "orders", "order_lines", "returns"], datasets.Keys);
        Assert.Equal(3, datasets.Values.Count(d => d.Capture is Capture.ChangeTracking));
        Assert.True(Assert.IsType<Capture.HighWaterMark>(datasets["returns"].Capture).Overlap > ShopMoves.MaxLateness);
        Assert.Equal(["sales", "sales"], datasets.Values.Select(d => d.Group).OfType<string>());
        Assert.NotNull(datasets["customers"].Filter);
        Assert.NotNull(datasets["customers"].Columns.Single(c => c.Source == "email").Mask);
    }

    [Fact]
    public void The_warehouses_password_stands_in_a_file_that_only_its_owner_reads()
    {
        using var folder = DemoFolder.Create(Options with { Warehouse = "Host=db;Password=canary-7" }, "demo_x");

        Assert.DoesNotContain("canary-7", File.ReadAllText(folder.Config));
        Assert.Equal("Host=db;Password=canary-7", Assert.IsType<SystemConfig.Postgres>(PipelineConfig.Load(folder.Config).Value!.Warehouse).Connection.Reveal());
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.Path, "secrets", "warehouse")));
    }

    [Fact]
    public void A_temporary_folder_is_removed_and_a_named_one_stays()
    {
        using var temp = new TempFolder();
        var temporary = DemoFolder.Create(Options, "demo");
        var named = DemoFolder.Create(Options with { Folder = temp["named"] }, "demo");

        temporary.Dispose();
        named.Dispose();

        Assert.False(Directory.Exists(temporary.Path));
        Assert.True(File.Exists(named.Config));
    }

    [Fact]
    public void A_folder_with_something_in_it_is_refused()
    {
        using var temp = new TempFolder();
        File.WriteAllText(temp["mine.txt"], "precious");

        var fault = Assert.Throws<CdcSyncException>(() => DemoFolder.Create(Options with { Folder = temp.Root }, "demo"));

        Assert.Equal(ErrorCodes.WrongUsage, fault.Code);
        Assert.Equal(["mine.txt"], Directory.GetFileSystemEntries(temp.Root).Select(Path.GetFileName));
    }
}
