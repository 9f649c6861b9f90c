using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;
using Microsoft.Data.SqlClient;
using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>What every transaction that moves a checkpoint does with the control tables.</summary>
internal static class PublicationSteps
{
    /// <summary>Locks the publication's identity, for whoever asks about it later, and looks whether the lease is held.</summary>
    public static async Task<bool> BeginAsync(WarehouseSession session, int lockMilliseconds, Guid publication, Lease lease, CancellationToken ct) =>
        await IsHeldAsync(session, new Statement(ControlSql.BeginPublication(), [LockOf(publication), Wait.With(lockMilliseconds), .. LeaseValues(lease)]), ct);

    /// <summary>Looks again, before the commit.</summary>
    public static async Task<bool> HoldsLeaseAsync(WarehouseSession session, Lease lease, CancellationToken ct) =>
        await IsHeldAsync(session, new Statement(ControlSql.HoldsLease(), [.. LeaseValues(lease)]), ct);

    /// <summary>Moves a checkpoint and keeps its row locked.</summary>
    /// <returns>False if its generation is another.</returns>
    public static async Task<bool> MoveAsync(WarehouseSession session, string pipeline, DatasetId dataset, CheckpointMove move, CancellationToken ct)
    {
        var isFirst = move.ExpectedGeneration == 0;
        SqlParameter[] values =
        [
            PipelineName.With(pipeline), DatasetName.With(dataset.Value), Next.With(move.Next.Generation), SourceKind.With(move.Next.Source.Kind), SourceId.With(move.Next.Source.Id),
            PositionKind.With(move.Next.Stream.Kind), PositionText.With(move.Next.Stream.Canonical), Snapshot.With(ControlText.OfSnapshot(move.Next.Snapshot)), CompleteUpTo.WithInstant(move.Next.CompleteUpTo),
            .. isFirst ? Array.Empty<SqlParameter>() : [Expected.With(move.ExpectedGeneration)],
        ];
        try
        {
            return await session.ScalarAsync(new Statement(isFirst ? ControlSql.CreateCheckpoint() : ControlSql.MoveCheckpoint(), values), ct) is not null;
        }
        catch (SqlException e) when (SqlServerErrors.Of(e) == SqlServerFault.DuplicateKey)
        {
            // Two workers made the first checkpoint at once.
            return false;
        }
    }

    /// <summary>The name of the lock that a publication holds until its transaction ends.</summary>
    public static SqlParameter LockOf(Guid publication) => Resource.With($"cdcsync.{publication:N}");

    public static IEnumerable<SqlParameter> LeaseValues(Lease lease) => [PipelineName.With(lease.Pipeline), Token.With(lease.Token), Holder.With(lease.Holder)];

    /// <summary>The values of <see cref="ControlSql.Ledger"/>.</summary>
    public static IEnumerable<SqlParameter> LedgerValues(Guid publication, Lease lease, DatasetId dataset, CheckpointMove move, LedgerDraft draft) =>
    [
        .. LeaseValues(lease), Publication.With(publication), DatasetName.With(dataset.Value), Generation.With(move.Next.Generation), Kind.With(ControlText.Of(draft.Kind)),
        PositionKind.With(draft.UpTo.Kind), After.With(draft.After?.Canonical), UpTo.With(draft.UpTo.Canonical), RangeOrdinal.With(draft.Range),
        RowsRead.With(draft.RowsRead), RowsQuarantined.With(draft.RowsQuarantined),
        LandingPath.With(draft.Landing?.Path), LandingSha256.With(draft.Landing?.Sha256), LandingRows.With(draft.Landing?.Rows), LandingBytes.With(draft.Landing?.Bytes),
        SourceTime.WithInstant(draft.SourceTime), NewestCommit.WithInstant(draft.NewestCommit),
    ];

    private static async Task<bool> IsHeldAsync(WarehouseSession session, Statement statement, CancellationToken ct) => (int)(await session.ScalarAsync(statement, ct))! == 1;
}
