namespace CdcSync.Connectors.SqlServer.Source.Tracking;

/// <summary>When versions were seen first, on the source's clock: a sample per session. The server's own commit table is coarse, cleaned up, and not for every login.</summary>
internal sealed class VersionClock
{
    private const int Limit = 4_096;

    private readonly Lock _lock = new();
    private readonly List<(long Version, DateTimeOffset Clock)> _samples = [];

    /// <summary>Takes a sample. One below the last begins anew: the source went back in time.</summary>
    public void Observe(long version, DateTimeOffset clock)
    {
        lock (_lock)
        {
            if (_samples.Count > 0 && version < _samples[^1].Version) _samples.Clear();
            if (_samples.Count > 0 && version == _samples[^1].Version) return;
            if (_samples.Count == Limit) _samples.RemoveRange(0, Limit / 2);
            _samples.Add((version, clock));
        }
    }

    /// <summary>The clock of the first session that saw the version.</summary>
    /// <returns>Null where no session before it is known: it may have been there for long.</returns>
    public DateTimeOffset? SeenAt(long version)
    {
        lock (_lock)
        {
            var i = _samples.FindIndex(s => s.Version >= version);
            return i > 0 ? _samples[i].Clock : null;
        }
    }
}
