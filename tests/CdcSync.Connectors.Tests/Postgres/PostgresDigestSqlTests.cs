using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Digests;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Connectors.Tests.Postgres;

/// <summary>The statements that compute digests, as whole texts.</summary>
public sealed class PostgresDigestSqlTests
{
    private static readonly Dataset Accounts = TestDatasets.Accounts(DeleteMode.Soft);

    [Fact]
    public void All_rows_are_hashed_where_they_are() => Assert.Equal(
        """
        SELECT r.place >> $1, count(*), sum(r.hash::bit(64)::bigint)::text, sum((r.hash << 64)::bit(64)::bigint)::text
          FROM (SELECT coalesce(t."id"::bigint, 0) + 0 AS place, record_send(ROW(t."id"::bigint)) AS key, ('x' || md5(record_send(ROW(t."id"::bigint, t."name"::text, t."amount"::text))))::bit(128) AS hash, pg_is_in_recovery() FROM "public"."accounts" AS t WHERE t._cdc_deleted_at IS NULL) AS r
         GROUP BY 1
        """, Sql(Accounts).All());

    [Fact]
    public void Parts_of_an_integer_key_are_looked_up_by_the_key() => Assert.Equal(
        """
        SELECT r.place >> $1, count(*), sum(r.hash::bit(64)::bigint)::text, sum((r.hash << 64)::bit(64)::bigint)::text
          FROM unnest($2::bigint[], $3::bigint[]) AS p (first, last)
         CROSS JOIN LATERAL (SELECT coalesce(t."id"::bigint, 0) + 0 AS place, record_send(ROW(t."id"::bigint)) AS key, ('x' || md5(record_send(ROW(t."id"::bigint, t."name"::text, t."amount"::text))))::bit(128) AS hash, pg_is_in_recovery() FROM "public"."accounts" AS t WHERE t."id" BETWEEN p.first AND p.last AND t._cdc_deleted_at IS NULL OFFSET 0) AS r
         GROUP BY 1
        """, Sql(Accounts).Some());

    [Fact]
    public void Parts_of_a_key_of_dates_are_looked_up_by_the_key()
    {
        var days = TestDatasets.Of("days", 1, ("day", Date32Type.Default));
        var sql = new DigestSql(DigestTable.Of(PostgresTable.For(days, "public"), new Dictionary<string, PostgresType>()), DigestScope.Rows(days) with { Places = Places.OfTime(days)! });
        const string Place = """('x' || encode(date_send(t."day"), 'hex'))::bit(32)::integer::bigint""";
        Assert.Equal($"""
            SELECT r.place >> $1, count(*), sum(r.hash::bit(64)::bigint)::text, sum((r.hash << 64)::bit(64)::bigint)::text
              FROM unnest($2::date[], $3::date[]) AS p (first, last)
             CROSS JOIN LATERAL (SELECT coalesce({Place}, 0) AS place, record_send(ROW(t."day")) AS key, ('x' || md5(record_send(ROW(t."day"))))::bit(128) AS hash, pg_is_in_recovery() FROM "public"."days" AS t WHERE t."day" BETWEEN p.first AND p.last OFFSET 0) AS r
             GROUP BY 1
            """, sql.Some());
    }

    [Fact]
    public void Rows_are_found_by_a_key_of_several_parts() => Assert.Equal(
        """
        SELECT r.key, r.hash::bit(64)::bigint, (r.hash << 64)::bit(64)::bigint
          FROM unnest($1::text[], $2::integer[]) AS k (k0, k1)
         CROSS JOIN LATERAL (SELECT ('x' || left(md5(record_send(ROW(t."code"::text, t."line"::bigint))), 16))::bit(64)::bigint AS place, record_send(ROW(t."code"::text, t."line"::bigint)) AS key, ('x' || md5(record_send(ROW(t."code"::text, t."line"::bigint))))::bit(128) AS hash, pg_is_in_recovery() FROM "public"."lines" AS t WHERE t."code" = k.k0 AND t."line" = k.k1 OFFSET 0) AS r
        """, Sql(TestDatasets.Of("lines", 2, ("code", StringType.Default), ("line", Int32Type.Default))).Find());

    [Theory]
    [InlineData("decimal", "numeric(12,2)", "t.\"v\"::text", null)]
    [InlineData("decimal", "numeric(20,6)", "round(t.\"v\"::numeric, 2)::text", "t.\"v\"::numeric <> round(t.\"v\"::numeric, 2)")]
    [InlineData("float", "real", "CASE WHEN t.\"v\" = 'NaN' THEN 'NaN'::double precision ELSE t.\"v\"::double precision + 0 END", null)]
    [InlineData("integer", "bigint", "t.\"v\"::bigint", null)]
    [InlineData("integer", "numeric", "CASE WHEN t.\"v\" >= -9223372036854775808 AND t.\"v\" < 9223372036854775808 AND t.\"v\" = trunc(t.\"v\") THEN t.\"v\"::bigint END",
        "NOT (t.\"v\" >= -9223372036854775808 AND t.\"v\" < 9223372036854775808 AND t.\"v\" = trunc(t.\"v\"))")]
    public void A_wider_column_says_which_of_its_values_do_not_fit(string type, string found, string sql, string? misfit)
    {
        ArrowType arrow = type switch { "decimal" => new Decimal128Type(12, 2), "float" => FloatType.Default, _ => Int64Type.Default };
        Assert.Equal(new DigestColumn(sql, misfit), DigestColumn.Of("t.\"v\"", arrow, PostgresType.Parse(found)));
    }

    private static DigestSql Sql(Dataset dataset)
    {
        var table = PostgresTable.For(dataset, "public");
        return new DigestSql(DigestTable.Of(table, table.Columns.ToDictionary(c => c.Plain, c => c.Type)), DigestScope.Rows(dataset));
    }
}
