namespace CdcSync.Cli.Daemon;

/// <summary>The size of the landing folder, asked of the file system at most twice a minute: a scrape must not list thousands of files each time.</summary>
internal sealed class LandingSize(string folder, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);
    private readonly Lock _asking = new();
    private long _asked = long.MinValue;
    private long _bytes;

    /// <summary>The bytes of all files in it; those that go while they are counted count 0.</summary>
    public long Bytes
    {
        get
        {
            lock (_asking)
            {
                if (_asked == long.MinValue || time.GetElapsedTime(_asked) > Fresh)
                {
                    _bytes = Count();
                    _asked = time.GetTimestamp();
                }
                return _bytes;
            }
        }
    }

    private long Count()
    {
        var root = new DirectoryInfo(folder);
        return root.Exists ? root.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }).Sum(f => f.Exists ? f.Length : 0) : 0;
    }
}
