using CdcSync.Arrow;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Tests.Contracts;

public sealed class ObjectTests
{
    private const string Properties = "properties: [{name: id, physicalType: bigint, primaryKey: true}, {name: state, physicalName: target_state, physicalType: text}]";

    [Theory]
    [InlineData("{name: a, physicalType: int, primaryKey: true, primaryKeyPosition: 2}, {name: b, physicalType: int, primaryKey: true, primaryKeyPosition: 1}", "1,0")]
    [InlineData("{name: a, physicalType: int, primaryKey: true}, {name: b, physicalType: int}", "0,-")]
    [InlineData("{name: a, physicalType: int}, {name: b, physicalType: int}", "-,-")]
    public void The_key_is_ordered_by_position(string properties, string ordinals) =>
        Assert.Equal(ordinals, string.Join(',', ContractText.Object($"properties: [{properties}]").OrThrow().Objects[0].Columns().Select(c => c.KeyOrdinal?.ToString() ?? "-")));

    [Theory]
    [InlineData("{name: a, physicalType: int, primaryKey: true}, {name: b, physicalType: int, primaryKey: true}", "a key of several columns needs primaryKeyPosition 1 to 2")]
    [InlineData("{name: a, physicalType: int, primaryKey: true, primaryKeyPosition: 1}, {name: b, physicalType: int, primaryKey: true, primaryKeyPosition: 1}", "primaryKeyPosition 1 to 2")]
    [InlineData("{name: a, physicalType: int}, {name: A, physicalType: int}", "the property 'A' is there twice")]
    [InlineData("{name: a, physicalType: int}, {name: b, physicalType: int, physicalName: a}", "the target column 'a' is there twice")]
    [InlineData("{name: a, physicalType: int}, {name: b, physicalType: int, transformSourceObjects: [a]}", "the source column 'a' is there twice")]
    public void Columns_and_key_are_unambiguous(string properties, string message) =>
        Assert.Contains(message, Assert.Single(ContractText.Object($"properties: [{properties}]").Messages()), StringComparison.Ordinal);

    [Theory]
    [InlineData("{column: state, values: [a, \"1\"]}", "state", "a,1", null)]
    [InlineData("{column: consent, values: [granted]}", "consent", "granted", "utf8")]
    [InlineData("{column: consent, readAs: boolean, values: [true]}", "consent", "true", "bool")]
    [InlineData("{column: consent, readAs: smallint, values: [1, +2]}", "consent", "1,2", "int16")]
    [InlineData("{column: id, values: [7]}", "id", "7", null)]
    public void A_filter_reads_a_property_or_a_column_of_its_own(string filter, string column, string values, string? ownType)
    {
        var table = ContractText.Object($"{Properties}, customProperties: [{{property: consentFilter, value: {filter}}}]").OrThrow().Objects[0];

        Assert.Equal(column, table.Filter!.SourceColumn);
        Assert.Equal(values, string.Join(',', table.Filter.Values));
        Assert.Equal(ownType, table.FilterColumn?.ReadType.ToString());
        Assert.Equal(ownType is null ? 2 : 3, table.Columns().Count);
        if (ownType is not null) Assert.Equal(new DatasetColumn(column, null, table.FilterColumn!.ReadType, null), table.Columns()[^1]);
        Assert.Contains(table.Columns(), c => c.Source == column);
    }

    [Theory]
    [InlineData("consentFilter", "{column: state, values: []}", "expected at least one value")]
    [InlineData("consentFilter", "{column: state}", "'values' is missing")]
    [InlineData("consentFilter", "{values: [a]}", "'column' is missing")]
    [InlineData("consentFilter", "{column: state, values: [true]}", "expected a text (in quotes), found the boolean true")]
    [InlineData("consentFilter", "{column: consent, readAs: boolean, values: [1]}", "expected true or false, found the number 1")]
    [InlineData("consentFilter", "{column: id, values: [x]}", "expected a whole number, found 'x'")]
    [InlineData("consentFilter", "{column: consent, readAs: date, values: [2026-01-01]}", "rows are filtered by a text, an integer or a boolean")]
    [InlineData("consentFilter", "{column: state, readAs: text, values: [a]}", "which has a type already")]
    [InlineData("consentFilter", "{column: State, values: [a]}", "the source column is written 'state'")]
    [InlineData("consentFilter", "{column: state, value: [a]}", "unknown key 'value'. Did you mean 'values'?")]
    [InlineData("consentfilter", "{column: state, values: [a]}", "unknown property 'consentfilter'. Did you mean 'consentFilter'?")]
    [InlineData("consentFiltre", "{column: state, values: [a]}", "unknown property 'consentFiltre'. Did you mean 'consentFilter'?")]
    [InlineData("dropColumns", "{a: b}", "expected a list, found a mapping")]
    [InlineData("dropColumns", "[state]", "'state' is also a property's source column")]
    public void A_filter_is_never_lost_to_a_typing_error(string name, string value, string message)
    {
        var result = ContractText.Object($"{Properties}, customProperties: [{{property: {name}, value: {value}}}]");
        Assert.Null(result.Value);
        Assert.Contains(result.Messages(), m => m.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void Control_totals_name_columns_of_the_warehouse()
    {
        var total = Assert.Single(ContractText.Object($"{Properties}, customProperties: [{{property: controlTotals, value: [{{name: ids, sum: id, groupBy: [state]}}]}}]").OrThrow().Objects[0].Totals);
        Assert.Equal(("ids", "id", "target_state"), (total.Name, total.Sum, Assert.Single(total.GroupBy)));
    }

    [Theory]
    [InlineData("{name: a, sum: state}", "'state' is utf8: expected a property of integers or decimals")]
    [InlineData("{name: a, sum: secret}", "'secret' is masked: expected a property of integers or decimals")]
    [InlineData("{name: a, groupBy: [weight]}", "'weight' is double: rows are not grouped by its values")]
    [InlineData("{name: a, groupBy: [sate]}", "there is no property 'sate'. Did you mean 'state'?")]
    [InlineData("{sum: id}", "'name' is missing")]
    [InlineData("{name: a, groupby: [state]}", "unknown key 'groupby'. Did you mean 'groupBy'?")]
    [InlineData("{name: a}, {name: a}", "the control total 'a' is there twice")]
    public void A_control_total_that_can_not_be_meant_is_refused(string totals, string message)
    {
        var properties = Properties[..^1] + ", {name: weight, physicalType: double}, {name: secret, physicalType: bigint, customProperties: [{property: mask, value: {algorithm: hmac-sha256, key: k}}]}]";
        Assert.Contains(ContractText.Object($"{properties}, customProperties: [{{property: controlTotals, value: [{totals}]}}]").Messages(), m => m.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void Dropped_columns_are_listed() =>
        Assert.Equal(["x", "y"], ContractText.Object($"{Properties}, customProperties: [{{property: dropColumns, value: [x, y]}}]").OrThrow().Objects[0].DropColumns);

    [Fact]
    public void What_is_written_excludes_the_filters_own_column()
    {
        var table = ContractText.Object($"{Properties}, customProperties: [{{property: consentFilter, value: {{column: consent, values: [y]}}}}]").OrThrow().Objects[0];
        var dataset = new Dataset
        {
            Id = new DatasetId("t"),
            SourceName = "s",
            Object = new SourceObject.Table(null, "t"),
            Capture = new Capture.ChangeTracking(),
            Target = new TargetTable(null, "t"),
            Columns = table.Columns(),
            Contract = new ContractReference("c", "1.0.0", "o"),
            Filter = table.Filter,
        };
        Assert.Equal(["id", "target_state"], dataset.TargetSchema.Fields.Select(f => f.Name));
        Assert.Equal(["id", "state", "consent"], dataset.SourceSchema.Fields.Select(f => f.Name));
        Assert.Equal(Int64Type.Default, Assert.Single(dataset.Key).ReadType);
    }
}
