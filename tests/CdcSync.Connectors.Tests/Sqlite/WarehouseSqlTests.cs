using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Tests.Sqlite;

/// <summary>The text of the statements, whole.</summary>
public sealed class WarehouseSqlTests
{
    private static readonly Dictionary<string, string> Binary = [];

    [Fact]
    public void A_target_refuses_null_in_its_key_only()
    {
        Assert.Equal("""
            CREATE TABLE main."accounts" (
                "id" INTEGER NOT NULL,
                "name" TEXT,
                "amount" DECIMAL(12,2),
                _cdc_deleted_at TEXT,
                PRIMARY KEY ("id")
            )
            """, TargetDdl.Create(SqliteTable.For(TestDatasets.Accounts(DeleteMode.Soft))));
    }

    [Fact]
    public void A_soft_delete_marks_leaves_tombstones_and_an_upsert_takes_the_mark_away()
    {
        var sql = new MergeSql(SqliteTable.For(TestDatasets.Accounts(DeleteMode.Soft)), "s1", Binary);

        Assert.Equal("CREATE TEMP TABLE s1 (kind INTEGER NOT NULL, c0 INTEGER, c1 TEXT, c2 DECIMAL(12,2), PRIMARY KEY (c0))", sql.CreateStage);
        Assert.Equal("INSERT OR REPLACE INTO temp.s1 (kind, c0, c1, c2) VALUES (?1, ?2, ?3, ?4)", sql.InsertStaged);
        Assert.Equal("DELETE FROM main.\"accounts\" AS t WHERE t.\"id\" IN (SELECT s.c0 FROM temp.s1 AS s WHERE s.kind = 2)", sql.Erase);
        Assert.Equal("UPDATE main.\"accounts\" AS t SET _cdc_deleted_at = ?1 WHERE t._cdc_deleted_at IS NULL AND t.\"id\" IN (SELECT s.c0 FROM temp.s1 AS s WHERE s.kind = 1)", sql.Mark);
        Assert.Equal("""
            INSERT INTO main."accounts" ("id", _cdc_deleted_at)
            SELECT s.c0, ?1 FROM temp.s1 AS s WHERE s.kind = 1
            ON CONFLICT ("id") DO NOTHING
            """, sql.Tombstones);
        Assert.Equal("UPDATE main.\"accounts\" AS t SET _cdc_deleted_at = ?1 WHERE t._cdc_deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM temp.s1 AS s WHERE t.\"id\" = s.c0 AND s.kind <> 1)", sql.MarkAbsent);
        Assert.Equal("""
            INSERT INTO main."accounts" AS t ("id", "name", "amount")
            SELECT s.c0, s.c1, s.c2 FROM temp.s1 AS s WHERE s.kind = 0
            ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "amount" = excluded."amount", _cdc_deleted_at = NULL
             WHERE (t."name", t."amount") IS NOT (excluded."name", excluded."amount") OR t._cdc_deleted_at IS NOT NULL
            """, sql.Upsert);
    }

    [Fact]
    public void A_composite_key_clusters_its_stage_and_is_compared_whole()
    {
        var dataset = TestDatasets.Of("lines", 2, ("order", StringType.Default), ("line", Int32Type.Default), ("note", StringType.Default));
        var sql = new MergeSql(SqliteTable.For(dataset), "s1", new Dictionary<string, string> { ["order"] = "NOCASE" });

        Assert.Equal("CREATE TEMP TABLE s1 (kind INTEGER NOT NULL, c0 TEXT COLLATE \"NOCASE\", c1 INTEGER, c2 TEXT, PRIMARY KEY (c0, c1)) WITHOUT ROWID", sql.CreateStage);
        Assert.Equal("DELETE FROM main.\"lines\" AS t WHERE (t.\"order\", t.\"line\") IN (SELECT s.c0, s.c1 FROM temp.s1 AS s WHERE s.kind = 1)", sql.Delete);
        Assert.Equal("DELETE FROM main.\"lines\" AS t WHERE NOT EXISTS (SELECT 1 FROM temp.s1 AS s WHERE t.\"order\" = s.c0 AND t.\"line\" = s.c1 AND s.kind <> 1)", sql.DeleteAbsent);
        Assert.Equal("SELECT count(*), count(t.\"order\") FROM temp.s1 AS s LEFT JOIN main.\"lines\" AS t ON t.\"order\" = s.c0 AND t.\"line\" = s.c1 WHERE s.kind = 0", sql.CountUpserts);
        Assert.Equal("SELECT count(*) FROM temp.s1 AS s CROSS JOIN main.\"lines\" AS t ON t.\"order\" = s.c0 AND t.\"line\" = s.c1 WHERE s.kind = 1", sql.CountDeletes);
    }

    [Fact]
    public void Without_a_key_contents_are_compared_as_bags_of_rows()
    {
        var sql = new MergeSql(SqliteTable.For(TestDatasets.Of("log", 0, ("line", StringType.Default)) with { Deletes = DeleteMode.Soft }), "s1", Binary);

        Assert.Equal("CREATE TEMP TABLE s1 (kind INTEGER NOT NULL, c0 TEXT)", sql.CreateStage);
        Assert.Equal("""
            SELECT total(n <> m), total(max(n - m, 0)) FROM (
                SELECT sum(n) AS n, sum(m) AS m FROM (
                    SELECT 1 AS n, 0 AS m, t."line" AS c0 FROM main."log" AS t
                    UNION ALL
                    SELECT 0, 1, s.c0 FROM temp.s1 AS s)
                GROUP BY c0)
            """, sql.CompareContent);
        Assert.Equal("INSERT INTO main.\"log\" (\"line\") SELECT s.c0 FROM temp.s1 AS s", sql.InsertAll);
    }

    [Fact]
    public async Task Every_table_and_column_of_the_control_schema_is_documented()
    {
        await using var fixture = new WarehouseFixture();
        await using var warehouse = fixture.Open("pipe");
        await warehouse.Control.MigrateAsync(default);
        using var connection = fixture.Connect();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT substr(l.name, 9), x.name FROM pragma_table_list AS l, pragma_table_xinfo(l.name) AS x WHERE l.name LIKE 'cdcsync@_%' ESCAPE '@'";
        using var reader = command.ExecuteReader();
        var found = new List<(string Table, string Column)>();
        while (reader.Read()) found.Add((reader.GetString(0), reader.GetString(1)));

        // The view repeats what its tables say.
        Assert.Equal(12, found.Select(f => f.Table).Distinct().Count());
        Assert.All(found.Where(f => f.Table != "dataset_status"), f => Assert.Contains(f.Column, StateDocument.Tables[f.Table]));
    }

    [Theory]
    [InlineData("sqlite_mine", null)]
    [InlineData("CDCSYNC_ledger", null)]
    [InlineData("", null)]
    [InlineData("a\0b", null)]
    [InlineData("orders", "dbo")]
    public void A_target_name_that_SQLite_or_the_control_schema_has_for_itself_is_refused(string name, string? schema)
    {
        var error = Assert.Throws<CdcSyncException>(() => SqliteTable.For(TestDatasets.Accounts() with { Target = new TargetTable(schema, name) }));

        Assert.Equal(ErrorCodes.InvalidName, error.Code);
    }

    [Fact]
    public void Columns_that_differ_in_the_case_of_ASCII_letters_only_are_one_name_and_refused()
    {
        var error = Assert.Throws<CdcSyncException>(() => SqliteTable.For(TestDatasets.Of("a", 1, ("id", Int64Type.Default), ("Name", StringType.Default), ("nAME", StringType.Default))));
        Assert.Equal(ErrorCodes.TargetMismatch, error.Code);
        Assert.Contains("'Name' and 'nAME'", error.Message, StringComparison.Ordinal);

        Assert.Equal(3, SqliteTable.For(TestDatasets.Of("a", 1, ("id", Int64Type.Default), ("É", StringType.Default), ("é", StringType.Default))).Columns.Count);
        Assert.Throws<CdcSyncException>(() => SqliteTable.For(TestDatasets.Of("a", 1, ("id", Int64Type.Default), ("_CDC_deleted_at", StringType.Default))));
    }

    [Theory]
    [InlineData("BIGINT", Affinity.Integer)]
    [InlineData("int unsigned", Affinity.Integer)]
    [InlineData("CHARINT", Affinity.Integer)]
    [InlineData("varchar(10)", Affinity.Text)]
    [InlineData("NCLOB", Affinity.Text)]
    [InlineData("", Affinity.Blob)]
    [InlineData("BLOB", Affinity.Blob)]
    [InlineData("DOUBLE PRECISION", Affinity.Real)]
    [InlineData("FLOAT", Affinity.Real)]
    [InlineData("DECIMAL(10,2)", Affinity.Numeric)]
    [InlineData("DATETIME", Affinity.Numeric)]
    [InlineData("BOOLEAN", Affinity.Numeric)]
    internal void A_declared_type_has_the_affinity_that_SQLite_gives_it(string declared, Affinity affinity) => Assert.Equal(affinity, ColumnType.AffinityOf(declared));

    [Fact]
    public void An_existing_column_takes_a_type_only_where_it_changes_no_value()
    {
        Assert.True(ColumnType.Holds(Int64Type.Default, "BIGINT"));
        Assert.False(ColumnType.Holds(Int64Type.Default, "REAL"));
        Assert.False(ColumnType.Holds(Int64Type.Default, "TEXT"));
        Assert.True(ColumnType.Holds(StringType.Default, "VARCHAR(3)"));
        Assert.False(ColumnType.Holds(StringType.Default, "DATETIME"));
        Assert.True(ColumnType.Holds(Date32Type.Default, "DATE"));
        Assert.True(ColumnType.Holds(new Decimal128Type(12, 2), "NUMERIC"));
        Assert.False(ColumnType.Holds(new Decimal128Type(16, 2), "NUMERIC"));
        Assert.False(ColumnType.Holds(new Decimal128Type(12, 2), "INTEGER"));
        Assert.True(ColumnType.Holds(new Decimal128Type(12, 0), "INTEGER"));
        Assert.False(ColumnType.Holds(BinaryType.Default, "TEXT"));
        Assert.True(ColumnType.Holds(BinaryType.Default, ""));
        Assert.All(TypeCases.All.Values.Where(t => ColumnType.Declared(t.Type) is not null), t => Assert.True(ColumnType.Holds(t.Type, ColumnType.Declared(t.Type)!)));
    }

    [Fact]
    public void Values_that_SQLite_has_no_form_for_are_rejected_one_verdict_a_row()
    {
        var dataset = TestDatasets.Of("typed", 1, ("id", Int64Type.Default), ("f", DoubleType.Default), ("d", Date32Type.Default), ("t", new Time64Type(TimeUnit.Microsecond)), ("ts", new TimestampType(TimeUnit.Second, null)));
        var chunk = Change.Chunk(dataset,
        [
            Change.Upsert(0L, 1.0, 0, 0L, 0L),
            Change.Upsert(1L, double.NaN, int.MinValue, 0L, 0L),
            Change.Upsert(2L, null, 2_932_897, 0L, 0L),
            Change.Upsert(3L, null, null, 86_400_000_000L, 0L),
            Change.Upsert(4L, null, null, -1L, 0L),
            Change.Upsert(5L, null, null, null, 253_402_300_800L),
            Change.Upsert(6L, null, -719_163, null, long.MinValue),
            Change.Delete(7L),
        ]);

        var rejections = new SqliteValueGate(dataset).Inspect(chunk);

        Assert.Equal([(1, "f"), (2, "d"), (3, "t"), (4, "t"), (5, "ts"), (6, "d")], rejections.Select(r => (r.Row, r.Column)));
        Assert.All(rejections, r => Assert.Equal("type", r.Rule));
    }
}
