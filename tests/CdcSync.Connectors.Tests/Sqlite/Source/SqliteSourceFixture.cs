using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using Microsoft.Data.Sqlite;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

/// <summary>SQLite under the suite, with change tracking by triggers.</summary>
public abstract class SqliteSourceFixture(string journal) : SourceFixture
{
    private readonly SourceFile _file = new(null, journal);

    public override IChangeSource Open() => new SqliteSource("shop", _file.Options with { BusyTimeout = TimeSpan.FromSeconds(5) });

    public override ValueTask<Dataset> CreateAsync(string name, TableShape shape)
    {
        _file.Run(shape == TableShape.Numbered
            ? $"CREATE TABLE \"{name}\" (id INTEGER PRIMARY KEY, name TEXT UNIQUE, amount NUMERIC(12,2), at DATETIME, flag BOOLEAN, data BLOB)"
            : $"CREATE TABLE \"{name}\" (note TEXT, tenant TEXT NOT NULL, no INTEGER NOT NULL, PRIMARY KEY (tenant, no)) WITHOUT ROWID");
        _file.Track(name);
        return ValueTask.FromResult(ConformanceTables.Dataset("shop", name, shape));
    }

    public override async ValueTask CommitAsync(params IReadOnlyList<Write> writes) => await (await BeginAsync(writes)).CommitAsync();

    public override async ValueTask<IOpenTransaction> BeginAsync(params IReadOnlyList<Write> writes)
    {
        var connection = _file.Connect();
        using (var synchronous = connection.CreateCommand())
        {
            synchronous.CommandText = "PRAGMA synchronous=OFF; PRAGMA busy_timeout=5000";
            synchronous.ExecuteNonQuery();
        }
        var transaction = connection.BeginTransaction(deferred: false);
        foreach (var write in writes)
        {
            await using var command = Command(connection, write);
            command.Transaction = transaction;
            await command.ExecuteNonQueryAsync();
        }
        return new OpenTransaction(connection, transaction);
    }

    public override ValueTask DropAsync(Dataset table)
    {
        _file.Run($"DROP TABLE \"{table.Object}\"");
        return ValueTask.CompletedTask;
    }

    public override async ValueTask ForgetChangesAsync(Dataset table)
    {
        // The triggers clean up at each 256th change.
        _file.Run($"UPDATE \"_cdcsync_log_{table.Object}\" SET at = 0");
        for (var i = 0L; i < 260; i++)
            await CommitAsync(new Write.Upsert(table, [9_000_000L, null, null, null, null, null]));
    }

    public override ValueTask<Func<ValueTask>> BackUpAsync()
    {
        var backup = new SqliteConnection("Data Source=:memory:");
        backup.Open();
        _file.Application.BackupDatabase(backup);
        return ValueTask.FromResult(() =>
        {
            backup.BackupDatabase(_file.Application);
            return ValueTask.CompletedTask;
        });
    }

    public override ValueTask CaptureAnewAsync(Dataset table)
    {
        _file.Untrack(table.Object.ToString()!);
        _file.Track(table.Object.ToString()!);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _file.Dispose();
        return base.DisposeAsync();
    }

    private static SqliteCommand Command(SqliteConnection connection, Write write)
    {
        var command = connection.CreateCommand();
        var columns = write.Table.Columns.Select(c => c.Source).ToList();
        var key = write.Table.Key.Select(k => k.Source).ToList();
        string Add(object? value)
        {
            var name = $"$p{command.Parameters.Count}";
            command.Parameters.AddWithValue(name, value switch
            {
                null => DBNull.Value,
                decimal d => d.ToString(System.Globalization.CultureInfo.InvariantCulture),
                DateTime t => t.ToString("yyyy-MM-dd HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture),
                _ => value,
            });
            return name;
        }

        string Values(object?[] row) => $"INTO \"{write.Table.Object}\" ({string.Join(", ", columns)}) VALUES ({string.Join(", ", row.Select(Add))})";
        string Where(object?[] of) => string.Join(" AND ", key.Select((k, i) => $"{k} = {Add(of[i])}"));
        command.CommandText = write switch
        {
            Write.Insert insert => $"INSERT {Values(insert.Row)}",
            Write.Replace replace => $"INSERT OR REPLACE {Values(replace.Row)}",
            Write.Upsert upsert => $"INSERT {Values(upsert.Row)} ON CONFLICT ({string.Join(", ", key)}) DO UPDATE SET {string.Join(", ", columns.Select(c => $"{c} = excluded.{c}"))}",
            Write.Update update => $"UPDATE \"{write.Table.Object}\" SET {string.Join(", ", columns.Select((c, i) => $"{c} = {Add(update.Row[i])}"))} WHERE {Where(update.Key)}",
            Write.Delete delete => $"DELETE FROM \"{write.Table.Object}\" WHERE {Where(delete.Key)}",
            _ => throw new ArgumentException(write.ToString()),
        };
        return command;
    }

    private sealed class OpenTransaction(SqliteConnection connection, SqliteTransaction transaction) : IOpenTransaction
    {
        public async ValueTask CommitAsync()
        {
            await transaction.CommitAsync();
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}

public sealed class WalFixture() : SqliteSourceFixture("WAL");

public sealed class RollbackJournalFixture() : SqliteSourceFixture("DELETE");

public sealed class SqliteSourceConformance : SourceConformanceSuite<WalFixture>;

public sealed class SqliteRollbackJournalSourceConformance : SourceConformanceSuite<RollbackJournalFixture>;
