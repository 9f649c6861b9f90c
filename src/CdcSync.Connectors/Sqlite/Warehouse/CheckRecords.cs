using System.Text.Json;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>The table of results of checks.</summary>
internal static class CheckRecords
{
    /// <summary>Writes results, and drops those of checks that the dataset no longer has.</summary>
    public static void Write(SqliteSession session, string pipeline, Dataset dataset, IReadOnlyList<CheckResult> results)
    {
        session
            .Fixed("DELETE FROM main.cdcsync_contract_check WHERE pipeline = ?1 AND dataset = ?2 AND check_id NOT IN (SELECT value FROM json_each(?3))")
            .With(pipeline, dataset.Id.Value, JsonSerializer.Serialize(dataset.Checks.Select(c => c.Id)))
            .Run();
        foreach (var result in results)
        {
            session
                .Fixed("""
                    INSERT INTO main.cdcsync_contract_check AS c
                        (pipeline, dataset, check_id, severity, verdict, value, expected, detail, checked_at, since)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
                    ON CONFLICT (pipeline, dataset, check_id) DO UPDATE SET
                        since = iif(c.verdict = excluded.verdict, c.since, excluded.since),
                        severity = excluded.severity, verdict = excluded.verdict, value = excluded.value,
                        expected = excluded.expected, detail = excluded.detail, checked_at = excluded.checked_at
                    """)
                .With(pipeline, dataset.Id.Value, result.Check, ControlText.Of(result.Severity), ControlText.Of(result.Verdict), (double?)result.Value, result.Expected, result.Detail, Instant.Of(result.At))
                .Run();
        }
    }

    /// <summary>The results of a pipeline.</summary>
    public static List<RecordedCheck> All(SqliteSession session, string pipeline) => session
        .Fixed("SELECT dataset, check_id, severity, verdict, value, expected, detail, checked_at, since FROM main.cdcsync_contract_check WHERE pipeline = ?1 ORDER BY dataset, check_id")
        .With(pipeline)
        .All(row => new RecordedCheck(new DatasetId(row.Text(0)),
            new CheckResult(row.Text(1), ControlText.Read<CheckSeverity>(row.Text(2)), ControlText.Read<CheckVerdict>(row.Text(3)), row.IsNull(4) ? null : CheckValues.Of(row.Double(4)), row.Text(5), row.TextOrNull(6), Instant.Read(row.Text(7))),
            Instant.Read(row.Text(8))));
}
