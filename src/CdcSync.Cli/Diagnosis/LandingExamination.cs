using CdcSync.Cli.Config;
using CdcSync.Cli.Output;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Diagnosis;

/// <summary>Whether batches can be landed: the folder, who may read it, the disk.</summary>
internal static class LandingExamination
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Looks at the folder, or at the nearest one above it that is there. Makes and removes a file of no length in it.</summary>
    public static IReadOnlyList<Finding> Of(LandingConfig landing)
    {
        var folder = landing.Path;
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } above)
            folder = above;
        try
        {
            using (new FileStream(Path.Combine(folder, $".cdcsync-doctor-{Guid.CreateVersion7():n}"), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose }))
            {
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [Finding.Fail("folder", new CdcSyncException(ErrorCodes.LandingFailed, $"{folder} can't be written: {e.Message}", "Let this user write there, or name another folder under landing. Run: cdcsync validate"))];
        }

        return [.. Access(landing.Path), Room(landing, folder)];
    }

    private static IEnumerable<Finding> Access(string path)
    {
        if (!Directory.Exists(path))
            yield return Finding.Pass("folder", "is made with the first batch, for its owner alone");
        else if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            yield return Finding.Warn("folder", "others on this machine can look into it. It holds rows.", $"Run: chmod 700 {path}");
        else
            yield return Finding.Pass("folder", "can be written, by its owner alone");
    }

    private static Finding Room(LandingConfig landing, string folder)
    {
        var free = new DriveInfo(folder).AvailableFreeSpace;
        var used = Directory.Exists(landing.Path) ? new DirectoryInfo(landing.Path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length) : 0;
        var words = $"{Words.OfBytes(used)} of {Words.OfBytes(landing.Limit)} are used, {Words.OfBytes(free)} are free on the disk";
        return used + free >= landing.Limit ? Finding.Pass("disk", words)
            : Finding.Warn("disk", $"{words}: the limit can't be reached before the disk is full.", "Make room, or lower limit under landing. Run: cdcsync validate");
    }
}
