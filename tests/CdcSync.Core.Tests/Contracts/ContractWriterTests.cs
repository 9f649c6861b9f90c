using CdcSync.Arrow;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Tests.Contracts;

public sealed class ContractWriterTests
{
    private static readonly ContractTitle Title = new("shop", "The shop: all of it", "o'neil@example.com");

    [Fact]
    public void Times_that_the_warehouse_does_not_hold_are_cut_and_the_contract_says_so()
    {
        DiscoveredColumn[] columns =
        [
            new("at", "datetime2(7)", new TimestampType(TimeUnit.Nanosecond, null), false),
            new("seen", "datetimeoffset(7)", new TimestampType(TimeUnit.Nanosecond, "UTC"), true),
            new("of_day", "time(7)", new Time64Type(TimeUnit.Nanosecond), true),
            new("ms", "datetime", new TimestampType(TimeUnit.Millisecond, null), true),
        ];
        var table = new DiscoveredObject("dbo", "t", false, columns, ["at"], true, 10);
        var read = ContractReader.Read(ContractWriter.Write(Title, [table], TimeUnit.Microsecond), "c.yaml").OrThrow().Objects[0].Columns();

        Assert.Equal([("timestamp[ns]", TimePrecision.Exact), ("timestamp[us, UTC]", TimePrecision.Truncate), ("time64[us]", TimePrecision.Truncate), ("timestamp[ms]", TimePrecision.Exact)],
            read.Select(c => (c.TargetType!.ToString(), c.Precision)));
        Assert.DoesNotContain("truncate", ContractWriter.Write(Title, [table]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_whose_equal_texts_differ_is_written_folded_beside_what_was_written()
    {
        var table = new DiscoveredObject("dbo", "stock", false,
        [
            new("sku", "varchar(20)", StringType.Default, false, null, KeyFold.CaseAndBlanks),
            new("sku_key", "int", Int32Type.Default, true),
            new("site", "nchar(4)", StringType.Default, false, null, KeyFold.Blanks),
            new("name", "nvarchar(20)", StringType.Default, true, null, KeyFold.CaseAndBlanks),
        ], ["site", "sku"], true, 10);
        var text = ContractWriter.Write(Title, [table]);

        Assert.Contains("""
                  # Texts of 'sku' that differ in case and blanks at the end are one key in the source: the key is folded, 'sku' keeps what was written.
                  - { name: sku_key2, logicalType: string, physicalType: "varchar(20)", primaryKey: true, primaryKeyPosition: 2, required: true, customProperties: [{ property: sourceColumn, value: sku }, { property: fold, value: caseAndBlanks }] }
                  - { name: sku, logicalType: string, physicalType: "varchar(20)", required: true }
                  - { name: sku_key, logicalType: integer, physicalType: int }
                  # Texts of 'site' that differ in blanks at the end are one key in the source: the key is folded, 'site' keeps what was written.
                  - { name: site_key, logicalType: string, physicalType: "nchar(4)", primaryKey: true, primaryKeyPosition: 1, required: true, customProperties: [{ property: sourceColumn, value: site }, { property: fold, value: blanks }] }
                  - { name: site, logicalType: string, physicalType: "nchar(4)", required: true }
                  - { name: name, logicalType: string, physicalType: "nvarchar(20)" }
            """, text, StringComparison.Ordinal);
        var read = ContractReader.Read(text, "c.yaml").OrThrow().Objects[0].Columns();
        Assert.Equal([("site", "site_key", KeyFold.Blanks), ("sku", "sku_key2", KeyFold.CaseAndBlanks)], read.Where(c => c.KeyOrdinal is not null).OrderBy(c => c.KeyOrdinal).Select(c => (c.Source, c.Target!, c.Fold!.Value)));
    }

    [Fact]
    public void A_contract_is_written_from_tables()
    {
        var text = ContractWriter.Write(Title,
        [
            new DiscoveredObject(null, "orders", false,
            [
                new("order_id", "INTEGER", Int64Type.Default, true),
                new("status", "VARCHAR(20)", StringType.Default, false),
                new("amount", "DECIMAL(12,2)", new Decimal128Type(12, 2), true),
                new("shape", "GEOGRAPHY", null, true, "no type holds it; in a view: ST_AsText(shape)"),
            ], ["order_id"], true, 10),
            new DiscoveredObject(null, "log", true, [new("line", "TEXT", StringType.Default, true)], [], false, null),
            new DiscoveredObject(null, "shapes", false, [new("shape", "GEOGRAPHY", null, true, "no type holds it")], [], false, 0),
        ]);

        Assert.Equal("""
            # Written from the tables as they were found. Check names, types, keys and what is required; then it is yours.
            # docs/contracts.md explains each key that CdcSync acts on.
            apiVersion: v3.1.0
            kind: DataContract
            id: shop
            name: "The shop: all of it"
            version: 1.0.0
            status: draft
            team:
              members:
                - { username: "o'neil@example.com", role: Owner }
            schema:

              - name: orders
                physicalName: orders
                physicalType: table
                properties:
                  - { name: order_id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
                  - { name: status, logicalType: string, physicalType: "varchar(20)", required: true }
                  - { name: amount, logicalType: number, physicalType: "decimal(12,2)" }
                customProperties:
                  # 'shape' (GEOGRAPHY) is not taken: no type holds it; in a view: ST_AsText(shape)
                  - { property: dropColumns, value: [shape] }

              # No key was found: mark the columns that identify a row with primaryKey: true, or sync with capture: full-refresh.
              - name: log
                physicalName: log
                physicalType: view
                properties:
                  - { name: line, logicalType: string, physicalType: text }

            # shapes: no column of it can be taken.
            #   'shape' (GEOGRAPHY): no type holds it

            """, text);
        var contract = ContractReader.Read(text, "written").OrThrow();
        Assert.Equal(["shape"], contract.Objects[0].DropColumns);
    }

    [Fact]
    public void Every_type_is_read_again_as_it_was_found()
    {
        ArrowType[] types =
        [
            BooleanType.Default, Int8Type.Default, UInt8Type.Default, Int16Type.Default, UInt16Type.Default, Int32Type.Default, UInt32Type.Default, Int64Type.Default, UInt64Type.Default,
            FloatType.Default, DoubleType.Default, StringType.Default, BinaryType.Default, new FixedSizeBinaryType(8), new Decimal128Type(38, 10), Date32Type.Default,
            new Time64Type(TimeUnit.Microsecond), new Time64Type(TimeUnit.Nanosecond),
            .. from unit in Enum.GetValues<TimeUnit>() from zone in (string?[])[null, "UTC"] select new TimestampType(unit, zone),
        ];
        var columns = types.Select((t, i) => new DiscoveredColumn($"c{i}", "whatever it was", t, true)).ToList();

        var result = ContractReader.Read(ContractWriter.Write(Title, [new DiscoveredObject("s", "t", false, columns, ["c3", "c1"], true, null)]), "written");

        Assert.Empty(result.Findings);
        var read = result.OrThrow().Objects[0].Columns();
        Assert.Equal(types, read.Select(c => c.ReadType));
        Assert.Equal((1, 0), (read[1].KeyOrdinal, read[3].KeyOrdinal));
    }

    [Theory]
    [InlineData("order details")]
    [InlineData("a \"quoted\" 'name'")]
    [InlineData("no")]
    [InlineData("42")]
    [InlineData("größe: 尺寸 🎲")]
    [InlineData("a\nb\tc\u0085\u2028d\\e")]
    [InlineData("- x")]
    [InlineData("#x")]
    [InlineData("[x]{y}")]
    [InlineData(" x ")]
    [InlineData("${env:X}")]
    [InlineData("2026-01-01")]
    [InlineData("null")]
    [InlineData("a: b")]
    public void Any_name_of_a_table_or_column_survives(string name)
    {
        var result = ContractReader.Read(ContractWriter.Write(new(name, name, name),
            [new DiscoveredObject(null, name, false, [new(name, name, Int32Type.Default, false), new(name + "2", "x\ny", null, true, "why\nnot")], [name], true, 1)]), "written");

        var contract = result.OrThrow();
        Assert.Equal((name, name, name), (contract.Id, contract.Name, contract.Owner));
        Assert.Equal((name, name), (contract.Objects[0].Name, contract.Objects[0].Properties[0].Name));
        Assert.Equal([name + "2"], contract.Objects[0].DropColumns);
    }

    [Fact]
    public void Tables_of_one_name_get_their_schema_in_front()
    {
        DiscoveredColumn[] columns = [new("a", "int", Int32Type.Default, true)];
        var contract = ContractReader.Read(ContractWriter.Write(Title, [new("x", "t", false, columns, [], false, 0), new("y", "t", false, columns, [], false, 0), new("y", "T", false, columns, [], false, 0)]), "written").OrThrow();
        Assert.Equal(["x_t", "y_t", "T_2"], contract.Objects.Select(o => o.Name));
    }

    [Fact]
    public void Columns_that_look_like_our_own_are_left_out()
    {
        var contract = ContractReader.Read(ContractWriter.Write(Title, [new(null, "t", false, [new("a", "int", Int32Type.Default, true), new("_cdc_x", "int", Int32Type.Default, true)], ["_cdc_x"], false, 0)]), "written").OrThrow();
        Assert.Equal("a", Assert.Single(contract.Objects[0].Properties).Name);
        Assert.Equal(["_cdc_x"], contract.Objects[0].DropColumns);
        Assert.DoesNotContain(contract.Objects[0].Properties, p => p.IsKey);
    }

    [Fact]
    public void Without_tables_it_is_still_a_contract() => Assert.Empty(ContractReader.Read(ContractWriter.Write(Title, []), "written").OrThrow().Objects);
}
