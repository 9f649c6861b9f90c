using System.Collections.Concurrent;
using System.Globalization;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Landing;

/// <summary>What a sweep did.</summary>
/// <param name="Orphans">Files deleted because the ledger does not name them.</param>
/// <param name="Expired">Files deleted for their age.</param>
/// <param name="OverLimit">Files deleted for the size limit.</param>
/// <param name="FreedBytes">Their bytes.</param>
/// <param name="LeftFiles">Files left, those in use included.</param>
/// <param name="LeftBytes">Their bytes.</param>
/// <param name="Failed">Files that should have gone and could not be deleted.</param>
public sealed record SweepReport(int Orphans, int Expired, int OverLimit, long FreedBytes, int LeftFiles, long LeftBytes, int Failed);

/// <summary>One sweep of a pipeline's landing files; the rules are in <see cref="LandingZone.SweepAsync"/>.</summary>
internal sealed class LandingSweep(LandingOptions options, string pipeline, DateTimeOffset now, ConcurrentDictionary<string, DateTimeOffset> inUse)
{
    /// <summary>How long a complete file may wait for its name in the ledger.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    /// <summary>How long an incomplete file that nobody has locked is left alone: it may have been made this moment.</summary>
    internal static readonly TimeSpan PartGrace = TimeSpan.FromMinutes(1);

    private static readonly EnumerationOptions NoLinks = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };

    private readonly List<Found> _left = [];
    private long _leftBytes;
    private int _failed;

    private sealed record Found(LandingPath Path, FileInfo File, long Bytes);

    internal SweepReport Run(IReadOnlySet<string> named, CancellationToken ct)
    {
        ForgetReleased();
        _left.AddRange(Scan());
        var found = _leftBytes = _left.Sum(f => f.Bytes);
        var orphans = Delete(f => !named.Contains(f.Path.Relative) && IsOrphan(f), ct);
        var expired = Delete(f => named.Contains(f.Path.Relative) && now - f.Path.CreatedAt > options.Keep, ct);
        // Oldest first: Scan has sorted them.
        var overLimit = Delete(f => _leftBytes > options.LimitBytes && named.Contains(f.Path.Relative), ct);
        RemoveEmptyFolders();
        return new SweepReport(orphans, expired, overLimit, found - _leftBytes, _left.Count, _leftBytes, _failed);
    }

    private bool IsOrphan(Found file)
    {
        var name = file.Path.IsPart ? file.Path.Relative[..^LandingPath.PartSuffix.Length] : file.Path.Relative;
        if (inUse.ContainsKey(name)) return false;
        var idle = now - file.File.LastWriteTimeUtc;
        return idle > (file.Path.IsPart ? PartGrace : Grace) && IsUnlocked(file.File.FullName);
    }

    /// <summary>A process that writes a file holds it open and shares it only for reading; when it dies the system lets go.</summary>
    private static bool IsUnlocked(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception error) when (LandingErrors.IsOfFiles(error))
        {
            return false;
        }
    }

    private int Delete(Func<Found, bool> isDue, CancellationToken ct) => _left.RemoveAll(file =>
    {
        ct.ThrowIfCancellationRequested();
        return isDue(file) && TryDelete(file);
    });

    private bool TryDelete(Found file)
    {
        try
        {
            file.File.Delete();
            _leftBytes -= file.Bytes;
            return true;
        }
        catch (Exception error) when (LandingErrors.IsOfFiles(error))
        {
            _failed++;
            return false;
        }
    }

    private List<Found> Scan()
    {
        var root = new DirectoryInfo(Path.Combine(options.Path, pipeline));
        if (!root.Exists) return [];
        try
        {
            return [.. root.EnumerateFiles("*", NoLinks).Select(Find).OfType<Found>().OrderBy(f => f.Path.CreatedAt).ThenBy(f => f.Path.Relative, StringComparer.Ordinal)];
        }
        catch (Exception error) when (LandingErrors.IsOfFiles(error))
        {
            throw new CdcSyncException(ErrorCodes.LandingFailed, $"the landing folder {root.FullName} can't be listed: {error.GetType().Name}, error {error.HResult}.",
                $"Let this user read and write there. Run: ls -ld {root.FullName}", error);
        }
    }

    private Found? Find(FileInfo file)
    {
        var relative = Path.GetRelativePath(options.Path, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
        // A file that went while the folder was listed has no length.
        return LandingPath.TryParse(relative, out var path) && file.Exists ? new Found(path, file, file.Length) : null;
    }

    private void ForgetReleased()
    {
        foreach (var (path, releasedAt) in inUse)
            if (releasedAt != DateTimeOffset.MaxValue && releasedAt + Grace < now) inUse.TryRemove(path, out _);
    }

    // Not those of today and yesterday: a writer may be about to use them.
    private void RemoveEmptyFolders()
    {
        var root = new DirectoryInfo(Path.Combine(options.Path, pipeline));
        if (!root.Exists) return;
        var limit = now.UtcDateTime.Date.AddDays(-1).ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        foreach (var day in root.EnumerateDirectories().SelectMany(dataset => dataset.EnumerateDirectories()))
        {
            if (day.Name.Length != limit.Length || !day.Name.All(char.IsAsciiDigit) || string.CompareOrdinal(day.Name, limit) >= 0 || day.EnumerateFileSystemInfos().Any()) continue;
            try
            {
                day.Delete();
            }
            catch (Exception error) when (LandingErrors.IsOfFiles(error))
            {
                // Not empty any more, or not ours to remove: it does no harm.
            }
        }
    }
}
