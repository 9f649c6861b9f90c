using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Gates;

/// <summary>
/// What a worker remembers of a dataset's deletes within <see cref="Within"/> and of its target's size, so that neither is counted with every batch. Right as long as the lease
/// is: nobody else publishes. Whatever it would block is counted anew first.
/// </summary>
internal sealed class RecentDeletes
{
    /// <summary>The time over which deletes are summed.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromHours(24);

    private readonly Queue<(DateTimeOffset At, long Rows)> _added = [];
    private long _token;
    private long _sum;

    /// <summary>Rows that the target has at least; null = not counted yet.</summary>
    public long? TargetRows { get; set; }

    /// <summary>Forgets all, after a failure and under another lease.</summary>
    public void Forget()
    {
        (_token, _sum, TargetRows) = (0, 0, null);
        _added.Clear();
    }

    /// <summary>The deletes so far, at least as many as there really were; null = not known under this lease.</summary>
    public long? Sum(Lease lease, DateTimeOffset now)
    {
        if (lease.Token != _token) Forget();
        while (_added.TryPeek(out var oldest) && oldest.At <= now - Within) _sum -= _added.Dequeue().Rows;
        return _token == lease.Token ? _sum : null;
    }

    /// <summary>Takes over what the ledger says.</summary>
    public void Learn(Lease lease, long sum, DateTimeOffset now)
    {
        _added.Clear();
        _added.Enqueue((now, sum));
        (_token, _sum) = (lease.Token, sum);
    }

    /// <summary>Adds what a batch did.</summary>
    public void Add(MergeStats stats, DateTimeOffset now)
    {
        if (stats.Deleted > 0 && _token != 0)
        {
            _added.Enqueue((now, stats.Deleted));
            _sum += stats.Deleted;
        }
        TargetRows += stats.Inserted - stats.Deleted - stats.Erased;
    }
}
