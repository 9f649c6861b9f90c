using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using Microsoft.Data.SqlClient;
using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>Measures targets in SQL Server.</summary>
internal sealed class SqlServerCheckReader(WarehouseSessions sessions, SqlServerControlStore control) : ICheckReader
{
    // READ COMMITTED is no snapshot: what was found holds for the positions only if they did not move meanwhile.
    private const int Attempts = 3;

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
        for (var attempt = 1; ; attempt++)
        {
            var before = await control.ReadCheckpointsAsync([dataset.Id, parent.Id], ct);
            var found = await RowsAsync(dataset, new Statement(sql, CheckSql.Limit.With((long)limit)),
                r => (Key: QuarantineKeys.Of(Enumerable.Range(0, keys).Select(r.GetString)), Rows: r.GetInt64(keys), All: r.GetInt64(keys + 1)), ct);
            var after = await control.ReadCheckpointsAsync([dataset.Id, parent.Id], ct);
            var isStill = before.Count == after.Count && before.All(b => after[b.Key].Generation == b.Value.Generation);
            if (!isStill && attempt < Attempts) continue;
            return new Orphans(found.Count == 0 ? 0 : found[0].All, found.ToDictionary(f => f.Key, f => f.Rows, StringComparer.Ordinal),
                isStill ? after.GetValueOrDefault(dataset.Id)?.CompleteUpTo : null, isStill ? after.GetValueOrDefault(parent.Id)?.CompleteUpTo : null);
        }
    }

    private async Task<SqlServerTable> TableAsync(Dataset dataset, CancellationToken ct) => SqlServerTable.For(dataset, (await sessions.DatabaseAsync(ct)).DefaultSchema);

    private async Task<IReadOnlyDictionary<Measure, Measured>> CountsAsync(SqlServerTable table, IReadOnlyList<Measure> measures, CancellationToken ct)
    {
        if (measures.Count == 0) return new Dictionary<Measure, Measured>();
        List<string> values = [];
        var sql = CheckSql.Count(table, measures, values);
        if (values.Count > SqlServerDialect.ParameterLimit)
            throw new CdcSyncException(ErrorCodes.WarehouseFailed, $"{table.Label}: the lists of its rules have {values.Count} values; SQL Server takes {SqlServerDialect.ParameterLimit} in one statement.", "Write a pattern, or a sql rule over a table of values. Run: cdcsync contract lint");
        return (await RowsAsync(table.Dataset, new Statement(sql, [.. values.Select((v, i) => CheckSql.Value.At(i).With(v))]),
            r => measures.Select((m, i) => (Measure: m, Found: new Measured(r.GetInt64(i + 1), r.GetInt64(0)))).ToDictionary(m => m.Measure, m => m.Found), ct)).Single();
    }

    private async Task<Measured> MeasureAsync(SqlServerTable table, Measure measure, CancellationToken ct)
    {
        switch (measure)
        {
            case DuplicateMeasure duplicates:
                return (await RowsAsync(table.Dataset, new Statement(CheckSql.Duplicates(table, duplicates)), r => new Measured(r.GetInt64(0), r.GetInt64(1)), ct)).Single();
            case BreachMeasure breach:
                var values = await RowsAsync(table.Dataset, new Statement(CheckSql.Values(table, breach.Rules[0].Column)), r => (Rows: r.GetInt64(1), IsBroken: breach.IsBrokenBy(TextOrNull(r, 0))), ct);
                return new Measured(values.Where(v => v.IsBroken).Sum(v => v.Rows), values.Sum(v => v.Rows));
            case SqlMeasure sql:
                try
                {
                    return new Measured(CheckValues.Only(await RowsAsync(table.Dataset, Ask(table, sql), r => TextOrNull(r, 0), ct)), 0);
                }
                catch (CdcSyncException fault) when (!fault.IsTransient)
                {
                    return new Measured(null, 0, CheckValues.Refused(fault));
                }
            default:
                throw new InvalidOperationException($"{measure.GetType().Name} is not measured by itself");
        }
    }

    /// <summary>A query of a contract with its values.</summary>
    public static Statement Ask(SqlServerTable table, SqlMeasure measure) => new(CheckSql.Ask(table, measure), CheckSql.Limit.With(2L));

    private ValueTask<List<T>> RowsAsync<T>(Dataset dataset, Statement statement, Func<SqlDataReader, T> row, CancellationToken ct) =>
        sessions.RunAsync($"{dataset.Id}: checking", session => session.RowsAsync(statement, row, ct), ct);
}
