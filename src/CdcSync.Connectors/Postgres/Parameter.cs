using Npgsql;
using NpgsqlTypes;

namespace CdcSync.Connectors.Postgres;

/// <summary>Typed parameters: the type always goes with the value, so that one statement has one plan and null is no guess.</summary>
internal static class Parameter
{
    public static NpgsqlParameter Text(string? value) => Of(value, NpgsqlDbType.Text);

    public static NpgsqlParameter Texts(string?[] values) => Of(values, NpgsqlDbType.Array | NpgsqlDbType.Text);

    public static NpgsqlParameter BigInt(long? value) => Of(value, NpgsqlDbType.Bigint);

    public static NpgsqlParameter BigInts(long[] values) => Of(values, NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    public static NpgsqlParameter Integer(int? value) => Of(value, NpgsqlDbType.Integer);

    public static NpgsqlParameter Double(double? value) => Of(value, NpgsqlDbType.Double);

    public static NpgsqlParameter Doubles(double?[] values) => Of(values, NpgsqlDbType.Array | NpgsqlDbType.Double);

    public static NpgsqlParameter Boolean(bool value) => Of(value, NpgsqlDbType.Boolean);

    public static NpgsqlParameter Uuid(Guid value) => Of(value, NpgsqlDbType.Uuid);

    public static NpgsqlParameter Json(string? value) => Of(value, NpgsqlDbType.Json);

    public static NpgsqlParameter Jsons(string?[] values) => Of(values, NpgsqlDbType.Array | NpgsqlDbType.Json);

    public static NpgsqlParameter Instant(DateTimeOffset? value) => Of(value?.ToUniversalTime(), NpgsqlDbType.TimestampTz);

    public static NpgsqlParameter Instants(DateTimeOffset?[] values) => Of(Array.ConvertAll(values, v => v?.ToUniversalTime()), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);

    public static NpgsqlParameter Of<T>(T value, NpgsqlDbType type) =>
        value is null ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = type } : new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type };

    /// <summary>A statement with its parameters, numbered in this order.</summary>
    public static NpgsqlBatchCommand Statement(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        return command;
    }

    /// <summary>Statements that go out together.</summary>
    public static NpgsqlBatch Batch(NpgsqlConnection connection, params ReadOnlySpan<NpgsqlBatchCommand> statements)
    {
        var batch = new NpgsqlBatch(connection);
        foreach (var statement in statements) batch.BatchCommands.Add(statement);
        return batch;
    }

    /// <summary>Sends statements that are the same each time; they are prepared on their session.</summary>
    public static async Task<NpgsqlDataReader> ReadAsync(NpgsqlConnection connection, CancellationToken ct, params NpgsqlBatchCommand[] statements)
    {
        var batch = Batch(connection, statements);
        await batch.PrepareAsync(ct);
        return await batch.ExecuteReaderAsync(ct);
    }

    /// <summary>Sends statements that are planned anew: what is staged differs from time to time.</summary>
    public static Task<NpgsqlDataReader> SendAsync(NpgsqlConnection connection, CancellationToken ct, params NpgsqlBatchCommand[] statements) =>
        Batch(connection, statements).ExecuteReaderAsync(ct);

    /// <summary>Sends statements that have no answer.</summary>
    public static async Task RunAsync(NpgsqlConnection connection, CancellationToken ct, params NpgsqlBatchCommand[] statements)
    {
        if (statements.Length == 0) return;
        await using var batch = Batch(connection, statements);
        await batch.ExecuteNonQueryAsync(ct);
    }
}
