using System.Security.Cryptography;
using System.Text;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;
using Microsoft.Data.SqlClient;
using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>Rows of the control tables, as they are read and written.</summary>
internal static class ControlRows
{
    /// <summary>A checkpoint from seven columns, beginning with the generation; null where that is.</summary>
    public static Checkpoint? Checkpoint(SqlDataReader r, int at) => r.IsDBNull(at) ? null : new Checkpoint(
        r.GetInt64(at), new SourceIdentity(r.GetString(at + 1), r.GetString(at + 2)), new Position(r.GetString(at + 3), r.GetString(at + 4)),
        ControlText.ReadSnapshot(TextOrNull(r, at + 5)), InstantOrNull(r, at + 6));

    /// <summary>A line of <see cref="StateSql.ReadLedger"/>.</summary>
    public static LedgerEntry LedgerEntry(SqlDataReader r)
    {
        var kind = r.GetString(4);
        var landing = r.IsDBNull(14) ? null : new LandedFile(r.GetString(14), r.GetString(15), r.GetInt64(16), r.GetInt64(17));
        var draft = new LedgerDraft(ControlText.Read<BatchKind>(r.GetString(3)), TextOrNull(r, 5) is { } after ? new Position(kind, after) : null, new Position(kind, r.GetString(6)),
            r.GetInt64(8), r.GetInt64(9), landing, Instant(r, 18), InstantOrNull(r, 19), r.IsDBNull(7) ? null : r.GetInt32(7));
        return new LedgerEntry(r.GetGuid(0), new DatasetId(r.GetString(1)), r.GetInt64(2), draft,
            new MergeStats(r.GetInt64(10), r.GetInt64(11), r.GetInt64(12), r.GetInt64(13)), Instant(r, 21), r.GetString(20));
    }

    /// <summary>A line of <see cref="StateSql.ReadStatus"/>.</summary>
    public static DatasetStatus Status(string pipeline, SqlDataReader r)
    {
        var state = new DatasetState(pipeline, new DatasetId(r.GetString(0)), new TargetTable(r.GetString(1) is { Length: > 0 } schema ? schema : null, r.GetString(2)),
            ControlText.Read<DatasetPhase>(r.GetString(3)), TextOrNull(r, 4), TextOrNull(r, 5), r.IsDBNull(6) ? null : TimeSpan.FromSeconds(r.GetDouble(6)),
            new ContractReference(r.GetString(7), r.GetString(8), r.GetString(9)));
        return new DatasetStatus(state, Checkpoint(r, 10), InstantOrNull(r, 17), r.GetInt64(18));
    }

    /// <summary>A line of <see cref="ReconciliationSql.ReadComparisons"/>.</summary>
    public static Core.Reconciliation.RecordedComparison Comparison(SqlDataReader r) => new(r.GetGuid(0), new DatasetId(r.GetString(1)), ControlText.ReadMode(r.GetString(2)), Instant(r, 3), Instant(r, 4),
        ControlText.Read<Core.Reconciliation.ReconcileOutcome>(r.GetString(5)), r.GetInt64(6), r.GetInt64(7), new Core.Reconciliation.DriftCounts(r.GetInt64(8), r.GetInt64(9), r.GetInt64(10)), r.GetInt64(11), ControlText.ReadReport(TextOrNull(r, 12)));

    /// <summary>The values of a <see cref="ControlSql.IdleRow"/>.</summary>
    public static IEnumerable<SqlParameter> Idle(KeyValuePair<DatasetId, CheckpointMove> move, int row) =>
    [
        DatasetName.At(row).With(move.Key.Value), Expected.At(row).With(move.Value.ExpectedGeneration), Next.At(row).With(move.Value.Next.Generation),
        SourceKind.At(row).With(move.Value.Next.Source.Kind), SourceId.At(row).With(move.Value.Next.Source.Id),
        PositionKind.At(row).With(move.Value.Next.Stream.Kind), PositionText.At(row).With(move.Value.Next.Stream.Canonical),
        Snapshot.At(row).With(ControlText.OfSnapshot(move.Value.Next.Snapshot)), CompleteUpTo.At(row).WithInstant(move.Value.Next.CompleteUpTo),
    ];

    /// <summary>The values of a <see cref="StateSql.QuarantineRow"/>.</summary>
    public static IEnumerable<SqlParameter> Quarantined(QuarantinedRow quarantined, int row) =>
    [
        Digest(quarantined.Key, row), RowKey.At(row).With(quarantined.Key), Rule.At(row).With(quarantined.Rule), Column.At(row).With(quarantined.Column),
        Reason.At(row).With(quarantined.Reason), Payload.At(row).With(quarantined.Payload),
    ];

    /// <summary>What stands for a row's key in the quarantine's own key.</summary>
    public static SqlParameter Digest(string key, int row) => DigestOrNull(key, row);

    /// <inheritdoc cref="Digest"/>
    public static SqlParameter DigestOrNull(string? key, int row) => RowDigest.At(row).With(key is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))));
}
