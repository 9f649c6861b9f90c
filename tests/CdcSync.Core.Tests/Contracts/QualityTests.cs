using CdcSync.Core.Contracts;

namespace CdcSync.Core.Tests.Contracts;

public sealed class QualityTests
{
    public static TheoryData<string, RuleCondition> Conditions => new()
    {
        { "mustBe: 0", new(RuleOperator.Be, 0) },
        { "mustNotBe: 1", new(RuleOperator.NotBe, 1) },
        { "mustBeGreaterThan: 1.5", new(RuleOperator.BeGreaterThan, 1.5m) },
        { "mustBeGreaterOrEqualTo: 2", new(RuleOperator.BeGreaterOrEqualTo, 2) },
        { "mustBeLessThan: 3", new(RuleOperator.BeLessThan, 3) },
        { "mustBeLessOrEqualTo: -4", new(RuleOperator.BeLessOrEqualTo, -4) },
        { "mustBeBetween: [1, 5]", new(RuleOperator.BeBetween, 1, 5) },
        { "mustNotBeBetween: [1, 5]", new(RuleOperator.NotBeBetween, 1, 5) },
    };

    [Theory]
    [MemberData(nameof(Conditions))]
    public void Every_operator_is_read(string keys, RuleCondition expected) => Assert.Equal(expected, Assert.IsType<LibraryRule>(Rule($"metric: rowCount, {keys}")).Condition);

    [Fact]
    public void A_rules_arguments_are_read()
    {
        Assert.Equal(["a", "1", "true"], Assert.IsType<LibraryRule>(Rule("metric: invalidValues, mustBe: 0, arguments: {validValues: [a, 1, true]}")).ValidValues);
        Assert.Equal("^x$", Assert.IsType<LibraryRule>(Rule("metric: invalidValues, mustBe: 0, arguments: {pattern: ^x$}")).Pattern);
        Assert.Equal([null, "", "null"], Assert.IsType<LibraryRule>(Rule("metric: missingValues, mustBe: 0, arguments: {missingValues: [null, \"\", \"null\"]}")).MissingValues!);
        Assert.Equal(["a", "b"], Assert.IsType<LibraryRule>(Rule("metric: duplicateValues, mustBe: 0, arguments: {properties: [a, b]}")).Properties);
        Assert.True(Assert.IsType<LibraryRule>(Rule("metric: nullValues, mustBeLessThan: 5, unit: percent")).IsPercent);
    }

    [Fact]
    public void Each_kind_of_rule_has_its_record()
    {
        var head = Rule("id: a-1, name: n, severity: error, dimension: accuracy, scheduler: cron, schedule: \"0 6 * * *\", type: sql, query: SELECT 1, mustBe: 1");
        Assert.Equal(("a-1", "n", "error", "accuracy", "cron", "0 6 * * *"), (head.Head.Id, head.Head.Name, head.Head.Severity, head.Head.Dimension, head.Head.Scheduler, head.Head.Schedule));
        Assert.Equal("SELECT 1", Assert.IsType<SqlRule>(head).Query);
        Assert.IsType<TextRule>(Rule("type: text, description: looks good"));
        Assert.Equal("soda", Assert.IsType<CustomRule>(Rule("type: custom, engine: soda, implementation: {a: b}")).Engine);
    }

    [Theory]
    [InlineData("metric: rowCount", "expected one of mustBe, mustNotBe, mustBeGreaterThan")]
    [InlineData("metric: rowCount, mustBe: 1, mustNotBe: 2", "found several")]
    [InlineData("metric: rowCount, mustBeBetween: [5, 1]", "the lower one first")]
    [InlineData("metric: rowCount, mustBeBetween: [5]", "expected two numbers")]
    [InlineData("metric: rowCount, mustBe: many", "expected a number, found 'many'")]
    [InlineData("metric: nullVales, mustBe: 0", "Did you mean 'nullValues'?")]
    [InlineData("mustBe: 0", "'metric' is missing")]
    [InlineData("metric: invalidValues, mustBe: 0", "invalidValues needs validValues or a pattern")]
    [InlineData("metric: invalidValues, mustBe: 0, arguments: {validVales: [a]}", "unknown key 'validVales'. Did you mean 'validValues'?")]
    [InlineData("metric: nullValues, mustBe: 0, arguments: {validValues: [a]}", "unknown key 'validValues'")]
    [InlineData("metric: nullValues, mustBe: 0, unit: promille", "expected rows or percent")]
    [InlineData("metric: nullValues, mustBe: 0, dimension: beauty", "expected one of accuracy")]
    [InlineData("metric: nullValues, mustBe: 0, query: SELECT 1", "unknown key 'query'")]
    [InlineData("type: sql, mustBe: 0", "'query' is missing")]
    [InlineData("type: custom, implementation: x", "'engine' is missing")]
    [InlineData("type: libary, metric: rowCount, mustBe: 0", "Did you mean 'library'?")]
    [InlineData("id: \"a b\", metric: rowCount, mustBe: 0", "expected letters, digits, _ and - only")]
    public void A_rule_that_is_wrong_is_an_error(string keys, string message) =>
        Assert.Contains(ContractText.Object($"quality: [{{{keys}}}]").Messages(), m => m.Contains(message, StringComparison.Ordinal));

    [Fact]
    public void Identifiers_of_rules_are_unique_in_their_list() =>
        Assert.Contains("the id 'a' is there twice", Assert.Single(ContractText.Object("quality: [{id: a, metric: rowCount, mustBe: 0}, {id: a, metric: rowCount, mustBe: 0}]").Messages()), StringComparison.Ordinal);

    private static QualityRule Rule(string keys) => Assert.Single(ContractText.Object($"quality: [{{{keys}}}]").OrThrow().Objects[0].Quality);
}
