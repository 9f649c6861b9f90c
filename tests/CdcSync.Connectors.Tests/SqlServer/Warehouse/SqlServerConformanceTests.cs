using System.Data.SqlTypes;
using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Connectors.Migrations;
using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.SqlServer.Warehouse;

/// <summary>The suite that every warehouse passes, wherever a server is named.</summary>
public sealed class SqlServerConformanceTests : WarehouseConformance.WarehouseConformance
{
    protected override async Task<IWarehouseFixture> CreateAsync() => await SqlServerFixture.CreateAsync();

    /// <summary>T-SQL has no truth as a value and no WITH in a derived table, and the reading user has to be made by an administrator.</summary>
    protected override bool AnswersQueries => false;
}

/// <summary>A database of its own.</summary>
internal sealed class SqlServerFixture(LiveDatabase database) : IWarehouseFixture
{
    public LiveDatabase Database => database;

    public static async Task<SqlServerFixture> CreateAsync()
    {
        var database = await (await LiveSqlServer.GetAsync()).CreateDatabaseAsync();
        if (!database.Server.HasMerge) await MigrateWithoutAlterViewAsync(database);
        return new(database);
    }

    public IWarehouse Open(string pipeline) => new SqlServerWarehouse(new SqlServerWarehouseOptions { Connection = () => database.ConnectionString, Pipeline = pipeline });

    public Task ExecuteAsync(string sql) => database.ExecuteAsync(sql);

    public async Task<object?> ScalarAsync(string sql) => (await database.QueryAsync(sql)).FirstOrDefault()?[0];

    public async Task<IReadOnlyList<IReadOnlyList<object?>>> QueryAsync(string sql) => await database.QueryAsync(sql);

    public async Task<IReadOnlyList<TargetRow>> ReadAsync(Dataset dataset)
    {
        var fields = dataset.TargetSchema.Fields;
        var marked = dataset.Deletes == DeleteMode.Soft ? "CASE WHEN t._cdc_deleted_at IS NULL THEN 0 ELSE 1 END" : "0";
        var rows = await database.QueryAsync($"SELECT {marked}{string.Concat(fields.Select(f => $", t.{Quote(f.Name)}"))} FROM {Quote(dataset.Target.Schema ?? "dbo")}.{Quote(dataset.Target.Name)} AS t");
        return [.. rows.Select(r => new TargetRow([.. fields.Select((f, i) => Text(r[i + 1], f.DataType))], (int)r[0]! == 1))];
    }

    public string TextType => "nvarchar(max)";

    public string KeyTextType => "nvarchar(100)";

    public string Quote(string identifier) => $"[{identifier.Replace("]", "]]", StringComparison.Ordinal)}]";

    public string Control(string table) => $"cdcsync.[{table}]";

    public string Clock(int seconds) => $"DATEADD(second, {seconds}, SYSUTCDATETIME())";

    public bool Refuses(ArrowType type) => type is NullType;

    public bool Rejects(ArrowType type, string canonical) => type switch
    {
        HalfFloatType or FloatType or DoubleType => double.Parse(canonical, CultureInfo.InvariantCulture) is var value
            && (!double.IsFinite(value) || (type is FloatType ? float.IsSubnormal((float)value) : double.IsSubnormal(value))),
        Time64Type { Unit: TimeUnit.Nanosecond } or TimestampType { Unit: TimeUnit.Nanosecond } => !canonical.TrimEnd('Z').EndsWith("00", StringComparison.Ordinal),
        _ => false,
    };

    public bool CanName(string identifier) =>
        (database.Server.HasBracketNames || !identifier.Contains(']', StringComparison.Ordinal)) && (database.Server.HasAstralNames || !identifier.Any(char.IsSurrogate));

    public bool Lacks(ArrowType type, string canonical) => type switch
    {
        Time64Type when !database.Server.KeepsBulkTimes && !canonical.EndsWith("000", StringComparison.Ordinal) => true,
        // Babelfish 4.4 puts more digits behind the 38 of a decimal that bulk copy sends; the driver does not show them, T-SQL does.
        Decimal128Type { Precision: 38 } => !database.Server.HasMerge && canonical.Count(char.IsAsciiDigit) >= 38,
        StringType => !database.Server.HoldsNul && canonical.Contains('\0'),
        Time64Type { Unit: TimeUnit.Nanosecond } or TimestampType { Unit: TimeUnit.Nanosecond } => !database.Server.HoldsSevenDigits && !canonical.TrimEnd('Z').EndsWith("000", StringComparison.Ordinal),
        _ => false,
    };

    public ValueTask DisposeAsync() => database.DisposeAsync();

    // Babelfish 4.4 has no ALTER VIEW.
    private static async Task MigrateWithoutAlterViewAsync(LiveDatabase database)
    {
        var scripts = MigrationScript.Embedded("sqlserver").Select(s => s with { Sql = s.Sql.Replace("EXEC (N'\nALTER VIEW", "DROP VIEW cdcsync.dataset_status;\nEXEC (N'\nCREATE VIEW", StringComparison.Ordinal) });
        await using var connection = await LiveSqlServer.OpenAsync(database.Name);
        await new MigrationRunner(SqlServerMigrations.Dialect, [.. scripts], new Version(0, 1, 0)).MigrateAsync(connection, default);
    }

    private static string? Text(object? value, ArrowType type) => value switch
    {
        null => null,
        bool b => b ? "true" : "false",
        byte[] bytes => Convert.ToHexStringLower(bytes),
        SqlDecimal d => d.ToString(),
        float f => Canonical.Invariant((double)f),
        double d => Canonical.Invariant(d),
        DateTime day when type is Date32Type => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTime wall when type is TimestampType t => wall.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + Fraction(wall.Ticks, t.Unit),
        DateTimeOffset instant when type is TimestampType t => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + Fraction(instant.UtcTicks, t.Unit) + "Z",
        TimeSpan time => time.ToString("hh':'mm':'ss", CultureInfo.InvariantCulture) + Fraction(time.Ticks, type is Time32Type t ? t.Unit : ((Time64Type)type).Unit),
        IFormattable number => Canonical.Invariant(number),
        _ => (string)value,
    };

    // All digits of the unit; of nanoseconds the last two are always 0 here.
    private static string Fraction(long ticks, TimeUnit unit) =>
        unit == TimeUnit.Second ? "" : "." + ((ticks % TimeSpan.TicksPerSecond).ToString("D7", CultureInfo.InvariantCulture) + "00")[..(3 * (int)unit)];
}
