using CdcSync.Arrow;
using CdcSync.Core.Contracts;

namespace CdcSync.Core.Tests.Contracts;

public sealed class ContractDiffTests
{
    private const string Contract = """
        apiVersion: v3.1.0
        kind: DataContract
        id: shop
        version: 1.2.0
        status: active
        team: { members: [{ username: a@example.com, role: Owner }] }
        schema:
          - name: orders
            properties:
              - { name: id, physicalType: int, primaryKey: true, required: true }
              - { name: status, logicalType: string, physicalType: varchar(20), required: true, logicalTypeOptions: { maxLength: 20 }, quality: [{ id: known, metric: nullValues, mustBe: 0 }] }
              - { name: amount, physicalType: "numeric(12,2)" }
              - { name: email, physicalType: text, unique: true }
            customProperties: [{ property: deadlines, value: [{ id: early, readyBy: '07:00', days: MON-FRI }] }]
          - name: returns
            properties:
              - { name: id, physicalType: bigint, primaryKey: true }
            quality:
              - { id: some, metric: rowCount, mustBeBetween: [10, 100] }
              - { type: sql, query: 'SELECT count(*) FROM {object}', mustBe: 5 }
        slaProperties:
          - { property: freshness, value: 5, unit: m }
          - { property: retention, value: 2, unit: y, element: orders.id }
        """;

    [Theory]
    [InlineData("primaryKey: true, required: true }", "primaryKey: true, required: true }", "")]
    [InlineData("{ name: id, physicalType: int,", "{ name: id, physicalType: bigint,", "orders.id widened: int32 became int64")]
    [InlineData("numeric(12,2)", "numeric(14,2)", "orders.amount widened: decimal128(12, 2) became decimal128(14, 2)")]
    [InlineData("numeric(12,2)", "numeric(12,3)", "! orders.amount narrowed: decimal128(12, 2) became decimal128(12, 3), which does not hold all its values")]
    [InlineData("{ name: amount, physicalType", "{ name: total, physicalType", "! orders.amount dropped: the column is gone; orders.total added: the column is new")]
    [InlineData("{ name: amount, physicalType", "{ name: amount, customProperties: [{ property: sourceColumn, value: total }], physicalType", "orders.amount source: it is read from 'total', not 'amount'")]
    [InlineData("varchar(20), required: true", "varchar(20), required: false", "! orders.status nullable: it may be null now")]
    [InlineData("{ name: amount, ", "{ name: amount, required: true, ", "orders.amount required: it is never null any more")]
    [InlineData(", unique: true", "", "! orders.email not-unique: a value may be there twice now")]
    [InlineData("maxLength: 20", "maxLength: 10", "")]
    [InlineData("maxLength: 20", "maxLength: 30", "! orders.status bound: maxLength was 20, and is 30")]
    [InlineData("maxLength: 20", "maxLength: 20, minLength: 1", "orders.status bound: minLength is 1 now")]
    [InlineData("id: known,", "id: other,", "! orders.status rule: the rule 'known' is no longer promised")]
    [InlineData("unique: true }", "unique: true, customProperties: [{ property: mask, value: { algorithm: hmac-sha256, key: pii } }] }", "! orders.email mask: it is masked now")]
    [InlineData("physicalType: bigint, primaryKey: true }", "physicalType: bigint, primaryKey: true, primaryKeyPosition: 1 }\n      - { name: line, physicalType: bigint, primaryKey: true, primaryKeyPosition: 2 }", "! returns key: the key was (id), and is (id, line); returns.line added: the column is new")]
    [InlineData("- name: returns", "- name: given_back", "! returns table-dropped: the table is gone; given_back table-added: the table is new")]
    [InlineData("- name: returns", "- name: returns\n    physicalName: given_back", "! returns renamed: the table 'returns' is 'given_back' now")]
    [InlineData("- name: returns", "- name: returns\n    customProperties: [{ property: consentFilter, value: { column: ok, values: [yes] } }]", "! returns filter: other rows are in the table: its consentFilter changed")]
    [InlineData("value: 5, unit: m", "value: 10, unit: m", "! orders freshness: freshness was promised within 00:05:00, and is within 00:10:00; ! returns freshness: freshness was promised within 00:05:00, and is within 00:10:00")]
    [InlineData("value: 5, unit: m", "value: 1, unit: m", "orders freshness: freshness was promised within 00:05:00, and is within 00:01:00; returns freshness: freshness was promised within 00:05:00, and is within 00:01:00")]
    [InlineData("- name: returns", "- name: returns\n    customProperties: [{ property: deadlines, value: [{ readyBy: '06:00' }] }]", "returns deadline: 'ready_by_0600' is promised now: complete up to 00:00 by 06:00 UTC")]
    [InlineData("readyBy: '07:00', days: MON-FRI", "readyBy: '06:30'", "orders deadline: 'early' was complete up to 00:00 by 07:00 UTC on Mon, Tue, Wed, Thu, Fri, and is complete up to 00:00 by 06:30 UTC")]
    [InlineData("readyBy: '07:00', days: MON-FRI", "readyBy: '07:30'", "! orders deadline: 'early' was complete up to 00:00 by 07:00 UTC on Mon, Tue, Wed, Thu, Fri, and is complete up to 00:00 by 07:30 UTC")]
    [InlineData("{ id: early, readyBy: '07:00', days: MON-FRI }", "", "! orders deadline: 'early' is no longer promised")]
    [InlineData("value: 2, unit: y", "value: 1, unit: y", "! orders retention: retention was 730.00:00:00, and is 365.00:00:00")]
    [InlineData("  - { property: freshness, value: 5, unit: m }\n", "", "! orders freshness: freshness within 00:05:00 is no longer promised; ! returns freshness: freshness within 00:05:00 is no longer promised")]
    [InlineData("physicalType: int, primaryKey: true", "physicalType: smallint, primaryKey: true", "! orders.id narrowed: int32 became int16, which does not hold all its values")]
    [InlineData("physicalType: int, primaryKey: true", "physicalType: text, primaryKey: true", "! orders.id narrowed: int32 became utf8, which does not hold all its values")]
    [InlineData("{ name: amount, ", "{ name: note, physicalType: text }\n      - { name: amount, ", "orders.note added: the column is new")]
    [InlineData("      - { name: amount, physicalType: \"numeric(12,2)\" }\n", "", "! orders.amount dropped: the column is gone")]
    [InlineData("physicalType: \"numeric(12,2)\" }", "physicalType: \"numeric(12,2)\", unique: true }", "")]
    [InlineData("logicalTypeOptions: { maxLength: 20 }, ", "", "! orders.status bound: maxLength 20 is no longer promised")]
    [InlineData("quality: [{ id: known, metric: nullValues, mustBe: 0 }]", "quality: [{ id: known, metric: nullValues, mustBe: 0 }, { id: more, metric: nullValues, mustBeLessThan: 1 }]", "")]
    [InlineData("id: known, metric: nullValues, mustBe: 0", "id: known, metric: nullValues, mustBeLessThan: 100", "! orders.status rule: the rule 'known' asked for 0, and asks for below 100")]
    [InlineData("mustBeBetween: [10, 100]", "mustBeBetween: [20, 90]", "returns rule: the rule 'some' asked for above 10 and below 100, and asks for above 20 and below 90")]
    [InlineData("mustBeBetween: [10, 100]", "mustBe: 10", "! returns rule: the rule 'some' asked for above 10 and below 100, and asks for 10")]
    [InlineData("mustBeBetween: [10, 100]", "mustBe: 99", "returns rule: the rule 'some' asked for above 10 and below 100, and asks for 99")]
    [InlineData("mustBeBetween: [10, 100]", "mustBeGreaterThan: 20", "! returns rule: the rule 'some' asked for above 10 and below 100, and asks for above 20")]
    [InlineData("mustBeBetween: [10, 100]", "mustBeBetween: [10, 100], severity: warning", "! returns rule: the rule 'some' says something else: it was RowCount, severity error, and is RowCount, severity warning")]
    [InlineData("      - { id: some, metric: rowCount, mustBeBetween: [10, 100] }\n", "", "! returns rule: the rule 'some' is no longer promised")]
    [InlineData("count(*) FROM", "sum(id) FROM", "! returns rule: the rule 'SELECT count(*) FROM {object}, severity error' is no longer promised")]
    [InlineData("id: known, metric: nullValues, mustBe: 0", "id: known, metric: nullValues, mustBe: 0, customProperties: [{ property: policy, value: warn }]", "! orders.status rule: the rule 'known' says something else: it was NullValues, severity error, and is NullValues, severity error, policy Warn")]
    [InlineData("role: Owner", "role: Owner, description: Somebody", "")]
    [InlineData("a@example.com", "b@example.com", "")]
    [InlineData("  - { property: retention, value: 2, unit: y, element: orders.id }", "", "! orders retention: the retention of 730.00:00:00 is no longer promised")]
    public void A_change_breaks_where_a_query_may_fail_or_mean_something_else(string from, string to, string expected)
    {
        Assert.Contains(from, Contract, StringComparison.Ordinal);
        var changes = ContractDiff.Of(Read(Contract), Read(Contract.Replace(from, to, StringComparison.Ordinal)));

        Assert.Equal(expected, string.Join("; ", changes.Select(c => $"{(c.IsBreaking ? "! " : "")}{c.Table}{(c.Column is null ? "" : $".{c.Column}")} {c.Kind}: {c.What}")));
    }

    [Theory]
    [InlineData("1.2.0", "unique: true", "unique: true", true)]
    [InlineData("1.2.0", "numeric(12,2)", "numeric(14,2)", false)]
    [InlineData("1.2.1", "numeric(12,2)", "numeric(14,2)", true)]
    [InlineData("1.3.0", "numeric(12,2)", "numeric(2,0)", false)]
    [InlineData("2.0.0", "numeric(12,2)", "numeric(2,0)", true)]
    public void The_version_says_as_much_as_the_changes(string version, string from, string to, bool suffices)
    {
        var (old, now) = (Read(Contract), Read(Contract.Replace("version: 1.2.0", $"version: {version}", StringComparison.Ordinal).Replace(from, to, StringComparison.Ordinal)));
        Assert.Equal(suffices, ContractDiff.VersionSuffices(old, now, ContractDiff.Of(old, now)));
    }

    [Fact]
    public void A_type_holds_another_where_each_of_its_values_is_one_of_its_own()
    {
        Assert.True(TypeWidth.Holds(new TimestampType(TimeUnit.Microsecond, null), new TimestampType(TimeUnit.Second, null)));
        Assert.False(TypeWidth.Holds(new TimestampType(TimeUnit.Microsecond, "UTC"), new TimestampType(TimeUnit.Second, null)));
        Assert.True(TypeWidth.Holds(new Decimal128Type(19, 0), Int64Type.Default));
        Assert.False(TypeWidth.Holds(new Decimal128Type(18, 0), Int64Type.Default));
        Assert.True(TypeWidth.Holds(DoubleType.Default, Int32Type.Default));
        Assert.False(TypeWidth.Holds(DoubleType.Default, Int64Type.Default));
        Assert.True(TypeWidth.Holds(Int16Type.Default, UInt8Type.Default));
        Assert.False(TypeWidth.Holds(Int8Type.Default, UInt8Type.Default));
        Assert.False(TypeWidth.Holds(StringType.Default, Int8Type.Default));
    }

    private static DataContract Read(string text) => ContractReader.Read(text, "shop.odcs.yaml").OrThrow();
}
