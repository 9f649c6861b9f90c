using CdcSync.Connectors.SqlServer.Digests;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Marks;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>
/// One connection to a database: all that a reading asks of the server, and nothing of what it concludes. Over the wire it is T-SQL; in model tests it is a server in
/// memory with SQL Server's documented semantics, whose writers write between any two of these calls.
/// </summary>
/// <remarks>Used by one reader at a time. What the server refuses is a <see cref="CdcSyncException"/>; a cancellation is an <see cref="OperationCanceledException"/>.</remarks>
internal interface ISourceDatabase : IAsyncDisposable
{
    /// <summary>Asked before the read transaction.</summary>
    DatabaseFacts Facts();

    /// <summary>The lowest rowversion that an open transaction may still write; all below it is committed. Ignores isolation: asked before the read transaction.</summary>
    ulong Ceiling();

    /// <summary>What tables, views and queries are now, in the order asked for.</summary>
    IReadOnlyList<Description> Describe(IReadOnlyList<SourceObject> objects);

    /// <summary>All tables and views of users.</summary>
    IReadOnlyList<SqlServerObject> DescribeAll();

    /// <summary>What the database has switched on.</summary>
    DatabaseSetup Setup();

    /// <summary>What diagnostics ask; what the login may not see is absent.</summary>
    ServerHealth Health();

    /// <summary>The age of the oldest open transaction that has written; null = there is none, or the login may not see it.</summary>
    TimeSpan? OldestWriter();

    /// <summary>The columns that lead an index of a table.</summary>
    IReadOnlyList<string> Leading(SqlServerObject table);

    /// <summary>Runs a statement that prepares the database; only when a person asks for it.</summary>
    void Alter(TSql statement);

    /// <summary>Until disposed: a cancellation stops the running statement, and errors that follow from it are cancellations.</summary>
    IDisposable CancelledBy(CancellationToken ct);

    /// <summary>Begins reading.</summary>
    void Begin(ReadIsolation isolation);

    /// <summary>Which tables have changes, in one round trip. The current version is asked for first, the minimum valid versions last.</summary>
    /// <param name="tables">The tables, each with the version after which changes count; null = none is known.</param>
    TrackingVersions Versions(IReadOnlyList<(SqlServerObject Table, long? Last)> tables);

    /// <summary>The minimum valid version of a table now, whatever the isolation; null = tracking is off or not to be seen.</summary>
    long? Minimum(SqlServerObject table);

    /// <summary>The last change of each key after a version.</summary>
    IChangeCursor Changes(Dataset dataset, SqlServerObject table, long last);

    /// <summary>All rows.</summary>
    IRowCursor Rows(Dataset dataset, SqlServerObject source);

    /// <summary>True if there are rows with a rowversion above the last and below the ceiling.</summary>
    bool HasRowVersions(Dataset dataset, SqlServerObject source, RowVersionWindow window);

    /// <summary>The rows with a rowversion above the last and below the ceiling.</summary>
    IRowCursor RowVersions(Dataset dataset, SqlServerObject source, RowVersionWindow window);

    /// <summary>The rows whose mark is at or above a bound, by mark and key; without one, all.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="source">Its object.</param>
    /// <param name="mark">The mark's column.</param>
    /// <param name="from">The bound: nanoseconds since 1970, or the number.</param>
    IRowCursor Marks(Dataset dataset, SqlServerObject source, SqlServerColumn mark, Int128? from);

    /// <summary>The highest mark up to a bound; null = there is none.</summary>
    Int128? HighestMark(Dataset dataset, SqlServerObject source, SqlServerColumn mark, Int128? to);

    /// <summary>Each so-manyth key in the server's order but the last of all, as text.</summary>
    IReadOnlyList<string> Bounds(Dataset dataset, SqlServerObject table, long step);

    /// <summary>The rows of a range of keys.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="table">Its table.</param>
    /// <param name="from">The key before the first; null = from the start.</param>
    /// <param name="to">The last key; null = to the end.</param>
    IRowCursor Range(Dataset dataset, SqlServerObject table, string? from, string? to);

    /// <summary>The rows with certain keys, or more than those.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="source">Its object.</param>
    /// <param name="key">The key's columns.</param>
    /// <param name="keys">Values for them, of as many keys as one statement takes.</param>
    IRowCursor Find(Dataset dataset, SqlServerObject source, IReadOnlyList<DigestedColumn> key, IReadOnlyList<object?[]> keys);

    /// <summary>What the server can do for a comparison.</summary>
    DigestServer DigestServer();

    /// <summary>The rows of an answer to a statement that compares.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="values">The values of its parameters by their names, perhaps of others too.</param>
    /// <param name="row">Reads a row, its columns in order.</param>
    List<T> Ask<T>(TSql sql, IReadOnlyDictionary<string, object?> values, Func<SqlDataReader, T> row);
}

/// <summary>Rows of a dataset, one after the other.</summary>
internal interface IRowCursor : IDisposable
{
    /// <summary>Goes to the next row.</summary>
    /// <returns>False after the last.</returns>
    bool Read();

    /// <summary>Adds the row to a chunk, as an upsert. Once per row.</summary>
    void AddTo(RowChunks chunks);
}

/// <summary>Changes of a table, one key after the other.</summary>
internal interface IChangeCursor : IDisposable
{
    /// <summary>Goes to the next change.</summary>
    /// <returns>False after the last.</returns>
    bool Read();

    /// <summary>The version of the change.</summary>
    long Version { get; }

    /// <summary>True if the change is a delete.</summary>
    bool IsDelete { get; }

    /// <summary>Whether the key has a row now, by the base table.</summary>
    Presence Presence { get; }

    /// <summary>Adds the key, as the change table has it, as a delete.</summary>
    void AddDeleteTo(RowChunks chunks);

    /// <summary>Adds the row, as the base table has it, as an upsert. After <see cref="AddDeleteTo"/>, if both.</summary>
    void AddUpsertTo(RowChunks chunks);
}

/// <summary>What is known of an object.</summary>
/// <param name="Object">The object; null = it is not there, or not to be seen by the login, or its query does not compile.</param>
/// <param name="Fault">Why a query does not compile.</param>
internal sealed record Description(SqlServerObject? Object, string? Fault = null);

/// <summary>How a session reads.</summary>
internal enum ReadIsolation
{
    /// <summary>All statements see one state.</summary>
    Snapshot,

    /// <summary>Each statement sees its own; the database does not allow more.</summary>
    Committed,
}

/// <summary>What a database says of itself.</summary>
/// <param name="Clock">Its clock, UTC.</param>
/// <param name="AllowsSnapshot">True if SNAPSHOT is on.</param>
/// <param name="IsReadOnly">True for a replica, or a database that is set so.</param>
/// <param name="Identity">Tells databases apart; the same after failover and restore.</param>
/// <param name="Fork">Another one after a restore to the past, or a failover that lost data; null = not to be seen.</param>
/// <param name="Retention">How long it keeps changes; null = change tracking is off.</param>
internal sealed record DatabaseFacts(DateTimeOffset Clock, bool AllowsSnapshot, bool IsReadOnly, string Identity, string? Fork, TimeSpan? Retention = null);

/// <summary>Where change tracking stands.</summary>
/// <param name="Current">The database's current version; null = tracking is off in it.</param>
/// <param name="Tables">As asked for: whether there are changes, and the minimum valid version (null = tracking is off or not to be seen).</param>
internal sealed record TrackingVersions(long? Current, IReadOnlyList<(bool HasChanges, long? Minimum)> Tables);

/// <summary>What a database has switched on.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Retention">How long it keeps changes; null = change tracking is off.</param>
/// <param name="AllowsSnapshot">True if SNAPSHOT is on, or being switched on.</param>
internal sealed record DatabaseSetup(string Name, TimeSpan? Retention, bool AllowsSnapshot);
