using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using Npgsql;
using static CdcSync.Connectors.Postgres.Parameter;

namespace CdcSync.Connectors.Postgres.Checks;

/// <summary>Measures targets in PostgreSQL. Each statement is a transaction of its own, that only reads.</summary>
internal sealed class PostgresCheckReader(PostgresSessions sessions, string pipeline) : ICheckReader
{
    // Whole tables are scanned, however long it takes. Sessions plan for small batches else.
    private static readonly string[] Settings = ["statement_timeout = 0", "enable_seqscan = on", "enable_hashjoin = on", "enable_mergejoin = on", "plan_cache_mode = auto"];

    public async ValueTask<IReadOnlyList<Measured>> MeasureAsync(Dataset dataset, IReadOnlyList<Measure> measures, CancellationToken ct)
    {
        var table = await TableAsync(dataset, ct);
        var counts = await CountsAsync(table, [.. measures.Where(m => m is RowCountMeasure or BeforeMeasure or BreachMeasure { HasPattern: false }).Distinct()], ct);
        var measured = new List<Measured>();
        foreach (var measure in measures)
            measured.Add(counts.TryGetValue(measure, out var counted) ? counted : await MeasureAsync(table, measure, ct));
        return measured;
    }

    public async ValueTask<Orphans> FindOrphansAsync(Dataset dataset, OrphanMeasure measure, Dataset parent, int limit, CancellationToken ct)
    {
        var sql = CheckSql.Orphans(await TableAsync(dataset, ct), measure, await TableAsync(parent, ct));
        var keys = measure.Columns.Count;
        // Both statements see one state.
        return await InTransactionAsync(dataset, async connection =>
        {
            var found = await RowsAsync(connection, Statement(sql, BigInt(limit)),
                r => (Key: QuarantineKeys.Of(Enumerable.Range(0, keys).Select(r.GetString)), Rows: r.GetInt64(keys), All: r.GetInt64(keys + 1)), ct);
            var complete = (await RowsAsync(connection, Statement(CheckSql.Completeness, Text(pipeline), Texts([dataset.Id.Value, parent.Id.Value])),
                r => (Id: r.GetString(0), At: r.IsDBNull(1) ? (DateTimeOffset?)null : r.GetFieldValue<DateTimeOffset>(1)), ct)).ToDictionary(r => r.Id, r => r.At, StringComparer.Ordinal);
            return new Orphans(found.Count == 0 ? 0 : found[0].All, found.ToDictionary(f => f.Key, f => f.Rows, StringComparer.Ordinal),
                complete.GetValueOrDefault(dataset.Id.Value), complete.GetValueOrDefault(parent.Id.Value));
        }, ct);
    }

    /// <summary>What a session sets before it asks a query of a contract, until the transaction or savepoint ends.</summary>
    public static IEnumerable<NpgsqlBatchCommand> ReadOnly => [Statement("SET LOCAL transaction_read_only = on"), .. Settings.Skip(1).Select(s => Statement($"SET LOCAL {s}"))];

    private async Task<PostgresTable> TableAsync(Dataset dataset, CancellationToken ct) => PostgresTable.For(dataset, await sessions.DefaultSchemaAsync(ct));

    private async Task<IReadOnlyDictionary<Measure, Measured>> CountsAsync(PostgresTable table, IReadOnlyList<Measure> measures, CancellationToken ct)
    {
        if (measures.Count == 0) return new Dictionary<Measure, Measured>();
        var lists = new List<NpgsqlParameter>();
        var sql = CheckSql.Count(table, measures, lists);
        return (await InTransactionAsync(table.Dataset, connection => RowsAsync(connection, Statement(sql, [.. lists]),
            r => measures.Select((m, i) => (Measure: m, Found: new Measured(r.GetInt64(i + 1), r.GetInt64(0)))).ToDictionary(m => m.Measure, m => m.Found), ct), ct)).Single();
    }

    private async Task<Measured> MeasureAsync(PostgresTable table, Measure measure, CancellationToken ct)
    {
        switch (measure)
        {
            case DuplicateMeasure duplicates:
                return (await InTransactionAsync(table.Dataset, connection => RowsAsync(connection, Statement(CheckSql.Duplicates(table, duplicates)), r => new Measured(r.GetInt64(0), r.GetInt64(1)), ct), ct)).Single();
            case BreachMeasure breach:
                var (broken, rows) = (0L, 0L);
                await InTransactionAsync(table.Dataset, async connection =>
                {
                    await using var reader = await SendAsync(connection, ct, Statement(CheckSql.Values(table, breach.Rules[0].Column)));
                    while (await reader.ReadAsync(ct))
                    {
                        rows += reader.GetInt64(1);
                        if (breach.IsBrokenBy(reader.IsDBNull(0) ? null : reader.GetString(0))) broken += reader.GetInt64(1);
                    }
                    return true;
                }, ct);
                return new Measured(broken, rows);
            case SqlMeasure sql:
                try
                {
                    return new Measured(CheckValues.Only(await InTransactionAsync(table.Dataset, connection => RowsAsync(connection, Statement(CheckSql.Ask(table, sql), BigInt(2)), Answer, ct), ct)), 0);
                }
                catch (CdcSyncException fault) when (!fault.IsTransient)
                {
                    return new Measured(null, 0, CheckValues.Refused(fault));
                }
            default:
                throw new InvalidOperationException($"{measure.GetType().Name} is not measured by itself");
        }
    }

    /// <summary>A row of a query's answer.</summary>
    public static string? Answer(NpgsqlDataReader reader) => reader.IsDBNull(0) ? null : reader.GetString(0);

    private ValueTask<T> InTransactionAsync<T>(Dataset dataset, Func<NpgsqlConnection, Task<T>> work, CancellationToken ct) => sessions.RunAsync($"{dataset.Id}: checking", async connection =>
    {
        await RunAsync(connection, ct, [Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"), .. Settings.Select(s => Statement($"SET LOCAL {s}"))]);
        var result = await work(connection);
        await RunAsync(connection, ct, Statement("COMMIT"));
        return result;
    }, ct);

    private static async Task<List<T>> RowsAsync<T>(NpgsqlConnection connection, NpgsqlBatchCommand statement, Func<NpgsqlDataReader, T> row, CancellationToken ct)
    {
        await using var batch = Batch(connection, statement);
        batch.Timeout = 0;
        await using var reader = await batch.ExecuteReaderAsync(ct);
        List<T> rows = [];
        while (await reader.ReadAsync(ct)) rows.Add(row(reader));
        return rows;
    }
}
