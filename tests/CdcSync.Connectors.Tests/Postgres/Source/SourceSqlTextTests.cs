using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Sql;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>The statements that depend on a dataset, as a whole.</summary>
public sealed class SourceSqlTextTests
{
    private static readonly PostgresObject Orders = Object(ObjectKind.Table);
    private static readonly Dataset Rows = SourceDatabase.Dataset(new SourceObject.Table("s", "Orders"), null,
    [
        new("tenant", "tenant", new StringType(), new StringType(), 0), new("no", "no", new Int32Type(), new Int32Type(), 1), new("tags", "tags", new StringType(), new StringType()),
        new("at", "at", new TimestampType(TimeUnit.Microsecond, "UTC"), new TimestampType(TimeUnit.Microsecond, "UTC")),
    ]);

    [Fact]
    public void All_rows_come_by_binary_copy_and_what_has_no_reader_as_text() => Assert.Equal(
        """COPY (SELECT b."tenant", b."no", b."tags"::text, b."at" FROM ONLY "s"."Orders" AS b) TO STDOUT (FORMAT binary)""",
        RowsSql.Copy(RowsSql.All(Rows, Orders)));

    [Fact]
    public void A_partitioned_table_is_read_with_its_partitions() => Assert.Equal(
        """SELECT b."tenant", b."no", b."tags"::text, b."at" FROM "s"."Orders" AS b""", RowsSql.All(Rows, Object(ObjectKind.Partitioned)));

    [Fact]
    public void A_range_is_compared_as_a_row_of_its_own_types() => Assert.Equal(
        """
        SELECT b."tenant", b."no", b."tags"::text, b."at" FROM ONLY "s"."Orders" AS b WHERE (b."tenant", b."no") > (pg_catalog.current_setting('cdcsync.p0')::"pg_catalog"."text", pg_catalog.current_setting('cdcsync.p1')::"pg_catalog"."int8") AND (b."tenant", b."no") <= (pg_catalog.current_setting('cdcsync.p2')::"pg_catalog"."text", pg_catalog.current_setting('cdcsync.p3')::"pg_catalog"."int8")
        """, RangesSql.Rows(Rows, Orders, RangeBounds.From | RangeBounds.To));

    [Fact]
    public void Bounds_are_taken_from_the_key_in_its_order() => Assert.Equal(
        """
        SELECT n.k0::text, n.k1::text
        FROM (SELECT b."tenant" AS k0, b."no" AS k1, row_number() OVER key AS place, lead(true) OVER key AS has_next
              FROM ONLY "s"."Orders" AS b WINDOW key AS (ORDER BY b."tenant", b."no")) AS n
        WHERE n.place % $1 = 0 AND n.has_next ORDER BY n.place
        """, RangesSql.Bounds(Rows, Orders));

    [Fact]
    public void Marks_are_compared_in_their_own_type()
    {
        Assert.Equal(
            """
            SELECT b."tenant", b."no", b."tags"::text, b."at" FROM ONLY "s"."Orders" AS b WHERE b."at" >= pg_catalog.current_setting('cdcsync.p0')::"pg_catalog"."timestamptz"
            """, MarksSql.From(Rows, Orders, Orders.Column("at")!));
        Assert.Equal(
            """
            SELECT (extract(epoch FROM max(b."at")) * 1000000)::bigint FROM ONLY "s"."Orders" AS b
            WHERE b."at" <= $1::"pg_catalog"."timestamptz" AND isfinite(b."at")
            """, MarksSql.HighestStamp(Rows, Orders, Orders.Column("at")!));
        Assert.Equal(
            """
            SELECT b."tenant", b."no", b."tags"::text, b."at" FROM unnest(pg_catalog.current_setting('cdcsync.p0')::"pg_catalog"."int8"[], pg_catalog.current_setting('cdcsync.p1')::"pg_catalog"."int8"[]) AS g(first, last)
            JOIN ONLY "s"."Orders" AS b ON b."no" BETWEEN g.first AND g.last
            """, MarksSql.LateNumbers(Rows, Orders, Orders.Column("no")!));
    }

    [Fact]
    public void What_is_compared_with_is_set_by_parameters() => Assert.Equal(
        "SELECT pg_catalog.set_config('cdcsync.p0', $1, true), pg_catalog.set_config('cdcsync.p1', $2, true)", SessionSql.Set(2));

    private static PostgresObject Object(ObjectKind kind)
    {
        static PostgresTypeInfo Base(uint oid, string name) => new(oid, "pg_catalog", name, 'b');
        PostgresColumn[] columns =
        [
            new(1, "tenant", Base(PostgresOid.Text, "text"), -1, "text"), new(2, "no", Base(PostgresOid.Int4, "int4"), -1, "integer"),
            new(3, "tags", new PostgresTypeInfo(1009, "pg_catalog", "_text", 'b', Base(PostgresOid.Text, "text")), -1, "text[]"),
            new(4, "at", Base(PostgresOid.TimestampTz, "timestamptz"), -1, "timestamp with time zone"),
        ];
        return new PostgresObject(1, "s", "Orders", kind, columns) { Key = [columns[0], columns[1]] };
    }
}
