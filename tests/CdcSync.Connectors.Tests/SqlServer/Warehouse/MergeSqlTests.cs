using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.SqlServer.Warehouse;

/// <summary>The statements as whole texts.</summary>
public sealed class MergeSqlTests
{
    private static readonly SqlServerTable Accounts = SqlServerTable.For(TestDatasets.Accounts(DeleteMode.Soft), "dbo");
    private static readonly SqlServerTable Tags = SqlServerTable.For(TestDatasets.Of("tags", 1, ("tag", StringType.Default), ("n", Int32Type.Default)), "dbo");

    [Fact]
    public void A_created_table_keeps_the_length_of_a_texts_key_in_its_key() => Assert.Equal("""
        CREATE TABLE [dbo].[tags] (
            [tag] nvarchar(450) COLLATE Latin1_General_100_BIN2 NOT NULL,
            [n] int NULL,
            _cdc_length_1 AS DATALENGTH([tag]) PERSISTED NOT NULL,
            PRIMARY KEY CLUSTERED ([tag], _cdc_length_1)
        );
        """, TargetSql.CreateTable(Tags).Text);

    [Fact]
    public void A_stage_has_the_collations_of_the_target_not_of_tempdb() => Assert.Equal("""
        CREATE TABLE #stage (
            _cdc_kind tinyint NOT NULL,
            _cdc_seq bigint NOT NULL,
            c0 nvarchar(450) COLLATE Latin1_General_BIN NOT NULL,
            c1 int NULL,
            PRIMARY KEY CLUSTERED (c0, _cdc_seq)
        );
        """, Over(Tags).CreateStage().Text);

    [Fact]
    public void Of_each_key_the_last_change_is_left() => Assert.Equal("""
        DELETE s
          FROM #stage AS s
         WHERE EXISTS (SELECT 1 FROM #stage AS l WHERE l.c0 = s.c0 AND DATALENGTH(l.c0) = DATALENGTH(s.c0) AND l._cdc_seq > s._cdc_seq);
        """, Over(Tags).Fold().Text);

    [Fact]
    public void A_merge_deletes_updates_inserts_and_writes_the_ledger_with_its_counts() => Assert.Equal($"""
        DECLARE @inserted bigint = 0, @updated bigint = 0, @deleted bigint = 0, @erased bigint = 0;
        DELETE t FROM [dbo].[accounts] AS t WHERE EXISTS (SELECT 1 FROM #stage AS s WHERE s._cdc_kind = 2 AND t.[id] = s.c0);
        SET @erased = ROWCOUNT_BIG();
        UPDATE t SET _cdc_deleted_at = SYSUTCDATETIME() FROM [dbo].[accounts] AS t WHERE t._cdc_deleted_at IS NULL AND EXISTS (SELECT 1 FROM #stage AS s WHERE s._cdc_kind = 1 AND t.[id] = s.c0);
        SET @deleted = ROWCOUNT_BIG();
        INSERT INTO [dbo].[accounts] ([id], _cdc_deleted_at)
        SELECT s.c0, SYSUTCDATETIME()
          FROM #stage AS s
         WHERE s._cdc_kind = 1 AND NOT EXISTS (SELECT 1 FROM [dbo].[accounts] AS t WHERE t.[id] = s.c0);
        SET @deleted = @deleted + ROWCOUNT_BIG();
        UPDATE t
           SET [name] = s.c1, [amount] = s.c2, _cdc_deleted_at = NULL
          FROM [dbo].[accounts] AS t
          JOIN #stage AS s ON t.[id] = s.c0
         WHERE s._cdc_kind = 0 AND (EXISTS (SELECT t.[name] COLLATE Latin1_General_100_BIN2, DATALENGTH(t.[name]), t.[amount] EXCEPT SELECT s.c1 COLLATE Latin1_General_100_BIN2, DATALENGTH(s.c1), s.c2) OR t._cdc_deleted_at IS NOT NULL);
        SET @updated = ROWCOUNT_BIG();
        INSERT INTO [dbo].[accounts] ([id], [name], [amount])
        SELECT s.c0, s.c1, s.c2
          FROM #stage AS s
         WHERE s._cdc_kind = 0 AND NOT EXISTS (SELECT 1 FROM [dbo].[accounts] AS t WHERE t.[id] = s.c0);
        SET @inserted = ROWCOUNT_BIG();
        {ControlSql.LedgerText}
        SELECT @inserted AS inserted, @updated AS updated, @deleted AS deleted, @erased AS erased;
        """, Over(Accounts).Publish(PublishMode.Merge, StagedKinds.Upserts | StagedKinds.Deletes | StagedKinds.Erases).Text);

    [Fact]
    public void Rows_whose_keys_are_certainly_new_are_inserted_in_the_order_of_the_key_without_a_look_at_the_target() => Assert.Equal($"""
        DECLARE @inserted bigint = 0, @updated bigint = 0, @deleted bigint = 0, @erased bigint = 0;
        INSERT INTO [dbo].[accounts] ([id], [name], [amount])
        SELECT s.c0, s.c1, s.c2
          FROM #stage AS s
         WHERE s._cdc_kind = 0
         ORDER BY s.c0;
        SET @inserted = ROWCOUNT_BIG();
        {ControlSql.LedgerText}
        SELECT @inserted AS inserted, @updated AS updated, @deleted AS deleted, @erased AS erased;
        """, Over(Accounts).Publish(PublishMode.Append, StagedKinds.Upserts | StagedKinds.Erases).Text);

    [Fact]
    public void A_difference_deletes_what_the_stage_lacks_but_not_what_it_erased() => Assert.Contains(
        "DELETE t FROM [dbo].[tags] AS t WHERE NOT EXISTS (SELECT 1 FROM #stage AS s WHERE s._cdc_kind <> 1 AND t.[tag] = s.c0 AND DATALENGTH(t.[tag]) = DATALENGTH(s.c0));",
        Over(Tags).Publish(PublishMode.Difference, StagedKinds.Upserts).Text, StringComparison.Ordinal);

    private static MergeSql Over(SqlServerTable table) => new(table, "#stage", table.Key.Where(c => c.Type.IsText).ToDictionary(c => c, _ => "Latin1_General_BIN"));
}
