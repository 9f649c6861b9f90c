using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;
using CdcSync.TestServers;

namespace CdcSync.Connectors.Tests.Postgres;

public sealed class PostgresConformanceTests : WarehouseConformance.WarehouseConformance
{
    protected override async Task<IWarehouseFixture> CreateAsync() => await PostgresFixture.CreateAsync();
}

/// <summary>The same, every stage by COPY and temporary table, however small.</summary>
public sealed class PostgresConformanceByCopyTests : WarehouseConformance.WarehouseConformance
{
    protected override async Task<IWarehouseFixture> CreateAsync() => await PostgresFixture.CreateAsync(arrayRows: 0);
}

/// <summary>A database of its own on the process's PostgreSQL.</summary>
internal sealed class PostgresFixture(PostgresDatabase database, int arrayRows) : IWarehouseFixture
{
    public PostgresDatabase Database => database;

    public static async Task<PostgresFixture> CreateAsync(int arrayRows = 2_000)
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        return new PostgresFixture(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync(), arrayRows);
    }

    public IWarehouse Open(string pipeline) => Open(new PostgresWarehouseOptions { ConnectionString = database.ConnectionString, Pipeline = pipeline });

    public PostgresWarehouse Open(PostgresWarehouseOptions options) => new(options with { ArrayRows = arrayRows }, TimeProvider.System);

    public Task ExecuteAsync(string sql) => database.ExecuteAsync(sql);

    public Task<object?> ScalarAsync(string sql) => database.ScalarAsync<object>(sql);

    public async Task<IReadOnlyList<IReadOnlyList<object?>>> QueryAsync(string sql) => await database.QueryAsync(sql);

    public async Task<IReadOnlyList<TargetRow>> ReadAsync(Dataset dataset)
    {
        var fields = dataset.TargetSchema.Fields;
        var marked = dataset.Deletes == DeleteMode.Soft ? "_cdc_deleted_at IS NOT NULL" : "false";
        var rows = await database.QueryAsync($"SET TimeZone = 'UTC'; SELECT {marked}{string.Concat(fields.Select(f => ", " + CanonicalSql(Quote(f.Name), f.DataType)))} FROM {Quote(dataset.Target.Schema ?? "public")}.{Quote(dataset.Target.Name)}");
        return [.. rows.Select(r => new TargetRow([.. fields.Select((f, i) => Text(r[i + 1], f.DataType))], (bool)r[0]!))];
    }

    public string TextType => "TEXT";

    public string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public string Control(string table) => $"cdcsync.{table}";

    public string Clock(int seconds) => $"clock_timestamp() + interval '{seconds} seconds'";

    public bool Refuses(ArrowType type) => type is NullType or Time64Type { Unit: TimeUnit.Nanosecond } or TimestampType { Unit: TimeUnit.Nanosecond };

    public bool Rejects(ArrowType type, string canonical) => type is StringType && canonical.Contains('\0');

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    // The server writes the text, so that no driver's mapping stands between the table and the test.
    private static string CanonicalSql(string column, ArrowType type) => type switch
    {
        BinaryType or FixedSizeBinaryType => $"encode({column}, 'hex')",
        TimestampType { Timezone: null } => $"to_char({column}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US')",
        TimestampType => $"to_char({column}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
        Date32Type => $"to_char({column}, 'YYYY-MM-DD')",
        Time32Type or Time64Type => $"to_char('2000-01-01'::date + {column}, 'HH24:MI:SS.US')",
        _ => $"{column}::text",
    };

    private static string? Text(object? value, ArrowType type) => (value as string) switch
    {
        null => null,
        // All digits of a microsecond; the suite compares the digits of the unit.
        var text when type is TimestampType { Unit: var unit } t => t.Timezone is null ? Digits(text, unit) : Digits(text[..^1], unit) + "Z",
        var text when type is Time32Type { Unit: var unit } => Digits(text, unit),
        var text when type is HalfFloatType or FloatType => Canonical.Invariant((double)float.Parse(text, System.Globalization.CultureInfo.InvariantCulture)),
        var text when type is DoubleType => Canonical.Invariant(double.Parse(text, System.Globalization.CultureInfo.InvariantCulture)),
        var text => text,
    };

    private static string Digits(string text, TimeUnit unit) => unit switch
    {
        TimeUnit.Second when text.EndsWith(".000000", StringComparison.Ordinal) => text[..^7],
        TimeUnit.Millisecond when text.EndsWith("000", StringComparison.Ordinal) => text[..^3],
        _ => text,
    };
}
