using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>The statements over the control tables that every publication and the lease need; pure. <see cref="StateSql"/> has the others.</summary>
internal static class ControlSql
{
    /// <summary>Rows that one statement takes as parameters.</summary>
    public const int RowsAtOnce = 200;

    private const TSqlKinds Locking = TSqlKinds.Control | TSqlKinds.Execute | TSqlKinds.Throw;

    private const string LockText = """
        DECLARE @result int;
        EXEC @result = sys.sp_getapplock @Resource = @resource, @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = @wait;
        IF @result < 0 THROW 51000, N'another worker holds the lock', 1;
        """;

    private const string HoldsLeaseText = "SELECT COUNT(*) AS held FROM cdcsync.lease WHERE pipeline = @pipeline AND token = @token AND holder = @holder AND expires_at > SYSUTCDATETIME();";

    /// <summary>Waits for a lock that the transaction holds to its end; throws if it can't be had.</summary>
    public static TSql Lock() => new(LockText, Locking, Resource, Wait);

    /// <summary>Holds the publication's own lock, for whoever asks about it, and tells whether the lease is held: 1 or 0.</summary>
    public static TSql BeginPublication() => new($"{LockText}\n{HoldsLeaseText}", Locking | TSqlKinds.Select, Resource, Wait, PipelineName, Token, Holder);

    /// <summary>1 if the lease still has its token and has not expired.</summary>
    public static TSql HoldsLease() => new(HoldsLeaseText, TSqlKinds.Select, PipelineName, Token, Holder);

    /// <summary>Moves a checkpoint: its row is locked from here to the end, so that a rival waits and then finds another generation. One row if it moved.</summary>
    public static TSql MoveCheckpoint() => new(
        """
        UPDATE cdcsync.[checkpoint]
           SET generation = @next, source_kind = @source_kind, source_id = @source_id, position_kind = @position_kind,
               position = @position, snapshot = @snapshot, complete_up_to = @complete_up_to, updated_at = SYSUTCDATETIME()
        OUTPUT inserted.generation
         WHERE pipeline = @pipeline AND dataset = @dataset AND generation = @expected;
        """, TSqlKinds.Update, [Expected, .. Checkpoint]);

    /// <summary>Makes the first checkpoint; one row if there was none. Of two workers that do so at once the second fails on the key.</summary>
    public static TSql CreateCheckpoint() => new(
        """
        INSERT INTO cdcsync.[checkpoint] (pipeline, dataset, generation, source_kind, source_id, position_kind, position, snapshot, complete_up_to, updated_at)
        OUTPUT inserted.generation
        SELECT @pipeline, @dataset, @next, @source_kind, @source_id, @position_kind, @position, @snapshot, @complete_up_to, SYSUTCDATETIME()
         WHERE NOT EXISTS (SELECT 1 FROM cdcsync.[checkpoint] AS c WHERE c.pipeline = @pipeline AND c.dataset = @dataset);
        """, TSqlKinds.Insert, Checkpoint);

    /// <summary>Moves what can be moved without waiting; a row per dataset that moved.</summary>
    /// <param name="rows">Datasets, at the most <see cref="RowsAtOnce"/>; each has the parameters of <see cref="IdleRow"/>.</param>
    public static TSql AdvanceIdle(int rows) => new(
        $"""
        BEGIN TRANSACTION;
        {string.Join('\n', Enumerable.Range(0, rows).Select(Advance))}
        COMMIT TRANSACTION;
        """, TSqlKinds.Transaction | TSqlKinds.Update, [PipelineName, Token, Holder, .. Enumerable.Range(0, rows).SelectMany(i => IdleRow.Select(p => p.At(i)))]);

    private static string Advance(int i) =>
        $"""
        UPDATE cdcsync.[checkpoint] WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
           SET generation = @next{i}, source_kind = @source_kind{i}, source_id = @source_id{i}, position_kind = @position_kind{i},
               position = @position{i}, snapshot = @snapshot{i}, complete_up_to = @complete_up_to{i}, updated_at = SYSUTCDATETIME()
        OUTPUT inserted.dataset
         WHERE pipeline = @pipeline AND dataset = @dataset{i} AND generation = @expected{i}
           AND EXISTS (SELECT 1 FROM cdcsync.lease AS l WHERE l.pipeline = @pipeline AND l.token = @token AND l.holder = @holder AND l.expires_at > SYSUTCDATETIME());
        """;

    /// <summary>Of one dataset in <see cref="AdvanceIdle"/>.</summary>
    public static IReadOnlyList<TSqlParameter> IdleRow { get; } = [DatasetName, Expected, Next, SourceKind, SourceId, PositionKind, PositionText, Snapshot, CompleteUpTo];

    /// <summary>The ledger's entry, as text for the end of a batch that has @inserted, @updated, @deleted and @erased, as variables or parameters.</summary>
    public const string LedgerText = """
        INSERT INTO cdcsync.ledger (publication, pipeline, dataset, generation, kind, position_kind, after_position, up_to_position, range_ordinal,
               rows_read, rows_quarantined, inserted, updated, deleted, erased,
               landing_path, landing_sha256, landing_rows, landing_bytes, source_time, newest_commit, holder, lease_token, committed_at)
        VALUES (@publication, @pipeline, @dataset, @generation, @kind, @position_kind, @after, @up_to, @range,
               @rows_read, @rows_quarantined, @inserted, @updated, @deleted, @erased,
               @landing_path, @landing_sha256, @landing_rows, @landing_bytes, @source_time, @newest_commit, @holder, @token, SYSUTCDATETIME());
        """;

    /// <summary>The parameters of <see cref="LedgerText"/> but the counts.</summary>
    public static IReadOnlyList<TSqlParameter> Ledger { get; } =
    [
        Publication, PipelineName, DatasetName, Generation, Kind, PositionKind, After, UpTo, RangeOrdinal, RowsRead, RowsQuarantined,
        LandingPath, LandingSha256, LandingRows, LandingBytes, SourceTime, NewestCommit, Holder, Token,
    ];

    /// <summary>Writes a ledger entry of a move without rows.</summary>
    public static TSql WriteLedger() => new(LedgerText, TSqlKinds.Insert, [.. Ledger, Inserted, Updated, Deleted, Erased]);

    /// <summary>
    /// 1 if a publication is in the ledger. Waits for the end of one that still runs on a connection that was lost. The ledger is read with locks also where
    /// READ_COMMITTED_SNAPSHOT is on.
    /// </summary>
    public static TSql WasCommitted() => new(
        """
        BEGIN TRANSACTION;
        DECLARE @result int;
        EXEC @result = sys.sp_getapplock @Resource = @resource, @LockMode = N'Shared', @LockOwner = N'Transaction', @LockTimeout = @wait;
        IF @result < 0 THROW 51000, N'the publication still runs on the server', 1;
        SELECT CASE WHEN EXISTS (SELECT 1 FROM cdcsync.ledger AS l WITH (READCOMMITTEDLOCK) WHERE l.publication = @publication) THEN 1 ELSE 0 END AS committed;
        COMMIT TRANSACTION;
        """, Locking | TSqlKinds.Transaction | TSqlKinds.Select, Resource, Wait, Publication);

    /// <summary>A row with the token and the end if the lease was taken. The transaction's lock lets one in at a time.</summary>
    public static TSql AcquireLease() => new(
        $"""
        BEGIN TRANSACTION;
        {LockText}
        UPDATE cdcsync.lease
           SET holder = @holder, token = token + 1, expires_at = DATEADD(millisecond, @milliseconds, SYSUTCDATETIME())
        OUTPUT inserted.token, inserted.expires_at
         WHERE pipeline = @pipeline AND expires_at <= SYSUTCDATETIME();
        INSERT INTO cdcsync.lease (pipeline, holder, token, expires_at)
        OUTPUT inserted.token, inserted.expires_at
        SELECT @pipeline, @holder, 1, DATEADD(millisecond, @milliseconds, SYSUTCDATETIME())
         WHERE NOT EXISTS (SELECT 1 FROM cdcsync.lease AS l WHERE l.pipeline = @pipeline);
        COMMIT TRANSACTION;
        """, Locking | TSqlKinds.Transaction | TSqlKinds.Update | TSqlKinds.Insert, Resource, Wait, PipelineName, Holder, Milliseconds);

    /// <summary>A row with the token and the end if the lease was still held.</summary>
    public static TSql RenewLease() => new(
        """
        UPDATE cdcsync.lease
           SET expires_at = DATEADD(millisecond, @milliseconds, SYSUTCDATETIME())
        OUTPUT inserted.token, inserted.expires_at
         WHERE pipeline = @pipeline AND token = @token AND holder = @holder AND expires_at > SYSUTCDATETIME();
        """, TSqlKinds.Update, PipelineName, Token, Holder, Milliseconds);

    /// <summary>The lease that somebody holds now.</summary>
    public static TSql ReadLease() => new("SELECT holder, token, expires_at FROM cdcsync.lease WHERE pipeline = @pipeline AND expires_at > SYSUTCDATETIME();", TSqlKinds.Select, PipelineName);

    /// <summary>Ends the lease where it is still held.</summary>
    public static TSql ReleaseLease() => new(
        """
        UPDATE cdcsync.lease
           SET expires_at = SYSUTCDATETIME()
         WHERE pipeline = @pipeline AND token = @token AND holder = @holder AND expires_at > SYSUTCDATETIME();
        """, TSqlKinds.Update, PipelineName, Token, Holder);

    private static IReadOnlyList<TSqlParameter> Checkpoint { get; } = [PipelineName, DatasetName, Next, SourceKind, SourceId, PositionKind, PositionText, Snapshot, CompleteUpTo];

    /// <summary>Several rows of VALUES.</summary>
    public static string List(int rows, Func<int, string> row) => string.Join(",\n                       ", Enumerable.Range(0, rows).Select(row));

    /// <summary>The parameters of a row, by name.</summary>
    public static string Names(IReadOnlyList<TSqlParameter> row, int i) => string.Join(", ", row.Select(p => p.At(i).Name));
}
