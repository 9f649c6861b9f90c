using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.Tests.SqlServer.Live;

/// <summary>The suite for sources on a server with change tracking. What only time or an administrator can do there (clean-up, restore) is skipped; the model has it.</summary>
public sealed class LiveSourceFixture : SourceFixture
{
    private LiveSource? _live;

    public override (ReadingState State, ErrorCode Code) AfterCaptureAnew => (ReadingState.Expired, ErrorCodes.ChangesExpired);

    public override string? SkipReason => LiveSource.GetAsync().GetAwaiter().GetResult().HasChangeTracking ? null : "the server has no change tracking";

    private LiveSource Live => _live ?? throw new InvalidOperationException("no table was created yet");

    public override IChangeSource Open() => new Connectors.SqlServer.Source.SqlServerSource("live", new Connectors.SqlServer.Source.SqlServerSourceOptions { ConnectionString = () => Live.ConnectionString });

    public override async ValueTask<Dataset> CreateAsync(string name, TableShape shape)
    {
        _live = await LiveSource.GetAsync();
        if (!_live.HasChangeTracking) Assert.Skip("the server has no change tracking");
        var table = LiveSource.NewName(name);
        await _live.RunAsync(shape == TableShape.Numbered
            ? $"CREATE TABLE {table} (id bigint NOT NULL PRIMARY KEY, name nvarchar(100) COLLATE Latin1_General_100_BIN2 NULL, amount decimal(12,2) NULL, at datetime2(6) NULL, flag bit NULL, data varbinary(max) NULL)"
            : $"CREATE TABLE {table} (note nvarchar(max) NULL, tenant nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL, no bigint NOT NULL, PRIMARY KEY (tenant, no))",
            shape == TableShape.Numbered ? $"CREATE UNIQUE INDEX {table}_name ON {table} (name) WHERE name IS NOT NULL" : "SELECT 1 AS nothing",
            $"ALTER TABLE {table} ENABLE CHANGE_TRACKING");
        return ConformanceTables.Dataset("live", name, shape, "dbo") with { Object = new SourceObject.Table("dbo", table) };
    }

    public override async ValueTask CommitAsync(params IReadOnlyList<Write> writes) => await (await BeginAsync(writes)).CommitAsync();

    public override async ValueTask<IOpenTransaction> BeginAsync(params IReadOnlyList<Write> writes)
    {
        var connection = new SqlConnection(Live.ConnectionString);
        await connection.OpenAsync();
        var transaction = (SqlTransaction)await connection.BeginTransactionAsync();
        foreach (var write in writes)
        {
            await using var command = Command(connection, transaction, write);
            await command.ExecuteNonQueryAsync();
        }
        return new OpenTransaction(connection, transaction);
    }

    public override async ValueTask DropAsync(Dataset table) => await Live.RunAsync($"DROP TABLE {table.Object}");

    public override ValueTask ForgetChangesAsync(Dataset table)
    {
        Assert.Skip("only time makes a server forget changes");
        return ValueTask.CompletedTask;
    }

    public override ValueTask<Func<ValueTask>> BackUpAsync()
    {
        Assert.Skip("a restore needs an administrator");
        return default;
    }

    public override async ValueTask CaptureAnewAsync(Dataset table) => await Live.RunAsync($"ALTER TABLE {table.Object} DISABLE CHANGE_TRACKING", $"ALTER TABLE {table.Object} ENABLE CHANGE_TRACKING");

    private static SqlCommand Command(SqlConnection connection, SqlTransaction transaction, Write write)
    {
        var command = new SqlCommand { Connection = connection, Transaction = transaction, CommandTimeout = 60 };
        var columns = write.Table.Columns.Select(c => c.Source).ToList();
        var key = write.Table.Key.Select(k => k.Source).ToList();
        string Add(object? value, string column)
        {
            var name = $"@p{command.Parameters.Count}";
            var parameter = command.Parameters.AddWithValue(name, value ?? DBNull.Value);
            if (value is null && column == "data") parameter.SqlDbType = System.Data.SqlDbType.VarBinary;
            if (value is DateTime) parameter.SqlDbType = System.Data.SqlDbType.DateTime2;
            return name;
        }

        string Insert(object?[] row) => $"INSERT INTO {write.Table.Object} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", row.Zip(columns, Add))});";
        string Set(object?[] row) => $"UPDATE {write.Table.Object} SET {string.Join(", ", columns.Zip(row, (c, v) => $"{c} = {Add(v, c)}"))} WHERE ";
        string Where(object?[] of) => string.Join(" AND ", key.Zip(of, (k, v) => $"{k} = {Add(v, k)}"));
        object?[] KeyOf(object?[] row) => [.. key.Select(k => row[columns.IndexOf(k)])];
        command.CommandText = write switch
        {
            Write.Insert insert => Insert(insert.Row),
            Write.Upsert upsert => $"{Set(upsert.Row)}{Where(KeyOf(upsert.Row))}; IF @@ROWCOUNT = 0 {Insert(upsert.Row)}",
            Write.Update update => $"{Set(update.Row)}{Where(update.Key)};",
            Write.Delete delete => $"DELETE FROM {write.Table.Object} WHERE {Where(delete.Key)};",
            Write.Replace replace => $"DELETE FROM {write.Table.Object} WHERE {Where(KeyOf(replace.Row))}{(key.Count == 1 && replace.Row[1] is { } name ? $" OR name = {Add(name, "name")}" : "")}; {Insert(replace.Row)}",
            _ => throw new ArgumentException(write.ToString()),
        };
        return command;
    }

    private sealed class OpenTransaction(SqlConnection connection, SqlTransaction transaction) : IOpenTransaction
    {
        public async ValueTask CommitAsync()
        {
            await transaction.CommitAsync();
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}

public sealed class LiveSourceConformance : SourceConformanceSuite<LiveSourceFixture>;
