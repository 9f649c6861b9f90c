using CdcSync.Connectors.Sqlite.Warehouse;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Checks;

/// <summary>Measures targets in a SQLite file. Each call sees one state of the file; readers and writers go on meanwhile.</summary>
internal sealed class SqliteCheckReader(SqliteSessions sessions, string pipeline) : ICheckReader
{
    public ValueTask<IReadOnlyList<Measured>> MeasureAsync(Dataset dataset, IReadOnlyList<Measure> measures, CancellationToken ct)
    {
        var table = SqliteTable.For(dataset);
        return ReadAsync($"checking {dataset.Id}", session =>
        {
            var counts = Counts(session, table, [.. measures.Where(IsCounted)]);
            return (IReadOnlyList<Measured>)[.. measures.Select(m => counts.TryGetValue(m, out var counted) ? counted : Measure(session, table, m))];
        }, ct);
    }

    public ValueTask<Orphans> FindOrphansAsync(Dataset dataset, OrphanMeasure measure, Dataset parent, int limit, CancellationToken ct) => ReadAsync($"checking {dataset.Id}", session =>
    {
        using var statement = session.Prepare(CheckSql.Orphans(SqliteTable.For(dataset), measure, SqliteTable.For(parent)));
        var keys = measure.Columns.Count;
        var found = statement.With(limit).All(row => (Key: QuarantineKeys.Of(Enumerable.Range(0, keys).Select(row.Text)), Rows: row.Int64(keys), All: row.Int64(keys + 1)));
        var checkpoints = ControlRecords.Checkpoints(session, pipeline, [dataset.Id, parent.Id]);
        return new Orphans(found.Count == 0 ? 0 : found[0].All, found.ToDictionary(f => f.Key, f => f.Rows, StringComparer.Ordinal),
            checkpoints.GetValueOrDefault(dataset.Id)?.CompleteUpTo, checkpoints.GetValueOrDefault(parent.Id)?.CompleteUpTo);
    }, ct);

    private static bool IsCounted(Measure measure) => measure is RowCountMeasure or BeforeMeasure or BreachMeasure { HasPattern: false };

    private static Dictionary<Measure, Measured> Counts(SqliteSession session, SqliteTable table, IReadOnlyList<Measure> measures)
    {
        if (measures.Count == 0) return [];
        var lists = new List<string>();
        using var statement = session.Prepare(CheckSql.Count(table, measures, lists));
        return statement.With([.. lists]).First(row => measures.Select((m, i) => (Measure: m, Found: new Measured(row.Int64(i + 1), row.Int64(0)))).DistinctBy(m => m.Measure).ToDictionary(m => m.Measure, m => m.Found), missing: []);
    }

    private Measured Measure(SqliteSession session, SqliteTable table, Measure measure)
    {
        switch (measure)
        {
            case DuplicateMeasure duplicates:
                using (var statement = session.Prepare(CheckSql.Duplicates(table, duplicates)))
                    return statement.First(row => new Measured(row.Int64(0), row.Int64(1)), missing: new Measured(0, 0));
            case BreachMeasure breach:
                using (var statement = session.Prepare(CheckSql.Values(table, breach.Rules[0].Column)))
                {
                    var (broken, rows) = (0L, 0L);
                    while (statement.Step())
                    {
                        rows += statement.Int64(1);
                        if (breach.IsBrokenBy(statement.TextOrNull(0))) broken += statement.Int64(1);
                    }
                    return new Measured(broken, rows);
                }
            case SqlMeasure sql:
                try
                {
                    return new Measured(ContractQuery.Ask(session, sessions.Path, table, sql), 0);
                }
                catch (CdcSyncException fault) when (fault.Code == ErrorCodes.RuleUnanswered)
                {
                    return new Measured(null, 0, fault);
                }
            default:
                throw new InvalidOperationException($"{measure.GetType().Name} is not measured by itself");
        }
    }

    // SQLite works on the thread that asks it.
    private ValueTask<T> ReadAsync<T>(string doing, Func<SqliteSession, T> body, CancellationToken ct) => new(Task.Run(() => sessions.Read(doing, session =>
    {
        using var interrupt = ct.Register(() => raw.sqlite3_interrupt(session.Handle));
        return body(session);
    }, ct), ct));
}
