using System.Diagnostics;
using System.Text.RegularExpressions;
using CdcSync.Core.Errors;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.BadInput;

/// <summary>Disks that are really full or really read-only, in a mount namespace of the process's own.</summary>
public sealed class DiskTests
{
    /// <summary>Fills the small disk but for some KiB, syncs, makes room, syncs again; prints the exit codes.</summary>
    private const string Full = """
        set -eu
        mount -t tmpfs -o size=3m tmpfs "$1"
        cp -a "$1.before/." "$1/" 2>/dev/null || true
        head -c 100m /dev/zero > "$1/filler" 2>/dev/null || true
        truncate -s "-$3" "$1/filler"
        dotnet "$2" sync 2> full.err && echo "full 0" || echo "full $?"
        rm "$1/filler"
        dotnet "$2" sync 2> room.err && echo "room 0" || echo "room $?"
        mkdir "$1.after"
        cp -a "$1/." "$1.after/"
        """;

    /// <summary>Syncs while the folder is read-only, and once more when it no longer is; prints the exit codes.</summary>
    private const string ReadOnly = """
        set -eu
        mount --bind "$1" "$1"
        mount -o remount,ro,bind "$1"
        dotnet "$2" sync 2> full.err && echo "full 0" || echo "full $?"
        umount "$1"
        dotnet "$2" sync 2> room.err && echo "room 0" || echo "room $?"
        """;

    [Fact]
    public async Task A_full_disk_under_the_landing_folder()
    {
        SkipUnlessMounting();
        await using var pipeline = await MendablePipeline.CreateAsync(WarehouseKind.Sqlite);
        pipeline.Config += "landing: { path: ./disk/landing }\n";
        Directory.CreateDirectory(pipeline["disk"]);
        pipeline.Execute("UPDATE orders SET note = 'changed while the disk was full' WHERE id = 1; DELETE FROM orders WHERE id = 2");

        var (codes, error) = await RunScriptAsync(Full, pipeline, "0");

        Assert.Equal($"full {(int)ErrorCodes.LandingFailed.Exit}\nroom 0", codes);
        Assert.True(Regex.IsMatch(error, "(?m)^CDC6001 .*Run: df "), error);
        await pipeline.AssertEqualAsync();
    }

    [Theory]
    [InlineData("0")]
    [InlineData("128K")]
    public async Task A_full_disk_under_a_sqlite_warehouse(string left)
    {
        SkipUnlessMounting();
        await using var pipeline = await MendablePipeline.CreateAsync(WarehouseKind.Sqlite);
        pipeline.Config = pipeline.Config.Replace("./warehouse.db", "./disk/warehouse.db");
        Directory.CreateDirectory(pipeline["disk"]);
        Directory.CreateDirectory(pipeline["disk.before"]);
        File.Move(pipeline["warehouse.db"], pipeline["disk.before/warehouse.db"]);
        pipeline.Execute("WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO orders SELECT i, printf('%200d', i), i FROM n");

        var (codes, error) = await RunScriptAsync(Full, pipeline, left);

        Assert.Equal("full 5\nroom 0", codes);
        Assert.True(Regex.IsMatch(error, "(?m)^CDC3006 .*Run: cdcsync "), error);
        File.Move(pipeline["disk.after/warehouse.db"], pipeline["warehouse.db"]);
        await pipeline.AssertEqualAsync();
    }

    [Fact]
    public async Task A_read_only_sqlite_warehouse()
    {
        SkipUnlessMounting();
        await using var pipeline = await MendablePipeline.CreateAsync(WarehouseKind.Sqlite);
        pipeline.Config = pipeline.Config.Replace("./warehouse.db", "./disk/warehouse.db");
        Directory.CreateDirectory(pipeline["disk"]);
        File.Move(pipeline["warehouse.db"], pipeline["disk/warehouse.db"]);
        pipeline.Execute("UPDATE orders SET note = 'changed while it was read-only' WHERE id = 1; DELETE FROM orders WHERE id = 2");

        var (codes, error) = await RunScriptAsync(ReadOnly, pipeline, "");

        Assert.Equal("full 5\nroom 0", codes);
        Assert.True(Regex.IsMatch(error, "(?m)^CDC3002 .*Run: cdcsync "), error);
        File.Move(pipeline["disk/warehouse.db"], pipeline["warehouse.db"]);
        await pipeline.AssertEqualAsync();
    }

    private static void SkipUnlessMounting()
    {
        using var probe = Process.Start(new ProcessStartInfo("unshare", ["-rm", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]) { RedirectStandardError = true })!;
        probe.WaitForExit();
        if (probe.ExitCode != 0)
            Assert.Skip("this system lets nobody mount a small disk in a namespace of their own");
    }

    private static async Task<(string Codes, string Error)> RunScriptAsync(string script, MendablePipeline pipeline, string left)
    {
        var start = new ProcessStartInfo("unshare", ["-rm", "sh", "-c", script, "sh", pipeline["disk"], CdcsyncProcess.Assembly, left])
        {
            WorkingDirectory = pipeline["."],
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var codes = string.Join('\n', text.Split('\n').Where(l => l.StartsWith("full ", StringComparison.Ordinal) || l.StartsWith("room ", StringComparison.Ordinal)));
        return (codes, $"{await error}{await File.ReadAllTextAsync(pipeline["full.err"])}");
    }
}
