namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>
/// A session with a copy of the pipeline's slot that lives as long as it does. Reading moves only the copy; the slot itself moves when all its datasets have acknowledged.
/// So a crash anywhere loses nothing, and what was read once is not decoded again by the next pass, however far back the slot is held.
/// </summary>
internal sealed class SlotReader : IAsyncDisposable
{
    private readonly SourceConnection _connection;
    private readonly string _slot;
    private string? _copy;
    private Lsn _at;
    private bool _isReading;

    private SlotReader(SourceConnection connection, string slot) => (_connection, _slot) = (connection, slot);

    /// <summary>Takes over a session. The server ends it when nobody reads any more: its copy would hold the log for ever.</summary>
    public static SlotReader On(SourceConnection connection, string slot)
    {
        connection.Execute(SlotSql.EndWhenIdle(), "connecting");
        return new SlotReader(connection, slot);
    }

    /// <summary>The session.</summary>
    public SourceConnection Connection => _connection;

    /// <summary>True if it can be used again by another pass.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>Brings the copy to a place.</summary>
    /// <returns>Where it stands: after the place if the slot itself does.</returns>
    public Lsn MoveTo(Lsn from)
    {
        const string doing = "making a copy of the slot";
        if (_copy is null || _at > from)
        {
            if (_copy is { } old) _connection.Ask([Parameter.Statement(SlotSql.Drop(), Parameter.Text(old))], doing, _ => true);
            _copy = null;
            var name = $"cdcsync_copy_{Guid.CreateVersion7():N}";
            _at = _connection.Ask([Parameter.Statement(SlotSql.Copy(), Parameter.Text(_slot), Parameter.Text(name))], doing, rows => rows.Read() ? LogFacts.LsnOf(rows, 0)!.Value : Lsn.Zero);
            _copy = name;
        }
        // What lies between would be passed over, but counts where the answer is cut: the same part could come for ever.
        if (_at < from)
            _at = _connection.Ask([Parameter.Statement(SlotSql.Advance(), Parameter.Text(_copy), Parameter.Text($"{from}"))], "moving the copy of the slot", rows => rows.Read() ? LogFacts.LsnOf(rows, 0)!.Value : _at);
        return _at;
    }

    /// <summary>Begins to read what the copy has up to a place. Nothing else can be done on the session until <see cref="Done"/>.</summary>
    public CopyReader Read(string publication, Lsn upTo, int limit)
    {
        _isReading = true;
        return _connection.Copy(SlotSql.Changes(_copy!, publication, upTo, limit), "reading the log");
    }

    /// <summary>All was read, and the copy stands at the window's end.</summary>
    public void Done(Lsn at) => (_at, _isReading) = (at, false);

    /// <summary>The session is given up: whether the copy has moved is not known any more.</summary>
    public void Leave()
    {
        if (_isReading) IsWhole = false;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
