using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>Publishes a stage into its target, inside the transaction that the caller holds. Deletes come before upserts: a unique index of the user's may need their place.</summary>
internal static class Merge
{
    /// <summary>Runs the statements that the stage needs.</summary>
    /// <param name="session">The session that holds the transaction and the stage.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="now">The warehouse's time, for the marks of soft deletes.</param>
    public static MergeStats Run(SqliteSession session, SqliteStage stage, string now)
    {
        if (stage.Table.Key.Count == 0) return Replace(session, stage);
        var erased = stage.StagedErases == 0 ? 0 : session.Run(stage.Sql.Erase);
        var deleted = stage.IsWholeContent ? DeleteAbsent(session, stage, now) : stage.StagedDeletes == 0 ? 0 : Delete(session, stage, now);
        var (inserted, updated) = stage.StagedUpserts == 0 ? (0, 0) : Upsert(session, stage);
        return new MergeStats(inserted, updated, deleted, erased);
    }

    private static long Delete(SqliteSession session, SqliteStage stage, string now) => stage.Table.MarksDeletes
        ? session.Run(stage.Sql.Mark, now) + session.Run(stage.Sql.Tombstones, now)
        : session.Run(stage.Sql.Delete);

    private static long DeleteAbsent(SqliteSession session, SqliteStage stage, string now) => stage.Table.MarksDeletes
        ? session.Run(stage.Sql.MarkAbsent, now)
        : session.Run(stage.Sql.DeleteAbsent);

    private static (long Inserted, long Updated) Upsert(SqliteSession session, SqliteStage stage)
    {
        // SQLite tells how many rows an upsert changed, not which of them were there before.
        long staged, existing;
        using (var count = session.Prepare(stage.Sql.CountUpserts))
            (staged, existing) = count.First(row => (row.Int64(0), row.Int64(1)), missing: default);
        var changed = session.Run(stage.Sql.Upsert);
        return (staged - existing, changed - (staged - existing));
    }

    private static MergeStats Replace(SqliteSession session, SqliteStage stage)
    {
        if (!stage.IsWholeContent)
            throw new CdcSyncException(ErrorCodes.InternalError, $"{stage.Dataset.Id} has no key, so that its rows can't be merged.", "Report it as a bug. Run: cdcsync --version");
        using (var compare = session.Prepare(stage.Sql.CompareContent))
        {
            if (compare.First(row => row.Int64(0), missing: 0) == 0) return MergeStats.None;
        }
        var deleted = session.Run(stage.Sql.DeleteAll);
        return new MergeStats(session.Run(stage.Sql.InsertAll), 0, deleted, 0);
    }
}
