using CdcSync.Core.Batches;
using CdcSync.Core.Contracts;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Tests.Contracts;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Tests.Shaping;

namespace CdcSync.Core.Tests.Gates.Rules;

/// <summary>What a contract says of rows that break a rule, and what of a batch's rows counts.</summary>
public sealed class RulePolicyTests
{
    [Theory]
    [InlineData("", RulePolicy.Quarantine)]
    [InlineData(", customProperties: [{property: policy, value: quarantine}]", RulePolicy.Quarantine)]
    [InlineData(", customProperties: [{property: policy, value: block}]", RulePolicy.Block)]
    [InlineData(", customProperties: [{property: policy, value: warn}]", RulePolicy.Warn)]
    public void A_rule_that_judges_rows_says_what_becomes_of_them(string custom, RulePolicy policy)
    {
        // Null is missing too: one rule of the contract is two of the gate.
        var rules = RowRules.Of(ContractText.Property($"logicalType: string, quality: [{{metric: missingValues, arguments: {{missingValues: [n/a]}}, mustBe: 0{custom}}}]").OrThrow().Objects[0]);
        Assert.Equal([policy, policy], rules.Executed.Select(r => r.Policy));
        Assert.Empty(rules.Faults);
    }

    [Fact]
    public void An_unknown_policy_is_an_error_that_names_the_nearest()
    {
        var read = ContractText.Property("logicalType: string, quality: [{metric: nullValues, mustBe: 0, customProperties: [{property: policy, value: blok}]}]");
        Assert.Throws<CdcSync.Core.Errors.CdcSyncException>(() => read.OrThrow());
        Assert.Contains("schema[0].properties[0].quality[0].customProperties[0].value: expected one of block, quarantine, warn, found 'blok'. Did you mean 'block'?", read.Messages());
    }

    [Theory]
    [InlineData("logicalType: string, quality: [{metric: nullValues, mustBeLessThan: 5, POLICY}]", "'p': nullValues")]
    [InlineData("logicalType: string, quality: [{metric: nullValues, mustBe: 0, severity: warning, POLICY}]", "'p': nullValues")]
    [InlineData("logicalType: string, quality: [{metric: duplicateValues, mustBe: 0, POLICY}]", "'p': duplicateValues")]
    [InlineData("logicalType: string, quality: [{type: sql, query: SELECT 1, mustBe: 0, POLICY}]", "'p': a sql rule")]
    [InlineData("logicalType: string, quality: [{metric: nullValues, mustBe: 0, POLICY}], customProperties: [{property: mask, value: {algorithm: hmac-sha256, key: k}}]", "'p': nullValues")]
    public void A_policy_that_nothing_would_follow_is_a_fault(string property, string rule)
    {
        var read = ContractText.Property(property.Replace("POLICY", "customProperties: [{property: policy, value: block}]", StringComparison.Ordinal));
        var fault = Assert.Single(RowRules.Of(read.OrThrow().Objects[0]).Faults);
        Assert.StartsWith($"{rule}: policy: only a rule that judges each row has one", fault.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_keys_versions_the_newest_counts_over_chunks_and_a_delete_breaks_nothing()
    {
        var dataset = World.Orders with { Rules = [new ListRule("no_bad", "value", ["bad"], Membership.Without) { Policy = RulePolicy.Block }] };
        var breaches = new RowBreaches(dataset);
        breaches.Inspect(Chunk((1, "bad"), (2, "bad"), (3, "bad"), (4, "good")));
        Assert.Equal("orders: 3 rows would break rule 'no_bad' of the contract (column 'value', found a value that counts as missing, expected another; keys [\"1\"], [\"2\"], [\"3\"]); nothing of the batch was committed.", breaches.Blocked()?.Message);
        breaches.Inspect(Chunk((1, "good"), (2, null), (5, "good")));
        Assert.Contains("1 row would break rule 'no_bad' of the contract (column 'value', found a value that counts as missing, expected another; key [\"3\"]);", breaches.Blocked()?.Message, StringComparison.Ordinal);
        breaches.Inspect(Chunk((3, "good")));
        Assert.Null(breaches.Blocked());
        breaches.Inspect(Chunk((3, "bad")));
        Assert.NotNull(breaches.Blocked());
        breaches.Restart();
        Assert.Null(breaches.Blocked());

        // Null stands for a delete.
        ChangeChunk Chunk(params (long Id, string? Value)[] rows) => new(
            TestColumns.Batch(dataset.TargetSchema, [.. rows.Select(r => new object?[] { r.Id, r.Value })]),
            rows.Select(r => r.Value is null ? ChangeKind.Delete : ChangeKind.Upsert).ToArray(), []);
    }
}
