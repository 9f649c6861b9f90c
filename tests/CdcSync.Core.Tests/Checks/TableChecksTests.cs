using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Tests.Contracts;

namespace CdcSync.Core.Tests.Checks;

/// <summary>What of a contract becomes a check, when it is measured, and what of it nothing checks.</summary>
public sealed class TableChecksTests
{
    [Theory]
    [InlineData("quality: [{metric: rowCount, mustBeGreaterThan: 0, severity: warning}]", "t rowCount RowCountMeasure Warning Scheduled above 0")]
    [InlineData("properties: [{name: p, logicalType: string, quality: [{metric: nullValues, mustBeLessThan: 1, unit: percent}]}]", "t p.nullValues BreachMeasure Error Scheduled below 1 percent")]
    [InlineData("properties: [{name: p, logicalType: string, quality: [{id: few, metric: missingValues, arguments: {missingValues: [null, n/a]}, mustBeLessOrEqualTo: 5}]}]", "t few BreachMeasure Error Scheduled at most 5")]
    [InlineData("properties: [{name: p, logicalType: string, quality: [{metric: invalidValues, arguments: {pattern: a+}, mustBe: 0, severity: info}]}]", "t p.invalidValues BreachMeasure Info Scheduled 0")]
    [InlineData("properties: [{name: p, logicalType: string, quality: [{metric: nullValues, mustBe: 0}]}]", "t p.nullValues BreachMeasure Error Demand 0")]
    [InlineData("properties: [{name: p, logicalType: string, quality: [{metric: nullValues, mustBeBetween: [-1, 1]}]}]", "t p.nullValues BreachMeasure Error Demand above -1 and below 1")]
    [InlineData("properties: [{name: p, logicalType: string, quality: [{metric: nullValues, mustBeBetween: [-1, 1], unit: percent}]}]", "t p.nullValues BreachMeasure Error Scheduled above -1 and below 1 percent")]
    [InlineData("properties: [{name: p, logicalType: string, unique: true}]", "t p.unique DuplicateMeasure Error Scheduled 0")]
    [InlineData("properties: [{name: p, logicalType: string, primaryKey: true, unique: true}]", "t")]
    [InlineData("properties: [{name: p, logicalType: string, quality: [{metric: duplicateValues, mustBeLessThan: 10, unit: percent}]}]", "t p.duplicateValues DuplicateMeasure Error Scheduled below 10 percent")]
    [InlineData("properties: [{name: p, logicalType: string, primaryKey: true}, {name: q, logicalType: string}], quality: [{metric: duplicateValues, arguments: {properties: [q, p]}, mustBe: 0}]", "t")]
    [InlineData("properties: [{name: p, logicalType: string, primaryKey: true}, {name: q, logicalType: string}], quality: [{metric: duplicateValues, arguments: {properties: [q]}, mustBe: 0}]", "t duplicateValues DuplicateMeasure Error Scheduled 0")]
    [InlineData("quality: [{id: s, type: sql, query: SELECT 1, mustBe: 1}]", "t s SqlMeasure Error Publication 1")]
    [InlineData("quality: [{id: s, name: No debts, type: sql, query: SELECT 1, mustBe: 1}, {name: No debts, type: sql, query: SELECT 2, mustBe: 1}]", "t s SqlMeasure Error Publication 1 No debts SqlMeasure Error Publication 1")]
    [InlineData("quality: [{type: sql, query: SELECT 1, mustBe: true, severity: warning}]", "t sql SqlMeasure Warning Scheduled 1")]
    [InlineData("quality: [{type: sql, query: SELECT 1, mustBe: 1, scheduler: cron, schedule: 0 6 * * *}]", "t sql SqlMeasure Error Scheduled 1")]
    [InlineData("properties: [{name: p, logicalType: string, quality: [{metric: nullValues, mustBe: 0}], customProperties: [{property: mask, value: {algorithm: hmac-sha256, key: k}}]}]", "t p.nullValues BreachMeasure Error Scheduled 0")]
    public void A_rule_becomes_a_check(string keys, string expected)
    {
        var contract = ContractText.Object(keys).OrThrow();
        var checks = TableChecks.Of(contract, contract.Objects[0]);
        Assert.Equal(expected, string.Join(' ', checks.Checks.SelectMany(c => (string[])[c.Id, c.Measure.GetType().Name, $"{c.Severity}", $"{c.Occasion}", c.Expected]).Prepend("t")));
        Assert.Empty(checks.NotExecuted);
        Assert.Empty(checks.Faults);
    }

    [Theory]
    [InlineData("{readyBy: \"06:00\"}", "ready_by_0600 Error 0 minutes missing: complete up to 00:00 by 06:00 UTC")]
    [InlineData("{id: morning, readyBy: \"06:30\", upTo: \"22:00\", timeZone: Europe/Berlin, days: MON-FRI, severity: warning}", "morning Warning 0 minutes missing: complete up to 22:00 by 06:30 Europe/Berlin on Mon, Tue, Wed, Thu, Fri")]
    public void A_deadline_is_a_check(string deadline, string expected)
    {
        var contract = ContractText.Object($"customProperties: [{{property: deadlines, value: [{deadline}]}}]").OrThrow();
        var check = Assert.Single(TableChecks.Of(contract, contract.Objects[0]).Checks);
        Assert.Equal(expected, $"{check.Id} {check.Severity} {check.Expected}");
        Assert.IsType<DeadlineMeasure>(check.Measure);
    }

    [Theory]
    [InlineData("{upTo: \"06:00\"}", "readyBy")]
    [InlineData("{readyBy: \"24:00\"}", "expected a time of day from \"00:00\" to \"23:59\", found '24:00'")]
    [InlineData("{readyBy: \"06:00\", timeZone: CET/Berlin}", "no time zone 'CET/Berlin'")]
    [InlineData("{readyBy: \"06:00\", days: MO}", "MO")]
    [InlineData("{readyBy: \"06:00\", severity: bad}", "severity")]
    [InlineData("{readyBy: \"06:00\", at: 1}", "unknown key 'at'")]
    [InlineData("{readyBy: \"06:00\"}, {readyBy: \"06:00\", upTo: \"05:00\"}", "'ready_by_0600' is there twice")]
    public void A_deadline_that_can_t_be_understood_is_an_error(string deadlines, string what) =>
        Assert.Contains(what, Assert.Single(ContractText.Object($"customProperties: [{{property: deadlines, value: [{deadlines}]}}]").Messages()), StringComparison.Ordinal);

    [Fact]
    public void A_retention_is_a_check_of_the_property_it_names()
    {
        var contract = ContractText.Root("""
            schema:
            - {name: t, properties: [{name: day, physicalName: on_day, logicalType: date}, {name: at, physicalType: timestamptz}, {name: note, logicalType: string}, {name: hidden, logicalType: date, customProperties: [{property: mask, value: {algorithm: hmac-sha256, key: k}}]}]}
            - {name: u, properties: [{name: day, logicalType: date}]}
            slaProperties: [{property: retention, value: 1, unit: y, element: "t.day, t.at, t.note, t.hidden"}, {property: retention, value: 2, unit: d, element: t.dya}]
            """).OrThrow();
        var checks = TableChecks.Of(contract, contract.Objects[0]);
        Assert.Equal([("day.retention", CheckSeverity.Warning, new AgeMeasure("on_day", true, TimeSpan.FromDays(365))), ("at.retention", CheckSeverity.Warning, new AgeMeasure("at", false, TimeSpan.FromDays(365)))],
            checks.Checks.Select(c => (c.Id, c.Severity, (AgeMeasure)c.Measure)));
        Assert.Equal(["slaProperties: retention of 't.note': it is utf8, neither a date nor a timestamp", "slaProperties: retention of 't.hidden': it is masked before anything looks at it"], checks.NotExecuted.Select(n => n.What));
        Assert.Equal("slaProperties: retention of 't.dya': there is no such property. Did you mean 'day'?", Assert.Single(checks.Faults).What);
        Assert.Empty(TableChecks.Of(contract, contract.Objects[1]).Checks);
    }

    [Theory]
    [InlineData("quality: [{metric: rowCount, mustBe: 100, unit: percent}]", "'t': rowCount: of all rows, all are there")]
    [InlineData("quality: [{metric: nullValues, mustBe: 0}]", "'t': nullValues: it is a property's")]
    [InlineData("quality: [{type: text, description: nice}]", "'t': a rule for people: it is for people")]
    [InlineData("quality: [{type: custom, engine: soda, implementation: x}]", "'t': a rule for soda: another engine is named")]
    [InlineData("properties: [{name: p, logicalType: date, quality: [{metric: invalidValues, arguments: {validValues: [a]}, mustBeLessThan: 9}]}]", "'p': invalidValues, for it is date32")]
    [InlineData("properties: [{name: p, logicalType: string, quality: [{metric: invalidValues, arguments: {validValues: [a]}, mustBe: 0}], customProperties: [{property: mask, value: {algorithm: hmac-sha256, key: k}}]}]", "'p': invalidValues: it is masked before anything looks at it")]
    [InlineData("properties: [{name: p, logicalType: string, relationships: [{to: other.p}]}]", "'t': the relationship to other.p: the contract has no table 'other'")]
    [InlineData("properties: [{name: p, logicalType: string, relationships: [{to: t.q}]}]", "'t': the relationship to t.q: the table 't' has no such property")]
    [InlineData("properties: [{name: p, logicalType: string, relationships: [{to: other.yaml#/schema/a/properties/b}]}]", "'t': the relationship to other.yaml#/schema/a/properties/b: it leads out of the contract")]
    public void What_nothing_checks_is_listed(string keys, string what)
    {
        var contract = ContractText.Object(keys).OrThrow();
        var checks = TableChecks.Of(contract, contract.Objects[0]);
        Assert.Equal(what, Assert.Single(checks.NotExecuted).What);
        Assert.Empty(checks.Checks);
        Assert.Empty(checks.References);
    }

    [Fact]
    public void A_schedule_for_another_scheduler_is_listed_and_the_query_is_asked_at_the_interval()
    {
        var contract = ContractText.Object("quality: [{type: sql, query: SELECT 1, mustBe: 1, scheduler: airflow, schedule: daily}]").OrThrow();
        var checks = TableChecks.Of(contract, contract.Objects[0]);
        Assert.Equal((CheckOccasion.Scheduled, null), (Assert.Single(checks.Checks).Occasion, checks.Checks[0].Schedule));
        Assert.Equal("'t': a sql rule: its schedule for airflow; it is measured at the dataset's interval", Assert.Single(checks.NotExecuted).What);
    }

    [Theory]
    [InlineData("quality: [{metric: duplicateValues, mustBe: 0}]", "needs the argument properties")]
    [InlineData("properties: [{name: pa, logicalType: string}], quality: [{metric: duplicateValues, arguments: {properties: [pb]}, mustBe: 0}]", "there is no property 'pb'")]
    [InlineData("quality: [{type: sql, query: \"SELECT {property}\", mustBe: 0}]", "{property} stands for nothing")]
    [InlineData("quality: [{metric: rowCount, mustBe: 0, schedule: 61 * * * *}]", "'t': schedule: '61' is no minute")]
    [InlineData("properties: [{name: p, logicalType: string, quality: [{metric: invalidValues, arguments: {pattern: \"(\"}, mustBeLessThan: 9}]}]", "'(' is no regular expression")]
    public void What_can_t_be_understood_is_an_error(string keys, string what)
    {
        var contract = ContractText.Object(keys).OrThrow();
        Assert.Contains(what, Assert.Single(TableChecks.Of(contract, contract.Objects[0]).Faults).What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_relationship_is_found_by_name_or_by_id_at_the_property_or_at_the_table()
    {
        var contract = ContractText.Root("""
            schema:
            - {name: parents, id: par, properties: [{name: region, logicalType: string}, {name: no, id: num, physicalName: number, physicalType: bigint}]}
            - name: children
              properties:
              - {name: parent, physicalName: parent_no, physicalType: bigint, relationships: [{to: parents.no}, {to: /schema/par/properties/num, customProperties: [{property: severity, value: warning}]}]}
              - {name: region, logicalType: string}
              relationships: [{from: [children.region, children.parent], to: [parents.region, parents.no]}]
            """).OrThrow();
        var checks = TableChecks.Of(contract, contract.Objects[1]);
        Assert.Empty(checks.NotExecuted);
        Assert.Equal(
        [
            "parent.parent.parents Error parent_no → parents number", "parent.parent.parents.2 Warning parent_no → parents number", "region_parent.parent Error region+parent_no → parents region+number",
        ], checks.References.Select(r => $"{r.Id} {r.Severity} {string.Join('+', r.Columns)} → {r.Parent} {string.Join('+', r.ParentColumns)}"));
    }

    [Theory]
    [InlineData("{name: no, physicalType: bigint, primaryKey: true}", "no", true)]
    [InlineData("{name: no, physicalType: bigint, primaryKey: true, customProperties: [{property: sourceColumn, value: NUMBER}]}", "no", true)]
    [InlineData("{name: no, physicalType: bigint}", "no", false)]
    [InlineData("{name: no, physicalType: bigint}, {name: id, physicalType: bigint, primaryKey: true}", "no", false)]
    [InlineData("{name: no, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1}, {name: region, physicalType: bigint, primaryKey: true, primaryKeyPosition: 2}", "no", false)]
    [InlineData("{name: no, physicalType: bigint, primaryKey: true, customProperties: [{property: readAs, value: text}]}", "no", false)]
    [InlineData("{name: no, physicalType: text, primaryKey: true, customProperties: [{property: fold, value: none}]}", "no", true)]
    [InlineData("{name: no, physicalType: text, primaryKey: true, customProperties: [{property: fold, value: blanks}]}", "no", false)]
    public void Parents_that_a_filter_leaves_out_are_looked_up_by_their_key_alone(string parents, string to, bool isChecked)
    {
        var contract = ContractText.Root($$$"""
            schema:
            - {name: filtered, properties: [{{{parents}}}], customProperties: [{property: consentFilter, value: {column: consent, readAs: boolean, values: [true]}}]}
            - {name: children, properties: [{name: a, physicalType: bigint, relationships: [{to: filtered.{{{to}}}}]}]}
            """).OrThrow();
        var checks = TableChecks.Of(contract, contract.Objects[1]);
        Assert.Equal(isChecked ? ["a.parent"] : [], checks.References.Select(r => r.Id));
        Assert.Equal(isChecked ? [] : [$"'children': the relationship to filtered.{to}: rows of 'filtered' are left out on purpose (consentFilter), and a source is asked for them only by their key, as it is in the source: not masked, folded or cast"],
            checks.NotExecuted.Select(n => n.What));
    }

    [Fact]
    public void What_is_masked_otherwise_has_no_parents_to_be_found()
    {
        var contract = ContractText.Root("""
            schema:
            - {name: masked, properties: [{name: no, logicalType: string, customProperties: [{property: mask, value: {algorithm: hmac-sha256, key: k}}]}]}
            - {name: children, properties: [{name: b, logicalType: string, relationships: [{to: masked.no}]}]}
            """).OrThrow();
        var checks = TableChecks.Of(contract, contract.Objects[1]);
        Assert.Empty(checks.References);
        Assert.Contains("masked otherwise", Assert.Single(checks.NotExecuted).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Checks_of_one_name_are_told_apart_by_their_property()
    {
        var contract = ContractText.Object("properties: [{name: p, logicalType: string, quality: [{id: same, metric: nullValues, mustBeLessThan: 9}]}, {name: q, logicalType: string, quality: [{id: same, metric: nullValues, mustBeLessThan: 9}, {metric: nullValues, mustBeLessThan: 8}, {metric: nullValues, mustBeLessThan: 7}]}]").OrThrow();
        Assert.Equal(["p.same", "q.same", "q.nullValues", "q.nullValues.2"], TableChecks.Of(contract, contract.Objects[0]).Checks.Select(c => c.Id));
    }

    [Fact]
    public void A_contract_with_servers_of_several_kinds_says_for_which_a_query_is()
    {
        const string Servers = "servers: [{server: a, type: postgresql, host: h, port: 1, database: d, schema: s}, {server: b, type: sqlserver, host: h, database: d, schema: s}]\nschema:\n- {name: t, quality: [{type: sql, query: SELECT 1, mustBe: 1";
        var silent = ContractText.Root($"{Servers}}}]}}").OrThrow();
        Assert.Contains("servers of several kinds", Assert.Single(TableChecks.Of(silent, silent.Objects[0]).Faults).What, StringComparison.Ordinal);
        var named = ContractText.Root($"{Servers}, customProperties: [{{property: dialect, value: postgresql}}]}}]}}").OrThrow();
        Assert.Equal("postgres", Assert.IsType<SqlMeasure>(Assert.Single(TableChecks.Of(named, named.Objects[0]).Checks).Measure).Dialect);
        Assert.Contains("Did you mean 'postgresql'?", Assert.Single(ContractText.Root($"{Servers}, customProperties: [{{property: dialect, value: postgresq}}]}}]}}").Messages()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_standards_ends_of_a_range_are_told()
    {
        var read = ContractText.Object("quality: [{metric: rowCount, mustBeBetween: [100, 120]}]");
        Assert.Contains("it must be above 100 and below 120", Assert.Single(read.Messages()), StringComparison.Ordinal);
        Assert.Single(read.OrThrow().Objects);
    }

    [Theory]
    [InlineData(RuleOperator.Be, 5, null, new[] { 5 }, new[] { 4, 6 })]
    [InlineData(RuleOperator.NotBe, 5, null, new[] { 4, 6 }, new[] { 5 })]
    [InlineData(RuleOperator.BeGreaterThan, 5, null, new[] { 6 }, new[] { 4, 5 })]
    [InlineData(RuleOperator.BeGreaterOrEqualTo, 5, null, new[] { 5, 6 }, new[] { 4 })]
    [InlineData(RuleOperator.BeLessThan, 5, null, new[] { 4 }, new[] { 5, 6 })]
    [InlineData(RuleOperator.BeLessOrEqualTo, 5, null, new[] { 4, 5 }, new[] { 6 })]
    [InlineData(RuleOperator.BeBetween, 5, 8, new[] { 6, 7 }, new[] { 4, 5, 8, 9 })]
    [InlineData(RuleOperator.NotBeBetween, 5, 8, new[] { 4, 5, 8, 9 }, new[] { 6, 7 })]
    public void An_operator_holds_up_to_its_bound(RuleOperator op, int low, int? high, int[] holds, int[] fails)
    {
        var condition = new RuleCondition(op, low, high);
        Assert.All(holds, n => Assert.True(condition.Holds(n), $"{n} {condition}"));
        Assert.All(fails, n => Assert.False(condition.Holds(n), $"{n} {condition}"));
    }

    [Fact]
    public void A_pattern_that_takes_too_long_has_not_matched()
    {
        var measure = new BreachMeasure([new PatternRule("p", "c", new System.Text.RegularExpressions.Regex("^(a|aa)+$", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromMilliseconds(1)), "p")]);
        Assert.True(measure.IsBrokenBy(new string('a', 200) + "b"));
        Assert.False(measure.IsBrokenBy(null));
    }
}
