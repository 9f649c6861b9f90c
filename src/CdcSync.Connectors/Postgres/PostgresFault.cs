namespace CdcSync.Connectors.Postgres;

/// <summary>What an error of PostgreSQL or its driver is about. A source and a warehouse each say what it means to them.</summary>
internal enum PostgresFault
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>TLS could not be agreed on.</summary>
    Tls,

    /// <summary>The server does not speak TLS, which is asked for.</summary>
    NoTls,

    /// <summary>The server did not answer in time.</summary>
    Timeout,

    /// <summary>There is nobody at host and port.</summary>
    Unreachable,

    /// <summary>The connection broke.</summary>
    Broken,

    /// <summary>The server, or its system, fails: shutting down, starting, out of connections; may pass.</summary>
    Unavailable,

    /// <summary>The login was refused.</summary>
    LoginRefused,

    /// <summary>The database does not exist.</summary>
    NoDatabase,

    /// <summary>A permission is missing.</summary>
    Denied,

    /// <summary>The server is a standby, or read-only.</summary>
    ReadOnly,

    /// <summary>A rival transaction, a lock, a timeout of the session: the transaction is gone, again helps.</summary>
    Busy,

    /// <summary>The server is out of memory.</summary>
    OutOfMemory,

    /// <summary>The server's disk is full.</summary>
    Full,

    /// <summary>A value does not fit, or breaks a constraint. The server's text holds values.</summary>
    ValueRefused,

    /// <summary>A row is beyond a limit of the server. The server's text may hold values.</summary>
    TooLarge,

    /// <summary>A table, schema or function does not exist.</summary>
    ObjectMissing,

    /// <summary>A column does not exist.</summary>
    ColumnMissing,
}
