using CdcSync.Connectors.Postgres.Source;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>PostgreSQL under the suite: a database of its own, written to as an application would.</summary>
public abstract class PostgresSourceFixture : SourceFixture
{
    private PostgresDatabase? _database;

    public override string? SkipReason => PostgresServer.SkipReason;

    protected bool IsCreated => _database is not null;

    protected PostgresDatabase Database
    {
        get => _database ?? throw new InvalidOperationException("no table was created yet");
        set => _database = value;
    }

    public override IChangeSource Open() => new PostgresSource("shop", new PostgresSourceOptions { ConnectionString = () => DatabaseAsync().AsTask().GetAwaiter().GetResult().ConnectionString });

    public override async ValueTask<Dataset> CreateAsync(string name, TableShape shape)
    {
        await (await DatabaseAsync()).ExecuteAsync(shape == TableShape.Numbered
            ? $"CREATE TABLE \"{name}\" (id bigint PRIMARY KEY, name text UNIQUE, amount numeric(12,2), at timestamp, flag boolean, data bytea)"
            : $"CREATE TABLE \"{name}\" (note text, tenant text NOT NULL, no bigint NOT NULL, PRIMARY KEY (tenant, no))");
        return ConformanceTables.Dataset("shop", name, shape);
    }

    public override async ValueTask CommitAsync(params IReadOnlyList<Write> writes) => await (await BeginAsync(writes)).CommitAsync();

    public override async ValueTask<IOpenTransaction> BeginAsync(params IReadOnlyList<Write> writes)
    {
        var connection = await (await DatabaseAsync()).OpenAsync();
        var transaction = await connection.BeginTransactionAsync();
        foreach (var command in writes.SelectMany(w => Commands(connection, w)))
        {
            await using (command) await command.ExecuteNonQueryAsync();
        }
        return new OpenTransaction(connection, transaction);
    }

    public override async ValueTask DropAsync(Dataset table) => await Database.ExecuteAsync($"DROP TABLE \"{table.Object}\"");

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_database is not null) await _database.DisposeAsync();
    }

    protected async ValueTask<PostgresDatabase> DatabaseAsync() => _database ??= await CreateDatabaseAsync();

    /// <summary>A database of its own, on whichever server the capture needs.</summary>
    protected virtual async Task<PostgresDatabase> CreateDatabaseAsync() => await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();

    private static IEnumerable<NpgsqlCommand> Commands(NpgsqlConnection connection, Write write)
    {
        var columns = write.Table.Columns.Select(c => c.Source).ToList();
        var keys = write.Table.Key.Select(k => k.Source).ToList();
        string Names(IEnumerable<string> names) => string.Join(", ", names.Select(n => $"\"{n}\""));
        string Values(int first, int count) => string.Join(", ", Enumerable.Range(first, count).Select(i => $"${i}"));
        var table = $"\"{write.Table.Object}\"";
        var insert = $"INSERT INTO {table} ({Names(columns)}) VALUES ({Values(1, columns.Count)})";
        var upsert = $"{insert} ON CONFLICT ({Names(keys)}) DO UPDATE SET {string.Join(", ", columns.Select(c => $"\"{c}\" = excluded.\"{c}\""))}";
        // PostgreSQL has no REPLACE: an application deletes what is in the way, then inserts.
        if (write is Write.Replace { Row: var row } && columns.Contains("name")) yield return Command(connection, $"DELETE FROM {table} WHERE name = $1 AND id <> $2", [row[columns.IndexOf("name")], row[0]]);
        yield return write switch
        {
            Write.Insert w => Command(connection, insert, w.Row),
            Write.Upsert w => Command(connection, upsert, w.Row),
            Write.Replace w => Command(connection, upsert, w.Row),
            Write.Update w => Command(connection, $"UPDATE {table} SET ({Names(columns)}) = ROW({Values(1, columns.Count)}) WHERE ({Names(keys)}) = ({Values(columns.Count + 1, keys.Count)})", [.. w.Row, .. w.Key]),
            Write.Delete w => Command(connection, $"DELETE FROM {table} WHERE ({Names(keys)}) = ({Values(1, keys.Count)})", w.Key),
            _ => throw new ArgumentException(write.GetType().Name),
        };
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, IEnumerable<object?> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(value switch
        {
            null => new NpgsqlParameter { Value = DBNull.Value },
            // As text: the driver takes the first instant of a DateTime for -infinity.
            DateTime t => new NpgsqlParameter { Value = t.ToString("yyyy-MM-dd HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture), NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Unknown },
            _ => new NpgsqlParameter { Value = value },
        });
        return command;
    }

    private sealed class OpenTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction) : IOpenTransaction
    {
        public async ValueTask CommitAsync()
        {
            await transaction.CommitAsync();
            await connection.DisposeAsync();
        }
    }
}
