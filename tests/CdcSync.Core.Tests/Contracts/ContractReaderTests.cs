using CdcSync.Arrow;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Tests.Contracts;

public sealed class ContractReaderTests
{
    [Fact]
    public void The_samples_contract_is_read_without_a_finding()
    {
        var result = ContractReader.ReadFile(Path.Combine(ContractText.Root(), "contracts", "shop.odcs.yaml"));

        Assert.Empty(result.Findings);
        var contract = result.OrThrow();
        Assert.Equal(new ContractReference("shop-sales", "1.0.0", "owner.sales@example.com"), contract.Reference);
        Assert.Equal(["customers", "orders", "order_lines", "returns"], contract.Objects.Select(o => o.Name));

        var customers = contract.Objects[0];
        Assert.Equal(new DatasetColumn("email", "email_hmac", StringType.Default, StringType.Default, null, true, new ColumnMask("pii")), customers.Columns()[1]);
        Assert.Equal(new DatasetColumn("consent", null, BooleanType.Default, null), customers.Columns()[^1]);
        Assert.Equal("consent", customers.Filter!.SourceColumn);
        Assert.Equal(["true"], customers.Filter.Values);

        Assert.Equal([0, 1], contract.Objects[2].Columns().Take(2).Select(c => c.KeyOrdinal!.Value));
        Assert.Equal(TimeSpan.FromMinutes(1), contract.Promise(ServiceLevelKind.Freshness, contract.Objects[1]));
        Assert.Equal(TimeSpan.FromMinutes(15), contract.Promise(ServiceLevelKind.Freshness, contract.Objects[3]));
    }

    [Fact]
    public void The_standards_features_are_understood()
    {
        var path = Path.Combine(ContractText.Root(), "..", "shared", "examples", "orders.odcs.yaml");
        if (!File.Exists(path)) Assert.Skip("the shared example contract is not on this machine");
        var result = ContractReader.ReadFile(path);

        Assert.Empty(result.Findings);
        var orders = result.OrThrow().Objects[0];
        Assert.Equal("OrderId", orders.Properties[0].SourceColumn);
        Assert.Equal(new Decimal128Type(18, 2), orders.Properties[3].Type);
        Assert.Equal(new TimestampType(TimeUnit.Millisecond, null), orders.Properties[5].Type);
        Assert.Equal(new RuleCondition(RuleOperator.BeGreaterOrEqualTo, 100_000), Assert.IsType<LibraryRule>(orders.Quality[0]).Condition);
        Assert.Equal(["order_id"], Assert.IsType<LibraryRule>(orders.Quality[1]).Properties);
        Assert.StartsWith("SELECT COUNT(*)", Assert.IsType<SqlRule>(orders.Quality[2]).Query, StringComparison.Ordinal);
        Assert.Equal(["new", "paid", "shipped", "cancelled"], Assert.IsType<LibraryRule>(orders.Properties[2].Quality[0]).ValidValues);
        Assert.True(Assert.IsType<LibraryRule>(orders.Properties[1].Quality[0]).IsPercent);
    }

    [Theory]
    [InlineData("owners: []", "unknown key 'owners'.")]
    [InlineData("schmea: []", "unknown key 'schmea'. Did you mean 'schema'?")]
    [InlineData("servers: [{server: a, type: postgresql, host: h, port: 1, database: d, schema: s, warehous: x}]", "servers[0]: unknown key 'warehous'.")]
    [InlineData("servers: [{server: a, type: postgresql, host: h, database: d, schema: s}]", "servers[0]: 'port' is missing.")]
    [InlineData("servers: [{server: a, type: postgre}]", "servers[0].type: unknown kind of server 'postgre'. Did you mean 'postgres'?")]
    [InlineData("support: [{chanel: x}]", "support[0]: unknown key 'chanel'. Did you mean 'channel'?")]
    [InlineData("roles: [{role: 1}]", "roles[0].role: expected a text (in quotes), found the number 1.")]
    [InlineData("tags: pii", "tags: expected a list, found 'pii'.")]
    [InlineData("price: {priceAmount: much}", "price.priceAmount: expected a number, found 'much'.")]
    [InlineData("customProperties: [{property: a}]", "customProperties[0]: 'value' is missing.")]
    [InlineData("description: {purpos: x}", "description: unknown key 'purpos'. Did you mean 'purpose'?")]
    [InlineData("slaProperties: [{property: freshness, value: 5}]", "slaProperties[0].unit: expected one of s, m, h, d, w, y (or second, minute, hour, day, week, year).")]
    [InlineData("slaProperties: [{property: freshness, value: -5, unit: m}]", "slaProperties[0].value: expected a time above 0 and up to 100 years.")]
    [InlineData("schema: [{name: t, properties: [{name: a, logicalType: string}]}]\nslaProperties: [{property: freshness, value: 5, unit: m, element: x.a}]", "slaProperties[0].element: the contract has no object 'x'.")]
    [InlineData("schema: [{name: t, properties: []}, {name: t, properties: []}]", "schema[1].name: the object 't' is there twice.")]
    public void Keys_and_values_outside_the_standard_are_errors(string yaml, string message) =>
        Assert.Contains(ContractText.Root(yaml).Messages(), m => m.StartsWith(message, StringComparison.Ordinal));

    [Fact]
    public void Findings_name_file_line_and_column()
    {
        var finding = Assert.Single(ContractText.Root("schema:\n  - name: t\n    properties:\n      - {name: a, logicalType: strng}").Findings, f => f.Message.Contains("strng", StringComparison.Ordinal));
        Assert.Equal(new FileLocation("c.yaml", 10, 32), finding.At);
        Assert.Same(ErrorCodes.ContractInvalid, finding.Code);
    }

    [Theory]
    [InlineData("team: {members: [{username: anna, role: Owner}]}", "anna")]
    [InlineData("team: [{username: bert, role: owner}]", "bert")]
    [InlineData("team: [{username: gone, role: Owner, dateOut: 2026-01-01}, {username: carl, role: OWNER}]", "carl")]
    [InlineData("team: [{username: gone, role: Owner, dateOut: 2026-01-01}]", null)]
    [InlineData("team: {members: [{username: dora, role: Steward}]}", null)]
    [InlineData("team: {name: x}", null)]
    [InlineData("", null)]
    public void A_contract_has_an_owner(string team, string? owner)
    {
        var result = ContractReader.Read($"apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\n{team}\n", "c.yaml");
        Assert.Equal(owner, result.Value?.Owner);
        Assert.Equal(owner is null, result.Messages().Any(m => m.StartsWith("team: nobody owns the contract", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("version: 1.2.3", true)]
    [InlineData("version: 1.2.3-rc.1", true)]
    [InlineData("version: v1.2.3", true)]
    [InlineData("version: \"1.2\"", false)]
    [InlineData("version: 1.2", false)]
    [InlineData("version: 01.2.3", false)]
    public void A_version_has_three_numbers(string version, bool valid) =>
        Assert.Equal(valid, ContractReader.Read($"apiVersion: v3.1.0\nkind: DataContract\nid: x\n{version}\nstatus: active\nteam: [{{username: a, role: owner}}]\n", "c").Value is not null);

    [Theory]
    [InlineData("apiVersion: v2.2.2", "apiVersion: expected v3.1.0")]
    [InlineData("apiVersion: 3.1.0", "apiVersion: expected v3.1.0")]
    public void Older_standards_are_refused(string version, string message) =>
        Assert.Contains(ContractReader.Read($"{version}\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\nteam: [{{username: a, role: owner}}]\n", "c").Messages(), m => m.StartsWith(message, StringComparison.Ordinal));

    [Fact]
    public void A_deprecated_contract_is_read_with_a_warning()
    {
        var result = ContractReader.Read("apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: deprecated\nteam: [{username: a, role: owner}]\n", "c");
        Assert.NotNull(result.Value);
        Assert.Equal("c:5:9: warning: status: the contract is deprecated.", Assert.Single(result.Findings).ToString());
    }

    [Theory]
    [InlineData("5, unit: m", 300)]
    [InlineData("1.5, unit: hours", 5400)]
    [InlineData("1, unit: d", 86_400)]
    [InlineData("2, unit: w", 1_209_600)]
    [InlineData("30, unit: second", 30)]
    public void Service_levels_become_times(string value, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds),
            Assert.Single(ContractText.Root($"slaProperties: [{{property: freshness, value: {value}}}]").OrThrow().ServiceLevels).Within);

    [Fact]
    public void Other_service_levels_are_left_to_people() => Assert.Empty(ContractText.Root("slaProperties: [{property: availability, value: 99.5, unit: percent}]").OrThrow().ServiceLevels);

    [Fact]
    public void A_promise_is_about_all_tables_or_about_those_it_names()
    {
        var contract = ContractText.Root("schema: [{name: a}, {name: b}]\nslaProperties: [{property: fy, value: 2, unit: h}, {property: frequency, value: 1, unit: h, element: \"b, b.at\"}]").OrThrow();
        Assert.Equal([2, 1], contract.Objects.Select(o => contract.Promise(ServiceLevelKind.Frequency, o)!.Value.TotalHours));
        Assert.Equal([new ServiceElement("b", null), new ServiceElement("b", "at")], contract.ServiceLevels[1].Elements);
    }

    [Fact]
    public void What_is_promised_and_measured_by_nobody_is_listed()
    {
        var contract = ContractText.Root("schema: [{name: a}]\nslaProperties: [{property: availability, value: 99.5, unit: percent}, {property: retention, value: 3, unit: y, element: a}, {property: timeOfAvailability, value: \"06:00+01:00\"}, {property: retention, value: 3, unit: y, element: a.at}]").OrThrow();
        Assert.Equal(
        [
            "slaProperties: 'availability' is for people", "slaProperties: 'timeOfAvailability' is for people; a table's custom property deadlines is measured",
            "slaProperties: retention names no property whose dates say how old a row is (element: table.property)",
        ], Core.Checks.UnmeasuredPromises.Of(contract).Select(r => r.What));
    }
}
