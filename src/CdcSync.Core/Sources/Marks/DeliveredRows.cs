using CdcSync.Core.Checkpoints;

namespace CdcSync.Core.Sources.Marks;

/// <summary>
/// The rows of a dataset that were handed over and committed and that the next reading meets again: those from its lower bound on. They are dropped before they
/// leave the source, as long as they are the same in every value. Lost with the process: then they come once more, which changes nothing in a warehouse.
/// </summary>
public sealed class DeliveredRows
{
    /// <summary>How many rows are remembered at the most; those beyond come again with every reading.</summary>
    public const int Limit = 100_000;

    private readonly Dictionary<UInt128, (UInt128 Row, Int128? Mark)> _rows = [];

    /// <summary>True if the key's row was handed over with just these values.</summary>
    /// <param name="key">A digest of its key.</param>
    /// <param name="row">A digest of all its values.</param>
    public bool Has(UInt128 key, UInt128 row) => _rows.TryGetValue(key, out var known) && known.Row == row;

    /// <summary>Remembers a row.</summary>
    /// <param name="key">A digest of its key.</param>
    /// <param name="row">A digest of all its values.</param>
    /// <param name="mark">Its mark.</param>
    /// <param name="keepFrom">Rows below need not be remembered; null = none are.</param>
    public void Add(UInt128 key, UInt128 row, Int128? mark, Int128? keepFrom)
    {
        if (mark < keepFrom) return;
        if (_rows.Count >= Limit && !_rows.ContainsKey(key)) Forget(keepFrom);
        if (_rows.Count < Limit || _rows.ContainsKey(key)) _rows[key] = (row, mark);
    }

    /// <summary>Forgets the rows that no reading meets again.</summary>
    /// <param name="below">The lowest mark that is met again.</param>
    public void Forget(Int128? below)
    {
        foreach (var (key, (_, mark)) in _rows)
            if (mark < below) _rows.Remove(key);
    }
}

/// <summary>What is remembered of one dataset between its sessions. A row counts as delivered only when its window was acknowledged: one that was rolled back comes again.</summary>
public sealed class MarkMemory
{
    private readonly Lock _lock = new();
    private DeliveredRows? _committed;
    private (DeliveredRows Rows, Position UpTo, long Generation)? _pending;
    private Position? _at;
    private Position? _idleAt;
    private long _generation;

    /// <summary>The rows delivered up to a checkpoint; null = not known.</summary>
    /// <param name="from">Where the dataset goes on from.</param>
    public DeliveredRows? Recall(Checkpoint from)
    {
        lock (_lock)
        {
            // A window that was read and not acknowledged was not committed.
            _pending = null;
            if ((from.Stream != _at && from.Stream != _idleAt) || from.Generation < _generation)
                _committed = null;
            return _committed;
        }
    }

    /// <summary>A window was read.</summary>
    /// <param name="rows">Its rows that the next reading meets again.</param>
    /// <param name="upTo">Where it ends.</param>
    /// <param name="generation">The generation of the checkpoint it was read from.</param>
    public void Read(DeliveredRows rows, Position upTo, long generation)
    {
        lock (_lock) _pending = (rows, upTo, generation);
    }

    /// <summary>A reading found nothing new: the position may be persisted later, or never.</summary>
    /// <param name="from">The checkpoint's.</param>
    /// <param name="upTo">That of the reading.</param>
    public void Idle(Position from, Position upTo)
    {
        lock (_lock) (_at, _idleAt) = (from, upTo);
    }

    /// <summary>A position was committed.</summary>
    public void Commit(Position position)
    {
        lock (_lock)
        {
            if (_pending is not var (rows, upTo, generation) || upTo != position) return;
            (_committed, _at, _idleAt, _generation, _pending) = (rows, position, null, generation + 1, null);
        }
    }

    /// <summary>Forgets everything: the dataset is loaded anew.</summary>
    public void Clear()
    {
        lock (_lock) (_committed, _pending, _at, _idleAt, _generation) = (null, null, null, null, 0);
    }
}
