namespace CdcSync.Connectors.SqlServer;

/// <summary>What an error of SQL Server or its driver is about. A source and a warehouse each say what it means to them.</summary>
internal enum SqlServerFault
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>The server, or the way to it, is not there, or goes away; may pass.</summary>
    Unreachable,

    /// <summary>TLS could not be agreed on.</summary>
    Tls,

    /// <summary>A statement took longer than it may, or the connection did.</summary>
    Timeout,

    /// <summary>The login was refused.</summary>
    LoginRefused,

    /// <summary>The database does not exist, or the login may not use it.</summary>
    NoDatabase,

    /// <summary>A permission is missing.</summary>
    Denied,

    /// <summary>A deadlock, a lock that was waited for too long: the statement's transaction is gone, again helps.</summary>
    Busy,

    /// <summary>Another transaction changed a row since this SNAPSHOT began: again helps.</summary>
    SnapshotConflict,

    /// <summary>DDL ran on a table after this SNAPSHOT began: again, with a new schema, helps.</summary>
    SchemaChanged,

    /// <summary>The database does not allow SNAPSHOT.</summary>
    SnapshotOff,

    /// <summary>The version store lost what this SNAPSHOT needs (tempdb is full).</summary>
    VersionStoreFull,

    /// <summary>The server throttles, or is out of memory or workers; may pass.</summary>
    Throttled,

    /// <summary>The server is a secondary of an availability group.</summary>
    NotPrimary,

    /// <summary>The database is read-only.</summary>
    ReadOnly,

    /// <summary>A table or view does not exist.</summary>
    ObjectMissing,

    /// <summary>A column does not exist.</summary>
    ColumnMissing,

    /// <summary>Change tracking is not on.</summary>
    TrackingOff,

    /// <summary>A disk, a log or a quota is full; may pass.</summary>
    Full,

    /// <summary>A key is there already.</summary>
    DuplicateKey,

    /// <summary>A value does not fit, or breaks a constraint. The server's text holds values.</summary>
    ValueRefused,
}
