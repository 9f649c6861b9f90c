using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Tests.Postgres;

/// <summary>The whole text of what is sent.</summary>
public sealed class PostgresMergeSqlTests
{
    private const StagedKinds AllKinds = StagedKinds.Upserts | StagedKinds.Deletes | StagedKinds.Erases;

    private static readonly PostgresTable Hard = Lines(DeleteMode.Hard);
    private static readonly PostgresTable Soft = Lines(DeleteMode.Soft);

    [Fact]
    public void A_stage_is_made_once_per_session_and_shape_and_empties_itself()
    {
        Assert.Equal("""
            CREATE TEMP TABLE IF NOT EXISTS pg_temp."cdcsync_9c6e68f7513e0c22ffe75582" (
                _cdc_kind smallint, _cdc_seq bigint, "order" bigint, "li""ne" text, "amount" numeric(12,2)
            ) ON COMMIT DELETE ROWS
            """, MergeSql.CreateStage(Hard));
        Assert.Equal("""COPY pg_temp."cdcsync_9c6e68f7513e0c22ffe75582" (_cdc_kind, _cdc_seq, "order", "li""ne", "amount") FROM STDIN (FORMAT binary)""", MergeSql.CopyStage(Hard));
        Assert.NotEqual(Hard.StageName, PostgresTable.For(TestDatasets.Of("lines", 2, ("order", Int64Type.Default), ("li\"ne", StringType.Default), ("amount", new Decimal128Type(12, 3))), "public").StageName);
    }

    [Fact]
    public void New_rows_go_into_the_target_itself_and_its_key_comes_after_them()
    {
        Assert.Equal("""COPY "public"."lines" ("order", "li""ne", "amount") FROM STDIN (FORMAT binary)""", MergeSql.CopyTarget(Hard));
        Assert.Equal("""ALTER TABLE "public"."lines" ADD PRIMARY KEY ("order", "li""ne")""", MergeSql.AddKey(Hard));
        Assert.Equal("""
            WITH upserted AS (
                INSERT INTO "public"."lines" ("order", "li""ne", "amount")
                SELECT r."order", r."li""ne", r."amount" FROM staged AS r WHERE r._cdc_kind = 0
                RETURNING true AS fresh
            )
            """, MergeSql.Append(Hard, "staged AS r", AllKinds).With);
        Assert.Equal(MergeText.Nothing, MergeSql.Append(Hard, "staged AS r", StagedKinds.Erases));
    }

    [Fact]
    public void A_small_stage_is_arrays_in_parameters()
    {
        Assert.Equal("""
            unnest($20::smallint[], $21::bigint[], $22::text[], $23::numeric(12,2)[])
                      WITH ORDINALITY AS r (_cdc_kind, "order", "li""ne", "amount", _cdc_seq)
            """, MergeSql.Arrays(Hard, 20));
    }

    [Fact]
    public void A_merge_and_its_ledger_entry_are_one_statement()
    {
        Assert.Equal("""
            WITH folded AS (
                SELECT DISTINCT ON (r."order", r."li""ne" COLLATE "C") r.*
                  FROM s AS r
                 ORDER BY r."order", r."li""ne" COLLATE "C", r._cdc_seq DESC
            ), erased AS (
                DELETE FROM "public"."lines" AS t USING folded AS f
                 WHERE f._cdc_kind = 2 AND t."order" = f."order" AND t."li""ne" = f."li""ne"
                RETURNING 1
            ), deleted AS (
                DELETE FROM "public"."lines" AS t USING folded AS f
                 WHERE f._cdc_kind = 1 AND t."order" = f."order" AND t."li""ne" = f."li""ne"
                RETURNING 1
            ), upserted AS (
                INSERT INTO "public"."lines" AS t ("order", "li""ne", "amount")
                SELECT f."order", f."li""ne", f."amount" FROM folded AS f
                 WHERE f._cdc_kind = 0 AND (SELECT count(*) FROM erased) >= 0 AND (SELECT count(*) FROM deleted) >= 0
                ON CONFLICT ("order", "li""ne") DO UPDATE SET "amount" = excluded."amount"
                 WHERE (t."amount") IS DISTINCT FROM (excluded."amount")
                RETURNING t.xmax = 0 AS fresh
            )
            INSERT INTO cdcsync.ledger (publication, pipeline, dataset, generation, kind, position_kind, after_position, up_to_position, range_ordinal,
                   rows_read, rows_quarantined, landing_path, landing_sha256, landing_rows, landing_bytes, source_time, newest_commit, holder, lease_token,
                   committed_at, inserted, updated, deleted, erased)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                   clock_timestamp(), (SELECT count(*) FROM upserted WHERE fresh), (SELECT count(*) FROM upserted WHERE NOT fresh), (SELECT count(*) FROM deleted), (SELECT count(*) FROM erased))
            RETURNING inserted, updated, deleted, erased
            """, ControlSql.Ledger(MergeSql.Merge(Hard, "s AS r", AllKinds)));
    }

    [Fact]
    public void What_a_stage_does_not_hold_is_not_in_its_merge()
    {
        Assert.Equal("""
            WITH folded AS (
                SELECT DISTINCT ON (r."order", r."li""ne" COLLATE "C") r.*
                  FROM s AS r
                 ORDER BY r."order", r."li""ne" COLLATE "C", r._cdc_seq DESC
            ), upserted AS (
                INSERT INTO "public"."lines" AS t ("order", "li""ne", "amount")
                SELECT f."order", f."li""ne", f."amount" FROM folded AS f
                 WHERE f._cdc_kind = 0
                ON CONFLICT ("order", "li""ne") DO UPDATE SET "amount" = excluded."amount"
                 WHERE (t."amount") IS DISTINCT FROM (excluded."amount")
                RETURNING t.xmax = 0 AS fresh
            )
            """, MergeSql.Merge(Hard, "s AS r", StagedKinds.Upserts).With);
        Assert.Equal(MergeText.Nothing, MergeSql.Merge(Hard, "s AS r", StagedKinds.None));
        Assert.StartsWith("INSERT INTO cdcsync.ledger", ControlSql.Ledger(MergeText.Nothing), StringComparison.Ordinal);
        Assert.Contains("clock_timestamp(), 0, 0, 0, 0)", ControlSql.Ledger(MergeText.Nothing), StringComparison.Ordinal);
    }

    [Fact]
    public void A_soft_delete_marks_or_leaves_a_tombstone_and_an_upsert_takes_the_mark_away()
    {
        Assert.Equal("""
            WITH folded AS (
                SELECT DISTINCT ON (r."order", r."li""ne" COLLATE "C") r.*
                  FROM s AS r
                 ORDER BY r."order", r."li""ne" COLLATE "C", r._cdc_seq DESC
            ), deleted AS (
                INSERT INTO "public"."lines" AS t ("order", "li""ne", _cdc_deleted_at)
                SELECT f."order", f."li""ne", clock_timestamp() FROM folded AS f WHERE f._cdc_kind = 1
                ON CONFLICT ("order", "li""ne") DO UPDATE SET _cdc_deleted_at = excluded._cdc_deleted_at
                 WHERE t._cdc_deleted_at IS NULL
                RETURNING 1
            ), upserted AS (
                INSERT INTO "public"."lines" AS t ("order", "li""ne", "amount")
                SELECT f."order", f."li""ne", f."amount" FROM folded AS f
                 WHERE f._cdc_kind = 0 AND (SELECT count(*) FROM deleted) >= 0
                ON CONFLICT ("order", "li""ne") DO UPDATE SET "amount" = excluded."amount", _cdc_deleted_at = NULL
                 WHERE (t."amount") IS DISTINCT FROM (excluded."amount") OR t._cdc_deleted_at IS NOT NULL
                RETURNING t.xmax = 0 AS fresh
            )
            """, MergeSql.Merge(Soft, "s AS r", StagedKinds.Upserts | StagedKinds.Deletes).With);
    }

    [Theory]
    [InlineData(DeleteMode.Hard, "DO NOTHING")]
    [InlineData(DeleteMode.Soft, "DO UPDATE SET _cdc_deleted_at = NULL\n     WHERE t._cdc_deleted_at IS NOT NULL")]
    public void A_table_that_is_all_key_has_nothing_to_update(DeleteMode deletes, string expected)
    {
        var table = PostgresTable.For(TestDatasets.Of("tags", 1, ("tag", StringType.Default)) with { Deletes = deletes }, "public");
        Assert.Contains($"ON CONFLICT (\"tag\") {expected}\n", MergeSql.Merge(table, "s AS r", AllKinds).With, StringComparison.Ordinal);
    }

    [Fact]
    public void A_difference_deletes_what_is_absent_and_touches_no_row_that_is_equal()
    {
        Assert.Equal("""
            WITH folded AS (
                SELECT DISTINCT ON (r."order", r."li""ne" COLLATE "C") r.*
                  FROM s AS r
                 ORDER BY r."order", r."li""ne" COLLATE "C", r._cdc_seq DESC
            ), deleted AS (
                DELETE FROM "public"."lines" AS t
                 WHERE NOT EXISTS (SELECT FROM folded AS f WHERE f._cdc_kind <> 1 AND t."order" = f."order" AND t."li""ne" = f."li""ne")
                RETURNING 1
            ), upserted AS (
                INSERT INTO "public"."lines" AS t ("order", "li""ne", "amount")
                SELECT f."order", f."li""ne", f."amount" FROM folded AS f
                 WHERE f._cdc_kind = 0 AND (SELECT count(*) FROM deleted) >= 0
                   AND NOT EXISTS (SELECT FROM "public"."lines" AS t WHERE t."order" = f."order" AND t."li""ne" = f."li""ne" AND (t."amount") IS NOT DISTINCT FROM (f."amount"))
                ON CONFLICT ("order", "li""ne") DO UPDATE SET "amount" = excluded."amount"
                 WHERE (t."amount") IS DISTINCT FROM (excluded."amount")
                RETURNING t.xmax = 0 AS fresh
            )
            """, MergeSql.Difference(Hard, "s AS r", StagedKinds.Upserts).With);
    }

    [Fact]
    public void A_difference_under_soft_delete_marks_what_is_absent_and_erases_all_the_same()
    {
        Assert.Equal("""
            WITH folded AS (
                SELECT DISTINCT ON (r."order", r."li""ne" COLLATE "C") r.*
                  FROM s AS r
                 ORDER BY r."order", r."li""ne" COLLATE "C", r._cdc_seq DESC
            ), erased AS (
                DELETE FROM "public"."lines" AS t USING folded AS f
                 WHERE f._cdc_kind = 2 AND t."order" = f."order" AND t."li""ne" = f."li""ne"
                RETURNING 1
            ), deleted AS (
                UPDATE "public"."lines" AS t SET _cdc_deleted_at = clock_timestamp()
                 WHERE t._cdc_deleted_at IS NULL AND NOT EXISTS (SELECT FROM folded AS f WHERE f._cdc_kind <> 1 AND t."order" = f."order" AND t."li""ne" = f."li""ne")
                RETURNING 1
            )
            """, MergeSql.Difference(Soft, "s AS r", StagedKinds.Erases).With);
    }

    [Fact]
    public void Without_a_key_the_content_is_replaced_where_it_differs()
    {
        var log = PostgresTable.For(TestDatasets.Of("log", 0, ("line", StringType.Default), ("n", Int64Type.Default)) with { Deletes = DeleteMode.Soft }, "audit");
        Assert.Equal("""
            WITH content AS (
                SELECT r."line", r."n" FROM s AS r WHERE r._cdc_kind = 0
            ), changed AS MATERIALIZED (
                SELECT EXISTS (
                    (SELECT * FROM content EXCEPT ALL SELECT t."line", t."n" FROM "audit"."log" AS t)
                    UNION ALL
                    (SELECT t."line", t."n" FROM "audit"."log" AS t EXCEPT ALL SELECT * FROM content)) AS yes
            ), deleted AS (
                DELETE FROM "audit"."log" AS t
                 WHERE (SELECT yes FROM changed)
                RETURNING 1
            ), upserted AS (
                INSERT INTO "audit"."log" ("line", "n")
                SELECT * FROM content
                 WHERE (SELECT yes FROM changed) AND (SELECT count(*) FROM deleted) >= 0
                RETURNING true AS fresh
            )
            """, MergeSql.Replace(log, "s AS r").With);
    }

    [Fact]
    public void A_gate_counts_live_rows_only()
    {
        Assert.Equal("""SELECT count(*) FROM "public"."lines" AS t WHERE t._cdc_deleted_at IS NULL""", MergeSql.CountLive(Soft));
        Assert.EndsWith("""
            SELECT count(*) FROM folded AS f JOIN "public"."lines" AS t ON t."order" = f."order" AND t."li""ne" = f."li""ne"
             WHERE f._cdc_kind = 1 AND t._cdc_deleted_at IS NULL
            """, MergeSql.CountMergeDeletes(Soft, "s AS r"), StringComparison.Ordinal);
        Assert.EndsWith("""
            SELECT count(*) FROM "public"."lines" AS t
             WHERE NOT EXISTS (SELECT FROM folded AS f WHERE f._cdc_kind <> 1 AND t."order" = f."order" AND t."li""ne" = f."li""ne")
            """, MergeSql.CountDifferenceDeletes(Hard, "s AS r"), StringComparison.Ordinal);
        Assert.Equal("""
            SELECT count(*) FROM (
                SELECT t."order", t."li""ne", t."amount" FROM "public"."lines" AS t
                EXCEPT ALL
                SELECT r."order", r."li""ne", r."amount" FROM s AS r WHERE r._cdc_kind = 0) AS gone
            """, MergeSql.CountReplaceDeletes(Hard, "s AS r"));
    }

    private static PostgresTable Lines(DeleteMode deletes)
    {
        var lines = TestDatasets.Of("lines", 2, ("order", Int64Type.Default), ("li\"ne", StringType.Default), ("amount", new Decimal128Type(12, 2)));
        return PostgresTable.For(lines with { Deletes = deletes }, "public");
    }
}
