using System.Globalization;
using System.Text;
using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Source;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>A database of its own as source, and what tests do with it.</summary>
internal sealed class SourceDatabase(PostgresDatabase database) : IAsyncDisposable
{
    public const string Name = "shop";

    public PostgresDatabase Database => database;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<SourceDatabase> CreateAsync(params string[] statements)
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        var database = new SourceDatabase(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync());
        foreach (var statement in statements) await database.RunAsync(statement);
        return database;
    }

    public Task<int> RunAsync(string sql) => database.ExecuteAsync(sql);

    public PostgresSource Open(Func<PostgresSourceOptions, PostgresSourceOptions>? change = null, string? role = null)
    {
        var connection = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        if (role is not null) (connection.Username, connection.Password) = (role, role);
        var options = new PostgresSourceOptions { ConnectionString = () => connection.ConnectionString };
        return new PostgresSource(Name, change is null ? options : change(options));
    }

    /// <summary>A dataset as <c>discover</c> would write its contract: every column as its natural type, the primary key or the columns named.</summary>
    public async Task<Dataset> DatasetAsync(string table, Capture? capture = null, params string[] key)
    {
        await using var source = Open();
        var (schema, name) = table.Split('.') is [var s, var n] ? (s, n) : ("public", table);
        var found = (await source.DiscoverAsync([], Token)).Single(o => o.Schema == schema && o.Name == name);
        var keys = key.Length > 0 ? key : [.. found.Key];
        return Dataset(new SourceObject.Table(schema == "public" ? null : schema, name), capture,
            [.. found.Columns.Where(c => c.Type is not null).Select(c => new DatasetColumn(c.Name, c.Name, c.Type!, c.Type!, Array.IndexOf(keys, c.Name) is >= 0 and var at ? at : null))]);
    }

    public static Dataset Dataset(SourceObject source, Capture? capture, IReadOnlyList<DatasetColumn> columns) => new()
    {
        Id = new DatasetId("t"),
        SourceName = Name,
        Object = source,
        Capture = capture ?? new Capture.FullRefresh(),
        Target = new TargetTable(null, "t"),
        Contract = new ContractReference("t", "1.0.0", "tests"),
        Columns = columns,
    };

    /// <summary>All rows of a full refresh, as texts in the order of reading; faults as <c>column: reason</c>.</summary>
    public async Task<List<string>> ReadAsync(Dataset dataset)
    {
        await using var source = Open();
        await using var session = await source.OpenAsync([new ReadRequest(dataset, null)], Token);
        Assert.True(session.Readings[dataset.Id].State == ReadingState.Changed, $"{session.Readings[dataset.Id].Fault}");
        return await TextsAsync(session, dataset);
    }

    public static async Task<List<string>> TextsAsync(IReadSession session, Dataset dataset)
    {
        var rows = new List<string>();
        await foreach (var found in session.ReadAsync([dataset.Id], Token))
        {
            if (found is WindowFailed failed) throw failed.Fault;
            if (found is ChunkRead read) rows.AddRange(Texts(read.Chunk));
        }
        return rows;
    }

    public async Task<List<string>> RangeAsync(Dataset dataset, KeyRange range)
    {
        await using var source = Open();
        var rows = new List<string>();
        await foreach (var chunk in source.Ranges.ReadAsync(dataset, range, Token)) rows.AddRange(Texts(chunk));
        return rows;
    }

    public static IEnumerable<string> Texts(ChangeChunk chunk)
    {
        for (var row = 0; row < chunk.Length; row++)
        {
            var text = new StringBuilder(string.Join("|", Enumerable.Range(0, chunk.Rows.ColumnCount).Select(c => Text(chunk.Rows.Column(c), row))));
            foreach (var fault in chunk.Faults.Where(f => f.Row == row)) text.Append(" !").Append(fault.Column).Append(": ").Append(fault.Reason);
            yield return text.ToString();
        }
    }

    public static string Text(ArrowArray column, int row) => column.IsNull(row) ? "null" : column switch
    {
        VarLengthArray { Type: StringType } a => a.GetString(row),
        VarLengthArray a => Convert.ToHexStringLower(a.GetBytes(row)),
        FixedSizeBinaryArray a => Convert.ToHexStringLower(a.GetBytes(row)),
        BoolArray a => a.GetValue(row) ? "true" : "false",
        FixedWidthArray<short> a => a[row].ToString(CultureInfo.InvariantCulture),
        FixedWidthArray<int> a => a[row].ToString(CultureInfo.InvariantCulture),
        FixedWidthArray<long> a => a[row].ToString(CultureInfo.InvariantCulture),
        FixedWidthArray<float> a => a[row].ToString("R", CultureInfo.InvariantCulture),
        FixedWidthArray<double> a => a[row].ToString("R", CultureInfo.InvariantCulture),
        FixedWidthArray<Int128> { Type: Decimal128Type t } a => Decimal(a[row], t.Scale),
        _ => throw new ArgumentException(column.Type.ToString()),
    };

    private static string Decimal(Int128 unscaled, int scale)
    {
        var digits = Int128.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return (unscaled < 0 ? "-" : "") + (scale == 0 ? digits : $"{digits[..^scale]}.{digits[^scale..]}");
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
