namespace CdcSync.Core.Sync;

/// <summary>A number of places for which the most important waits the shortest; those of equal importance go in the order in which they came.</summary>
/// <param name="places">The places.</param>
internal sealed class WaitingLine(int places)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, (int Importance, long Ticket)> _waiting = new();
    private int _free = places;
    private long _tickets;

    /// <summary>Takes a place, as soon as there is one.</summary>
    /// <param name="priority">The greater, the more important.</param>
    /// <param name="ct">Leaves the line.</param>
    public async Task WaitAsync(int priority, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        TaskCompletionSource turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_free > 0)
            {
                _free--;
                return;
            }

            _waiting.Enqueue(turn, (-priority, _tickets++));
        }

        await using var leaving = ct.Register(() => turn.TrySetCanceled(ct));
        await turn.Task;
    }

    /// <summary>Gives the place to the next in line.</summary>
    public void Release()
    {
        lock (_lock)
        {
            // Who has left the line is passed over.
            while (_waiting.TryDequeue(out var turn, out _))
            {
                if (turn.TrySetResult())
                    return;
            }

            _free++;
        }
    }
}
