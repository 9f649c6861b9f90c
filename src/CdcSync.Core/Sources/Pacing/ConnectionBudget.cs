namespace CdcSync.Core.Sources.Pacing;

/// <summary>
/// The connections a process may have open to one source. A session takes all it may need at once, and finds them free whatever tables are being read: as many as one session needs are never given to those. Who reads a
/// table may so wait for a session, and a session waits for none that waits for it (ADR 120).
/// </summary>
public sealed class ConnectionBudget
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _sessions = new();
    private readonly LinkedList<Waiter> _tables = new();
    private readonly ConnectionNeed _need;
    private readonly int _places;
    private int _held;
    private int _heldByTables;
    private bool _hasKept;

    /// <summary>A budget for the datasets that a need was found for.</summary>
    /// <param name="limit">Connections at the most; null = as many as are asked for.</param>
    /// <param name="need">What the source needs for all its datasets together.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is below <see cref="ConnectionNeed.Least"/>.</exception>
    public ConnectionBudget(int? limit, ConnectionNeed need)
    {
        ArgumentNullException.ThrowIfNull(need);
        if (limit < need.Least)
            throw new ArgumentOutOfRangeException(nameof(limit), limit, $"at least {need.Least} connections are needed");
        (Limit, _need, _places) = (limit, need, limit is { } most ? most - need.Kept : int.MaxValue);
    }

    /// <summary>Connections at the most; null = there is no limit.</summary>
    public int? Limit { get; }

    /// <summary>Connections of an acknowledgement; 0 = it makes none.</summary>
    internal int Acknowledgement => _need.Acknowledgement;

    /// <summary>Connections that those who hold any may have open now, with the one that is kept between sessions.</summary>
    public int InUse
    {
        get
        {
            lock (_lock)
                return _held + (_hasKept ? _need.Kept : 0);
        }
    }

    /// <summary>Readings that wait for connections.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _sessions.Count + _tables.Count;
        }
    }

    /// <summary>Waits for the connections of a session, in turn.</summary>
    /// <param name="connections">How many; no more than the need says.</param>
    /// <param name="ct">Cancels the waiting.</param>
    /// <returns>Gives them back; once, however often it is disposed.</returns>
    public ValueTask<IDisposable> ForSessionAsync(int connections, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(connections, Limit is null ? connections : _need.Session);
        return EnterAsync(_sessions, new Waiter(connections, WaitsFor.Session), ct);
    }

    /// <summary>Waits for one connection to read a table, or a range of it. Sessions that wait come first.</summary>
    /// <param name="ct">Cancels the waiting.</param>
    /// <returns>Gives it back; once, however often it is disposed.</returns>
    public ValueTask<IDisposable> ForTableAsync(CancellationToken ct) => EnterAsync(_tables, new Waiter(1, WaitsFor.Table), ct);

    private async ValueTask<IDisposable> EnterAsync(LinkedList<Waiter> line, Waiter waiter, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        lock (_lock)
        {
            line.AddLast(waiter);
            Serve();
        }

        // Served meanwhile, it is held, and given back by who asked.
        await using var cancelled = ct.Register(() => Leave(line, waiter, ct));
        await waiter.Served.Task;
        return new Place(this, waiter);
    }

    private void Leave(LinkedList<Waiter> line, Waiter waiter, CancellationToken ct)
    {
        lock (_lock)
        {
            if (!line.Remove(waiter))
                return;
            Serve();                                                     // those behind it may need less
        }

        waiter.Served.TrySetCanceled(ct);
    }

    private void Release(Waiter waiter)
    {
        lock (_lock)
        {
            _held -= waiter.Connections;
            _heldByTables -= waiter.IsTable ? waiter.Connections : 0;
            Serve();
        }
    }

    /// <summary>Serves who can be served; under the lock.</summary>
    private void Serve()
    {
        while (_sessions.First is { Value: var session } && session.Connections <= _places - _held)
            Serve(_sessions, session);
        while (_sessions.Count == 0 && _tables.First is { Value: var table } && _held < _places && _heldByTables < _places - _need.Session)
            Serve(_tables, table);
    }

    private void Serve(LinkedList<Waiter> line, Waiter waiter)
    {
        line.RemoveFirst();
        _held += waiter.Connections;
        _heldByTables += waiter.IsTable ? waiter.Connections : 0;
        _hasKept |= !waiter.IsTable;
        waiter.Served.SetResult();
    }

    private enum WaitsFor
    {
        Session,
        Table,
    }

    private sealed class Waiter(int connections, WaitsFor what)
    {
        public int Connections => connections;

        public bool IsTable => what == WaitsFor.Table;

        public TaskCompletionSource Served { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Place(ConnectionBudget budget, Waiter waiter) : IDisposable
    {
        private int _isGivenBack;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isGivenBack, 1) == 0)
                budget.Release(waiter);
        }
    }
}

/// <summary>How many connections a source opens at once.</summary>
/// <param name="Session">For one session over some datasets, from its opening to its end.</param>
/// <param name="Kept">Those it keeps open between sessions.</param>
/// <param name="Acknowledgement">For an acknowledgement; 0 = none is made.</param>
public sealed record ConnectionNeed(int Session, int Kept, int Acknowledgement)
{
    /// <summary>A session is one connection, nothing is kept, and acknowledgements need none.</summary>
    public static ConnectionNeed One { get; } = new(1, 0, 0);

    /// <summary>The fewest with which it can be read: those that are kept, a session, and one table beside it.</summary>
    public int Least => Kept + Session + 1;
}
