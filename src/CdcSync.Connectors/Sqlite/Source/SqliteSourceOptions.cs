namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>Where a SQLite source is and how it is read.</summary>
public sealed record SqliteSourceOptions
{
    /// <summary>The database file. It must exist: a source is never created.</summary>
    public required string Path { get; init; }

    /// <summary>How long a read waits for another connection's lock before it fails as transient. Default 5 s, at most 5 minutes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 5 minutes.</exception>
    public TimeSpan BusyTimeout
    {
        get;
        init => field = value >= TimeSpan.Zero && value <= TimeSpan.FromMinutes(5)
            ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "0 to 5 minutes");
    } = TimeSpan.FromSeconds(5);
}
