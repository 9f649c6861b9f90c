using CdcSync.Core.Datasets;

namespace CdcSync.Core.Sync;

/// <summary>
/// How many key ranges of a source's first loads are read side by side. A load that is alone has all the places; of several each has one at least, so that together they read as many ranges as there are places, or as
/// there are loads.
/// </summary>
/// <param name="count">The places.</param>
internal sealed class RangePlaces(int count)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _line = new();
    private readonly Dictionary<DatasetId, int> _reading = [];
    private int _held;

    /// <summary>The places.</summary>
    public int Count => count;

    /// <summary>Waits for a place, in turn.</summary>
    /// <param name="load">The dataset that is loaded.</param>
    /// <param name="ct">Leaves the line.</param>
    /// <returns>Gives the place back; once, however often it is disposed.</returns>
    public Task<IDisposable> EnterAsync(DatasetId load, CancellationToken ct)
    {
        var waiter = new Waiter(this, load);
        lock (_lock)
        {
            _line.AddLast(waiter);
            Serve();
        }

        return ServedAsync(waiter, ct);
    }

    private async Task<IDisposable> ServedAsync(Waiter waiter, CancellationToken ct)
    {
        // Served meanwhile, it is held, and given back by who asked.
        await using var leaving = ct.Register(() => Leave(waiter, ct));
        await waiter.Served.Task;
        return waiter;
    }

    private void Leave(Waiter waiter, CancellationToken ct)
    {
        lock (_lock)
        {
            if (!_line.Remove(waiter))
                return;
        }

        waiter.Served.TrySetCanceled(ct);
    }

    private void Release(DatasetId load)
    {
        lock (_lock)
        {
            _held--;
            if (--_reading[load] == 0)
                _reading.Remove(load);
            Serve();
        }
    }

    /// <summary>Serves who can be served, the first in line first; under the lock.</summary>
    private void Serve()
    {
        for (var node = _line.First; node is not null;)
        {
            var (waiter, next) = (node.Value, node.Next);
            var reading = _reading.GetValueOrDefault(waiter.Load);
            if (_held < count || reading == 0)
            {
                _line.Remove(node);
                _reading[waiter.Load] = reading + 1;
                _held++;
                waiter.Served.SetResult();
            }

            node = next;
        }
    }

    private sealed class Waiter(RangePlaces places, DatasetId load) : IDisposable
    {
        private int _isGivenBack;

        public DatasetId Load => load;

        public TaskCompletionSource Served { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isGivenBack, 1) == 0)
                places.Release(load);
        }
    }
}
