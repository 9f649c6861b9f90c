namespace CdcSync.Core.Metrics;

/// <summary>
/// An instant by the source's clock, exported by the worker's. It is shifted when it rises, by the offset of that poll, so that a later step of
/// either clock does not move it; only what was read before the first poll is shifted afterwards.
/// </summary>
internal sealed class Watermark(Gauge offset, Gauge exported)
{
    private readonly Lock _writing = new();
    private DateTimeOffset? _completeUpTo;
    private bool _isOffsetKnown;

    /// <summary>Checkpoints of idle datasets are persisted now and then only: what is read back may be older than what was told.</summary>
    public void Rise(DateTimeOffset completeUpTo)
    {
        lock (_writing)
        {
            if (completeUpTo <= _completeUpTo)
                return;
            _completeUpTo = completeUpTo;
            Export();
        }
    }

    public void Forget()
    {
        lock (_writing)
        {
            _completeUpTo = null;
            Export();
        }
    }

    public void OffsetMeasured()
    {
        lock (_writing)
        {
            if (_isOffsetKnown)
                return;
            _isOffsetKnown = true;
            Export();
        }
    }

    private void Export() => exported.Set(_completeUpTo - TimeSpan.FromSeconds(offset.Value));
}
