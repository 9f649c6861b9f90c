using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Gates.Rules;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

/// <content>What a warehouse measures for the checks of contracts.</content>
public abstract partial class WarehouseConformance
{
    private static readonly Measure Rows = new RowCountMeasure();

    [Fact]
    public async Task Rows_nulls_lists_patterns_and_duplicates_are_counted_over_the_live_rows()
    {
        foreach (var deletes in new[] { DeleteMode.Hard, DeleteMode.Soft })
        {
            var dataset = await EnsuredAsync(Measured($"measured-{deletes}".ToLowerInvariant(), deletes));
            Assert.Equal([(0m, 0L), (0m, 0L), (0m, 0L)], await MeasureAsync(dataset, Rows, Null("name"), new DuplicateMeasure(["name"])));
            await PublishAsync(dataset,
                Change.Upsert(1L, "ab", 150L, true), Change.Upsert(2L, "ab", 150L, false), Change.Upsert(3L, "ab", 200L, null), Change.Upsert(4L, "AB", null, true),
                Change.Upsert(5L, null, null, null), Change.Upsert(6L, null, 0L, true), Change.Upsert(7L, "n/a", -10L, true), Change.Upsert(8L, "ab", 150L, true));
            await PublishAsync(dataset, Change.Delete(8L));

            Assert.Equal(
            [
                (7m, 7L), (2m, 7L), (3m, 7L), (1m, 7L), (2m, 7L), (2m, 7L), (1m, 7L), (2m, 7L), (1m, 7L),
            ], await MeasureAsync(dataset,
                Rows, Null("name"), Of(new NotNullRule("missing", "name"), new ListRule("missing", "name", ["n/a", ""], Membership.Without)),
                List("flag", "true"), List("name", "ab", "O'Neil"), List("amount", "1.5", "0"), Of(new PatternRule("pattern", "name", Compiled("[a-zA-Z]+"), "letters")),
                new DuplicateMeasure(["name"]), new DuplicateMeasure(["name", "amount"])));
        }
    }

    [Fact]
    public async Task Rows_before_a_date_or_a_time_are_counted_over_the_live_rows()
    {
        var dataset = await EnsuredAsync(TestDatasets.Of("aged", 1, ("id", Int64Type.Default), ("day", Date32Type.Default), ("at", new TimestampType(TimeUnit.Microsecond, null)), ("instant", new TimestampType(TimeUnit.Millisecond, "UTC"))) with { Deletes = DeleteMode.Soft });
        Assert.Equal([(0m, 0L)], await MeasureAsync(dataset, new BeforeMeasure("day", "2026-03-01")));
        var bound = new DateTimeOffset(2026, 3, 1, 6, 0, 0, TimeSpan.Zero);
        await PublishAsync(dataset, Aged(1, bound), Aged(2, bound.AddMilliseconds(-1)), Aged(3, bound.AddDays(-1)), Aged(4, bound.AddDays(-9)), Aged(5, bound.AddDays(9)), Change.Upsert(6L, null, null, null));
        await PublishAsync(dataset, Change.Delete(4L));
        Assert.Equal([(1m, 5L), (2m, 5L), (2m, 5L), (5m, 5L)],
            await MeasureAsync(dataset, new BeforeMeasure("day", "2026-03-01"), new BeforeMeasure("at", "2026-03-01T06:00:00"), new BeforeMeasure("instant", "2026-03-01T06:00:00"), Rows));

        static Change Aged(long id, DateTimeOffset at) => Change.Upsert(id, (int)Math.Floor((at - DateTimeOffset.UnixEpoch).TotalDays), at.ToUnixTimeMilliseconds() * 1_000, at.ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task A_pattern_and_a_list_of_one_rule_count_a_row_once()
    {
        var dataset = await EnsuredAsync(Measured("once", DeleteMode.Hard));
        await PublishAsync(dataset, Change.Upsert(1L, "ab", 0L, null), Change.Upsert(2L, "ac", 0L, null), Change.Upsert(3L, "1", 0L, null), Change.Upsert(4L, null, 0L, null));
        Assert.Equal([(2m, 4L)], await MeasureAsync(dataset, Of(new ListRule("valid", "name", ["ab", "1"], Membership.Within), new PatternRule("valid", "name", Compiled("[a-z]+"), "letters"))));
    }

    [Fact]
    public async Task A_query_of_a_contract_answers_with_its_number_or_its_truth()
    {
        if (!AnswersQueries) return;
        var dataset = await EnsuredAsync(Measured("asked", DeleteMode.Hard));
        await PublishAsync(dataset, Change.Upsert(1L, "ab", 150L, true), Change.Upsert(2L, "c", 25L, false));
        Assert.Equal([(2m, 0L), (1.75m, 0L), (1m, 0L), (1m, 0L)], await MeasureAsync(dataset,
            Sql("SELECT COUNT(*) FROM {object} -- all of them"), Sql("SELECT SUM({property}) FROM ${table}", "amount"), Sql("SELECT COUNT(*) = 2 FROM {object}"),
            Sql("WITH named AS (SELECT * FROM {object} WHERE {property} IS NOT NULL) SELECT COUNT(*) FROM named WHERE name = 'ab'", "name")));
    }

    [Theory]
    [InlineData("SELECT id FROM {object}", "several rows")]
    [InlineData("SELECT id FROM {object} WHERE id > 9", "no row")]
    [InlineData("SELECT name FROM {object} WHERE id = 1", "no number")]
    [InlineData("SELECT MAX(id) FROM {object} WHERE id > 9", "a null")]
    [InlineData("SELECT nothing FROM {object}", "")]
    [InlineData("SELEC 1", "")]
    [InlineData("DELETE FROM {object}", "")]
    [InlineData("COMMIT", "")]
    [InlineData("SELECT 1); DELETE FROM {object}; SELECT (1", "")]
    [InlineData("SELECT 1) AS q (v); DELETE FROM {object}; --", "")]
    public async Task A_query_that_does_more_than_to_answer_is_refused_and_changes_nothing(string query, string says)
    {
        if (!AnswersQueries) return;
        var dataset = await EnsuredAsync(Measured("refused", DeleteMode.Hard));
        await PublishAsync(dataset, Change.Upsert(1L, "secret-value", 150L, true), Change.Upsert(2L, "c", 25L, false));
        var measured = (await Warehouse.Checks!.MeasureAsync(dataset, [Sql(query), Rows], default)).ToArray();
        Assert.Null(measured[0].Value);
        Assert.Equal(ErrorCodes.RuleUnanswered, measured[0].Fault!.Code);
        Assert.Contains(says, measured[0].Fault!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-value", measured[0].Fault!.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, measured[1].Value);
        // The session is fit for what comes after.
        Assert.Equal(Core.Warehouses.PublicationOutcome.Committed, (await PublishAsync(dataset, Change.Delete(1L))).Outcome);
    }

    [Fact]
    public async Task Rows_without_a_parent_are_found_with_how_far_both_have_come()
    {
        var parent = await EnsuredAsync(TestDatasets.Of("parents", 2, ("region", StringType.Default), ("no", Int64Type.Default)) with { Deletes = DeleteMode.Soft });
        var child = await EnsuredAsync(TestDatasets.Of("children", 1, ("id", Int64Type.Default), ("region", StringType.Default), ("parent", Int64Type.Default)) with { Deletes = DeleteMode.Soft });
        var measure = new OrphanMeasure(["region", "parent"], parent.Id, ["region", "no"]);
        await PublishAsync(parent, Change.Upsert("ž", 1L), Change.Upsert("ž", 2L));
        await PublishAsync(parent, Change.Delete("ž", 2L));
        await PublishAsync(child, Change.Upsert(1L, "ž", 1L));
        var none = await Warehouse.Checks!.FindOrphansAsync(child, measure, parent, Orphans.Limit, default);
        Assert.Equal((0, 0, SourceTime, SourceTime.AddSeconds(1)), (none.Rows, none.Missing.Count, none.CompleteUpTo!.Value, none.ParentCompleteUpTo!.Value));

        await PublishAsync(child, Change.Upsert(2L, "ž", 2L), Change.Upsert(3L, "ž", 9L), Change.Upsert(4L, "ž", 9L), Change.Upsert(5L, null, 9L), Change.Upsert(6L, "a", 1L));
        await PublishAsync(child, Change.Delete(6L));
        var some = await Warehouse.Checks!.FindOrphansAsync(child, measure, parent, Orphans.Limit, default);
        Assert.Equal(3, some.Rows);
        Assert.Equal(new Dictionary<string, long> { ["[\"ž\",\"2\"]"] = 1, ["[\"ž\",\"9\"]"] = 2 }, some.Missing);
    }

    [Fact]
    public async Task Of_many_missing_parents_the_first_are_told_apart_and_all_rows_are_counted()
    {
        var parent = await EnsuredAsync(TestDatasets.Of("few", 1, ("id", Int64Type.Default)));
        var child = await EnsuredAsync(TestDatasets.Of("many", 1, ("id", Int64Type.Default), ("parent", Int64Type.Default)));
        await PublishAsync(child, [.. Enumerable.Range(1, Orphans.Limit + 100).Select(i => Change.Upsert((long)i, (long)i))]);
        var found = await Warehouse.Checks!.FindOrphansAsync(child, new OrphanMeasure(["parent"], parent.Id, ["id"]), parent, Orphans.Limit, default);
        Assert.Equal((Orphans.Limit + 100, Orphans.Limit, null), (found.Rows, found.Missing.Count, found.ParentCompleteUpTo));
    }

    [Fact]
    public async Task Results_of_checks_are_kept_with_since_when_they_stand_and_go_with_their_check()
    {
        var accounts = TestDatasets.Accounts() with { Checks = [Check("a"), Check("b")] };
        var (first, later) = (SourceTime, SourceTime.AddMinutes(10));
        await Control.WriteChecksAsync("pipe", accounts, [Result("a", CheckVerdict.Passed, 1.5m, first), Result("b", CheckVerdict.Failed, null, first)], default);
        await Control.WriteChecksAsync("another", accounts, [Result("a", CheckVerdict.Passed, 9, first)], default);
        await Control.WriteChecksAsync("pipe", accounts, [Result("a", CheckVerdict.Passed, 2, later), Result("b", CheckVerdict.Unanswered, 7, later)], default);
        Assert.Equal([(Result("a", CheckVerdict.Passed, 2, later), first), (Result("b", CheckVerdict.Unanswered, 7, later), later)], (await Control.ReadChecksAsync("pipe", default)).Select(r => (r.Result, r.Since)));

        await Control.WriteChecksAsync("pipe", accounts with { Checks = [Check("b")] }, [], default);
        Assert.Equal(["b"], (await Control.ReadChecksAsync("pipe", default)).Select(r => r.Result.Check));
        await Control.ForgetAsync(Lease, accounts.Id, default);
        Assert.Empty(await Control.ReadChecksAsync("pipe", default));
        Assert.Single(await Control.ReadChecksAsync("another", default));

        static ContractCheck Check(string id) => new(id, CheckSeverity.Warning, Rows, new RuleCondition(RuleOperator.Be, 1));
        static CheckResult Result(string id, CheckVerdict verdict, decimal? value, DateTimeOffset at) => new(id, CheckSeverity.Warning, verdict, value, "1", verdict == CheckVerdict.Passed ? null : "žluť", at);
    }

    [Fact]
    public async Task A_rule_sees_what_all_merges_of_a_transaction_would_leave_and_what_it_blocks_never_was()
    {
        if (!AnswersQueries) return;
        var orders = await EnsuredAsync(Measured("ruled", DeleteMode.Hard));
        var lines = await EnsuredAsync(Measured("ruled-lines", DeleteMode.Hard));
        await PublishAsync(orders, Change.Upsert(1L, "a", 100L, true));
        var seen = new List<decimal>();

        foreach (var blocks in new[] { true, false })
        {
            var publication = await Warehouse.OpenPublicationAsync(Lease, default);
            await using (publication)
            {
                var gate = new MergedGate(async merged =>
                {
                    seen.Add(await merged.AskAsync(Sql($"SELECT COUNT(*) FROM {{object}} WHERE EXISTS (SELECT 1 FROM {Fixture.Quote("ruled-lines")})"), default));
                    seen.Add(await merged.AskAsync(Sql("SELECT SUM({property}) FROM {object}", "amount"), default));
                    return blocks ? new CdcSyncException(ErrorCodes.RuleBroken, "broken", "Mend it. Run: cdcsync status") : null;
                });
                var first = await StageAsync(publication, orders, Core.Warehouses.PublishMode.Merge, [Change.Upsert(2L, "b", 250L, true), Change.Upsert(1L, "a", 50L, true)]);
                var second = await StageAsync(publication, lines, Core.Warehouses.PublishMode.Merge, [Change.Upsert(1L, "b", 1L, true)]);
                var result = await publication.PublishAsync([first with { MergedGates = [gate] }, second], default);
                Assert.Equal(blocks ? Core.Warehouses.PublicationOutcome.Blocked : Core.Warehouses.PublicationOutcome.Committed, result.Outcome);
                Assert.Equal(blocks ? orders.Id : (DatasetId?)null, result.BlockedDataset);
            }
            Assert.Equal((blocks ? 1 : 2, blocks ? null : 1L), ((await CheckpointAsync(orders))!.Generation, (await CheckpointAsync(lines))?.Generation));
            Assert.Equal(blocks ? ["1|a|1.00|true"] : ["1|a|0.50|true", "2|b|2.50|true"], await LiveAsync(orders));
        }

        Assert.Equal([2m, 3m, 2m, 3m], seen);
    }

    [Theory]
    [InlineData("SELECT nothing FROM {object}")]
    [InlineData("DELETE FROM {object}")]
    [InlineData("COMMIT")]
    [InlineData("SELECT 1) AS q (v); COMMIT; SELECT (1")]
    public async Task A_rule_whose_query_is_refused_blocks_and_the_batch_is_published_without_it(string query)
    {
        if (!AnswersQueries) return;
        var dataset = await EnsuredAsync(Measured("unruled", DeleteMode.Hard));
        foreach (var rows in new[] { 1, 3_000 })
        {
            Change[] changes = [.. Enumerable.Range(1, rows).Select(i => Change.Upsert((long)i, "a", 100L, true))];
            var faults = new List<ErrorCode>();
            var publication = await Warehouse.OpenPublicationAsync(Lease, default);
            await using (publication)
            {
                var gate = new MergedGate(async merged =>
                {
                    var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await merged.AskAsync(Sql(query), default));
                    faults.Add(fault.Code);
                    return fault;
                });
                var part = await StageAsync(publication, dataset, Core.Warehouses.PublishMode.Merge, changes);
                Assert.Equal(Core.Warehouses.PublicationOutcome.Blocked, (await publication.PublishAsync([part with { MergedGates = [gate] }], default)).Outcome);
            }
            Assert.Equal([ErrorCodes.RuleUnanswered], faults);
            Assert.Equal(rows == 1 ? 0 : 1, (await LiveAsync(dataset)).Count);
            Assert.Equal(Core.Warehouses.PublicationOutcome.Committed, (await PublishAsync(dataset, changes)).Outcome);
            Assert.Equal(rows, (await LiveAsync(dataset)).Count);
        }
    }

    [Fact]
    public async Task A_rehearsal_asks_no_rules()
    {
        var dataset = await EnsuredAsync(Measured("rehearsed", DeleteMode.Hard));
        var publication = await Warehouse.OpenPublicationAsync(Lease, default);
        await using (publication)
        {
            var part = await StageAsync(publication, dataset, Core.Warehouses.PublishMode.Merge, [Change.Upsert(1L, "a", 100L, true)]);
            var gate = new MergedGate(_ => throw new InvalidOperationException("it was asked"));
            Assert.Equal(Core.Warehouses.PublicationOutcome.Committed, await publication.RehearseAsync([part with { MergedGates = [gate] }], default));
        }
        Assert.Empty(await LiveAsync(dataset));
    }

    /// <summary>False where the server of this run can't ask queries of contracts as the engine it stands for would.</summary>
    protected virtual bool AnswersQueries => true;

    private async Task<IReadOnlyList<(decimal, long)>> MeasureAsync(Dataset dataset, params Measure[] measures)
    {
        var measured = await Warehouse.Checks!.MeasureAsync(dataset, measures, default);
        Assert.Empty(measured.Select(m => m.Fault?.ToString()).OfType<string>());
        return [.. measured.Select(m => (m.Value!.Value, m.Rows))];
    }

    private static Dataset Measured(string id, DeleteMode deletes) =>
        TestDatasets.Of(id, 1, ("id", Int64Type.Default), ("name", StringType.Default), ("amount", new Decimal128Type(12, 2)), ("flag", BooleanType.Default)) with { Deletes = deletes };

    private static BreachMeasure Of(params ValueRule[] rules) => new(rules);

    private static BreachMeasure Null(string column) => Of(new NotNullRule("null", column));

    private static BreachMeasure List(string column, params string[] valid) => Of(new ListRule("valid", column, valid, Membership.Within));

    private static SqlMeasure Sql(string query, string? column = null) => new(query, column, null);

    private static System.Text.RegularExpressions.Regex Compiled(string pattern) => new(string.Create(CultureInfo.InvariantCulture, $@"\A(?:{pattern})\z"));

    private sealed class MergedGate(Func<IMergedView, ValueTask<CdcSyncException?>> inspect) : IMergedGate
    {
        public ValueTask<CdcSyncException?> InspectAsync(IMergedView merged, CancellationToken ct) => inspect(merged);
    }
}
