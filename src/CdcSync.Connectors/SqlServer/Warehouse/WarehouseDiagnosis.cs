using System.Globalization;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>What <c>doctor</c> looks at in a SQL Server warehouse.</summary>
internal sealed class WarehouseDiagnosis(WarehouseSessions sessions, SqlServerTargets targets)
{
    private const int OldestCompatibility = 130;

    /// <summary>Looks.</summary>
    public async ValueTask<IReadOnlyList<Finding>> FindingsAsync(IReadOnlyList<Dataset> datasets, CancellationToken ct)
    {
        var health = (await sessions.RunAsync("looking at the database", session => session.RowsAsync(new Statement(SessionSql.Health()),
            r => new DatabaseHealth(r.GetString(0), r.GetInt32(1), r.GetInt32(2) == 1, r.GetString(3), r.IsDBNull(4) || r.GetInt32(4) == 1), ct), ct)).FirstOrDefault();
        var findings = health is null ? [] : Of(health);
        foreach (var dataset in datasets)
        {
            findings.Add(await TargetAsync(dataset, ct));
            findings.AddRange(await ComparisonAsync(dataset, ct));
        }

        return findings;
    }

    private static List<Finding> Of(DatabaseHealth health)
    {
        var words = string.Create(CultureInfo.InvariantCulture, $"SQL Server {health.Version}, compatibility level {health.Compatibility}");
        var alter = $"ALTER DATABASE {SqlServerDialect.Quote(health.Name)} SET";
        return
        [
            health.Compatibility >= OldestCompatibility ? Finding.Pass("server", words)
                : Finding.Fail("server", new CdcSyncException(ErrorCodes.WarehouseFailed, string.Create(CultureInfo.InvariantCulture, $"{words}: {OldestCompatibility} or more is needed."), $"{alter} COMPATIBILITY_LEVEL = {OldestCompatibility}; Run: cdcsync doctor")),
            health.IsVersioned ? Finding.Pass("readers", "do not wait for publications (READ_COMMITTED_SNAPSHOT)")
                : Finding.Warn("readers", "READ_COMMITTED_SNAPSHOT is off: readers wait for publications, and a query over two targets may see one before it and the other after.", $"{alter} READ_COMMITTED_SNAPSHOT ON;"),
            health.MayCreate ? Finding.Pass("rights", "the login may create tables")
                : Finding.Warn("rights", "the login may not create tables: targets must be there, and temporary tables are enough for the rest.", "Run: cdcsync grants"),
        ];
    }

    private async Task<Finding> TargetAsync(Dataset dataset, CancellationToken ct)
    {
        try
        {
            var plan = await targets.PlanAsync(dataset, ct);
            return Finding.Pass("target", plan.Count == 0 ? $"{dataset.Target} is as it should be" : $"the next sync prepares it ({string.Join("; ", plan)})", dataset.Id);
        }
        catch (CdcSyncException fault) when (!fault.IsTransient)
        {
            return Finding.Fail("target", fault, dataset.Id);
        }
    }

    private async Task<IEnumerable<Finding>> ComparisonAsync(Dataset dataset, CancellationToken ct)
    {
        try
        {
            var columns = dataset.Key.Count > 0 ? await new SqlServerTargetDigests(sessions, dataset).TravellingAsync(ct) : [];
            return columns.Count == 0 ? [] : [Finding.Pass("comparison", $"reads all rows to hash them here: T-SQL of this server has no form for {string.Join(", ", columns)}", dataset.Id)];
        }
        catch (CdcSyncException fault) when (!fault.IsTransient)
        {
            // The target's own finding says what is wrong with it.
            return [];
        }
    }

    private sealed record DatabaseHealth(string Version, int Compatibility, bool IsVersioned, string Name, bool MayCreate);
}
