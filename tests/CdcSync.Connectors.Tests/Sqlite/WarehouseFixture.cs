using System.Globalization;
using System.Text;
using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;
using Microsoft.Data.Sqlite;

namespace CdcSync.Connectors.Tests.Sqlite;

/// <summary>A file in a folder of its own; looked at through Microsoft.Data.Sqlite's reader.</summary>
internal sealed class WarehouseFixture : IWarehouseFixture
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cdcsync-warehouse-").FullName;

    public string File => Path.Combine(_folder, "warehouse.db");

    public IWarehouse Open(string pipeline) => new SqliteWarehouse($"Data Source={File}", pipeline);

    public async Task ExecuteAsync(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    public async Task<object?> ScalarAsync(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync() is { } value and not DBNull ? value : null;
    }

    public async Task<IReadOnlyList<IReadOnlyList<object?>>> QueryAsync(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = await command.ExecuteReaderAsync();
        var rows = new List<object?[]>();
        while (await reader.ReadAsync()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        return rows;
    }

    public async Task<IReadOnlyList<TargetRow>> ReadAsync(Dataset dataset)
    {
        var fields = dataset.TargetSchema.Fields;
        var marks = dataset.Deletes == DeleteMode.Soft && dataset.Key.Count > 0;
        using var connection = Connect();
        using var command = connection.CreateCommand();
        // As bytes, because the driver's strings end at a NUL.
        command.CommandText = $"SELECT {string.Join(", ", fields.Select(f => f.DataType is StringType ? $"CAST(t.{Quote(f.Name)} AS BLOB)" : $"t.{Quote(f.Name)}"))}{(marks ? ", t._cdc_deleted_at" : "")} FROM {Quote(dataset.Target.Name)} AS t";
        using var reader = await command.ExecuteReaderAsync();
        var rows = new List<TargetRow>();
        while (await reader.ReadAsync())
            rows.Add(new TargetRow([.. fields.Select((f, i) => reader.IsDBNull(i) ? null : Text(reader, i, f.DataType))], marks && !reader.IsDBNull(fields.Count)));
        return rows;
    }

    public string TextType => "TEXT";

    public string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public string Control(string table) => $"cdcsync_{table}";

    public string Clock(int seconds) => $"strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '{seconds} seconds')";

    public bool Refuses(ArrowType type) => type is UInt64Type;

    public bool Rejects(ArrowType type, string canonical) => canonical == "NaN";

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    public SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        return connection;
    }

    private static string Text(SqliteDataReader reader, int column, ArrowType type) => type switch
    {
        BooleanType => reader.GetInt64(column) switch { 0 => "false", 1 => "true", var other => Canonical.Invariant(other) },
        HalfFloatType or FloatType or DoubleType => Canonical.Invariant(reader.GetDouble(column)),
        Decimal128Type { Precision: <= 15, Scale: >= 0 } d => reader.GetDouble(column).ToString($"F{d.Scale}", CultureInfo.InvariantCulture),
        StringType => Encoding.UTF8.GetString((byte[])reader.GetValue(column)),
        BinaryType or FixedSizeBinaryType => Convert.ToHexStringLower((byte[])reader.GetValue(column)),
        _ => reader.GetValue(column) is long number ? Canonical.Invariant(number) : reader.GetString(column),
    };
}
