using CdcSync.Core.Errors;

namespace CdcSync.Cli.Observing;

/// <summary>Keeps the log readable while something fails again and again: the first is told, then one per interval, with the number of those kept quiet.</summary>
internal sealed class Repetitions(TimeProvider time, TimeSpan every)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Subject, ErrorCode Code), (DateTimeOffset Told, int Quiet)> _faults = [];

    /// <summary>A subject failed.</summary>
    /// <returns>How many of these were kept quiet since the last one told; null = this one is too.</returns>
    public int? Count(string subject, ErrorCode code)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_faults.TryGetValue((subject, code), out var known) && now - known.Told < every)
            {
                _faults[(subject, code)] = known with { Quiet = known.Quiet + 1 };
                return null;
            }

            _faults[(subject, code)] = (now, 0);
            return known.Quiet;
        }
    }

    /// <summary>A subject works: its next failure is a first one.</summary>
    /// <returns>How many failures were kept quiet since the last one told.</returns>
    public int End(string subject)
    {
        lock (_lock)
        {
            if (_faults.Count == 0)
                return 0;
            var over = _faults.Where(f => f.Key.Subject == subject).ToArray();
            foreach (var (key, _) in over)
                _faults.Remove(key);
            return over.Sum(f => f.Value.Quiet);
        }
    }
}
