using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>What <c>doctor</c> looks at in a SQLite warehouse.</summary>
internal static class WarehouseDiagnosis
{
    /// <summary>Looks.</summary>
    /// <param name="session">In a read transaction.</param>
    /// <param name="path">The file.</param>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="datasets">Its datasets.</param>
    public static IReadOnlyList<Finding> Findings(SqliteSession session, string path, string pipeline, IReadOnlyList<Dataset> datasets) =>
        [Access(path), .. datasets.Select(d => Target(session, pipeline, d))];

    private static Finding Access(string path)
    {
        try
        {
            // Opened, not written: a file or folder that is read-only says so here.
            using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
                return Finding.Pass("file", $"{path} can be written");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Finding.Fail("file", new CdcSyncException(ErrorCodes.WarehouseDenied, $"{path} can't be written: {e.Message}", "Let this user write the file and its folder. Run: cdcsync migrate"));
        }
    }

    private static Finding Target(SqliteSession session, string pipeline, Dataset dataset)
    {
        try
        {
            var needed = SqliteWarehouse.Needed(session, SqliteTable.For(dataset));
            if (HasControlSchema(session)) StateRecords.RefuseTaken(session, pipeline, dataset.Id, dataset.Target);
            return Finding.Pass("target", needed.Count == 0 ? $"{dataset.Target} is as it should be" : $"the next sync prepares it ({string.Join("; ", needed.Select(n => n.Did))})", dataset.Id);
        }
        catch (CdcSyncException fault)
        {
            return Finding.Fail("target", fault, dataset.Id);
        }
    }

    private static bool HasControlSchema(SqliteSession session)
    {
        using var state = session.Prepare("SELECT count(*) FROM main.sqlite_schema WHERE name = 'cdcsync_dataset_state'");
        return state.First(row => row.Int64(0) != 0, missing: false);
    }
}
