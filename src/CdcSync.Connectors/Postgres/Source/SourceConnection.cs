using System.Data;
using CdcSync.Connectors.Postgres.Source.Sql;
using CdcSync.Core.Errors;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>
/// One session of the source's server, used by one reader at a time and closed afterwards. Read synchronously, on a thread of the pool: rows come from the wire into
/// columns without a wait per row. Whatever the driver throws comes out as the engine's error.
/// </summary>
internal sealed class SourceConnection : IAsyncDisposable
{
    private const int OldestMajor = 15;

    private readonly NpgsqlConnection _connection;
    private CancellationToken _cancellation;
    private Action? _cancel;
    private readonly Lock _running = new();

    private SourceConnection(string source, NpgsqlConnection connection) => (Source, _connection) = (source, connection);

    /// <summary>The source's name in the pipeline.</summary>
    public string Source { get; }

    /// <summary>Connects.</summary>
    /// <exception cref="CdcSyncException">The server can't be reached, refuses, or is too old.</exception>
    public static async ValueTask<SourceConnection> OpenAsync(string source, PostgresSourceOptions options, CancellationToken ct)
    {
        var connection = new NpgsqlConnection(SourceSettings.ConnectionString(options));
        try
        {
            await connection.OpenAsync(ct);
            if (connection.PostgreSqlVersion.Major < OldestMajor)
                throw new CdcSyncException(ErrorCodes.SourceFailed, $"source {source}: the PostgreSQL server is version {connection.PostgreSqlVersion}; {OldestMajor} or newer is needed.", "Use a newer server. Run: cdcsync validate");
            return new SourceConnection(source, connection);
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            if (PostgresErrors.IsDriver(e)) throw SourceErrors.From(e, source, "connecting", ct);
            throw;
        }
    }

    /// <summary>Until disposed: a cancellation stops the running statement, and errors that follow from it are cancellations.</summary>
    public IDisposable CancelledBy(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        _cancellation = ct;
        return ct.Register(() =>
        {
            lock (_running) _cancel?.Invoke();
        });
    }

    /// <summary>Runs a statement without an answer.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="doing">What it does, for errors.</param>
    public void Execute(string sql, string doing) => Ask([new NpgsqlBatchCommand(sql)], doing, _ => true);

    /// <summary>Sends statements in one round trip and reads their answers.</summary>
    /// <param name="statements">The statements, with their parameters.</param>
    /// <param name="doing">What they do, for errors.</param>
    /// <param name="read">Reads the answers; stands before the first row of the first.</param>
    public T Ask<T>(IReadOnlyList<NpgsqlBatchCommand> statements, string doing, Func<NpgsqlDataReader, T> read) => Guarded(doing, () =>
    {
        using var batch = new NpgsqlBatch(_connection);
        foreach (var statement in statements) batch.BatchCommands.Add(statement);
        using (Running(batch.Cancel))
        {
            using var reader = batch.ExecuteReader();
            var answer = read(reader);
            // The errors of later statements come only when their answers are asked for.
            while (reader.NextResult()) { }
            return answer;
        }
    });

    /// <summary>The columns a query returns: names, types and modifiers, as far as the wire tells.</summary>
    public IReadOnlyList<(string Name, uint Type, string Display)> Describe(string query, string doing) => Guarded(doing, () =>
    {
        using var command = new NpgsqlCommand($"SELECT * FROM (\n{query}\n) AS b", _connection);
        using var reader = command.ExecuteReader(CommandBehavior.SchemaOnly);
        return (IReadOnlyList<(string, uint, string)>)[.. Enumerable.Range(0, reader.FieldCount).Select(i => (reader.GetName(i), reader.GetDataTypeOID(i), reader.GetDataTypeName(i)))];
    });

    /// <summary>Begins to read the rows of a SELECT, in the binary form.</summary>
    /// <param name="select">The SELECT; its values are set before (<see cref="SessionSql.Set"/>).</param>
    /// <param name="doing">What it does, for errors.</param>
    public CopyReader Copy(string select, string doing) => Guarded(doing, () =>
    {
        // The server answers when it has the first rows, which may take long: only the asynchronous call can be cancelled until then.
        var stream = _connection.BeginRawBinaryCopyAsync(RowsSql.Copy(select), _cancellation).GetAwaiter().GetResult();
        return new CopyReader(stream, Running(stream.Cancel), e => PostgresErrors.IsDriver(e) ? SourceErrors.From(e, Source, doing, _cancellation) : null);
    });

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private T Guarded<T>(string doing, Func<T> act)
    {
        _cancellation.ThrowIfCancellationRequested();
        // The driver closes a connection that broke, and has no exception of its own for who uses it then.
        if (_connection.State != ConnectionState.Open)
            throw new CdcSyncException(ErrorCodes.SourceUnavailable, $"source {Source}: {doing}: the connection to the PostgreSQL server broke.", "It is tried again. Run: cdcsync status");
        try
        {
            return act();
        }
        catch (Exception e) when (PostgresErrors.IsDriver(e))
        {
            throw SourceErrors.From(e, Source, doing, _cancellation);
        }
    }

    private Until Running(Action cancel)
    {
        lock (_running) _cancel = cancel;
        return new Until(() =>
        {
            lock (_running) _cancel = null;
        });
    }

    private sealed class Until(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
