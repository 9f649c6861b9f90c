using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary><c>contract test</c> and what else a person sees of the checks of contracts, by the real process.</summary>
public sealed class CliContractTests
{
    [Fact]
    public async Task Checks_are_measured_shown_and_recorded_and_one_of_severity_error_ends_with_3()
    {
        using var pipeline = new PipelineFolder();
        Edit(pipeline, "- name: orders\n", "- name: orders\n    quality:\n      - { id: orders_present, metric: rowCount, mustBeGreaterOrEqualTo: 5, severity: warning }\n");
        Edit(pipeline, "physicalType: text }", "physicalType: text, unique: true, quality: [{ id: note_present, metric: nullValues, mustBeLessThan: 25, unit: percent, severity: warning }] }");
        await pipeline.TrackAsync();
        pipeline.Execute("INSERT INTO orders VALUES (3, 'a'), (4, 'c'), (5, NULL)");
        Assert.Equal(6, (await pipeline.RunAsync("contract", "test")).ExitCode);
        Assert.Equal(0, (await pipeline.RunAsync("migrate")).ExitCode);
        var before = Json(await pipeline.RunAsync("contract", "test", "--json"), 6);
        Assert.Equal("CDC4010", before.GetProperty("datasets")[0].GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(0, (await pipeline.RunAsync("sync")).ExitCode);

        var shown = await pipeline.RunAsync("contract", "test");
        Assert.Equal(3, shown.ExitCode);
        Assert.Contains(shown.Out, Documents.Read("docs/contracts.md"), StringComparison.Ordinal);
        Assert.Equal("note.unique error failed|note_present warning passed|orders_present warning passed",
            pipeline.Warehouse("SELECT group_concat(check_id || ' ' || severity || ' ' || verdict, '|') FROM (SELECT * FROM cdcsync_contract_check ORDER BY check_id)"));

        var status = await pipeline.RunAsync("status");
        Assert.Contains("orders: check note.unique (error) does not hold: found 1, expected 0. Run: cdcsync contract test orders", status.Out, StringComparison.Ordinal);

        pipeline.Execute("UPDATE orders SET note = 'd' WHERE id = 3; DELETE FROM orders WHERE id = 4");
        Assert.Equal(0, (await pipeline.RunAsync("sync")).ExitCode);
        var mended = Json(await pipeline.RunAsync("contract", "test", "orders", "--json"), 0).GetProperty("datasets")[0].GetProperty("checks").EnumerateArray();
        Assert.Equal(["note.unique passed 0", "note_present failed 25", "orders_present failed 4"], mended.Select(c => $"{c.GetProperty("check")} {c.GetProperty("verdict")} {c.GetProperty("value")}"));
    }

    [Fact]
    public async Task A_sql_rule_of_severity_error_keeps_the_batch_out_that_would_break_it()
    {
        using var pipeline = new PipelineFolder();
        Edit(pipeline, "- name: orders\n", "- name: orders\n    quality:\n      - { id: at_most_two, type: sql, query: \"SELECT COUNT(*) FROM {object}\", mustBeLessOrEqualTo: 2 }\n");
        await pipeline.TrackAsync();
        Assert.Equal(0, (await pipeline.RunAsync("sync", "--migrate")).ExitCode);
        pipeline.Execute("INSERT INTO orders VALUES (3, 'one too many')");

        var blocked = await pipeline.RunAsync("sync");

        Assert.Equal(8, blocked.ExitCode);
        Assert.Contains("CDC5003 orders: rule 'at_most_two' of the contract would find 3, expected at most 2; nothing of the batch was committed.", blocked.Error, StringComparison.Ordinal);
        Assert.Equal("2 blocked CDC5003 failed", pipeline.Warehouse("SELECT (SELECT count(*) FROM orders) || ' ' || phase || ' ' || error_code || ' ' || verdict FROM cdcsync_dataset_status s JOIN cdcsync_contract_check k ON k.dataset = s.dataset"));
        pipeline.Execute("DELETE FROM orders WHERE id = 1");
        Assert.Equal(0, (await pipeline.RunAsync("sync")).ExitCode);
        Assert.Equal("2,3 passed", pipeline.Warehouse("SELECT (SELECT group_concat(id) FROM (SELECT id FROM orders ORDER BY id)) || ' ' || verdict FROM cdcsync_contract_check"));
    }

    [Fact]
    public async Task A_deadline_that_is_missed_is_shown_wherever_checks_are_and_holds_when_the_data_are_there()
    {
        using var pipeline = new PipelineFolder();
        Edit(pipeline, "- name: orders\n", "- name: orders\n    customProperties: [{ property: deadlines, value: [{ readyBy: \"06:00\", timeZone: Europe/Berlin }] }]\n");
        await pipeline.TrackAsync();
        Assert.Equal(0, (await pipeline.RunAsync("sync", "--migrate")).ExitCode);
        Assert.Equal(0, (await pipeline.RunAsync("contract", "test")).ExitCode);
        pipeline.ExecuteInWarehouse("UPDATE cdcsync_checkpoint SET complete_up_to = '2020-01-01T00:00:00.000000Z'");

        var missed = await pipeline.RunAsync("contract", "test");

        Assert.Equal(3, missed.ExitCode);
        Assert.Contains("0 minutes missing: complete up to 00:00 by 06:00 Europe/Berlin", missed.Out, StringComparison.Ordinal);
        Assert.Contains("ready_by_0600: complete up to 2020-01-01T00:00:00Z; by ", missed.Out, StringComparison.Ordinal);
        Assert.Contains("orders: check ready_by_0600 (error) does not hold: found ", (await pipeline.RunAsync("status")).Out, StringComparison.Ordinal);
        var status = Json(await pipeline.RunAsync("status", "--json"), 0).GetProperty("datasets")[0].GetProperty("failedChecks")[0];
        Assert.Equal("ready_by_0600 failed", $"{status.GetProperty("check")} {status.GetProperty("verdict")}");
        Assert.Equal("1", pipeline.Warehouse("SELECT checks_failed FROM cdcsync_dataset_status"));
        Assert.Equal(0, (await pipeline.RunAsync("sync")).ExitCode);
        Assert.Equal(0, (await pipeline.RunAsync("contract", "test")).ExitCode);
        Assert.Equal("0", pipeline.Warehouse("SELECT checks_failed FROM cdcsync_dataset_status"));
    }

    [Fact]
    public async Task A_deadline_that_was_missed_while_no_worker_ran_is_told_before_it_is_made_up_for()
    {
        using var pipeline = new PipelineFolder();
        Edit(pipeline, "- name: orders\n", "- name: orders\n    customProperties: [{ property: deadlines, value: [{ readyBy: \"06:00\" }] }]\n");
        await pipeline.TrackAsync();
        Assert.Equal(0, (await pipeline.RunAsync("sync", "--migrate")).ExitCode);
        Assert.Equal(0, (await pipeline.RunAsync("contract", "test")).ExitCode);
        pipeline.ExecuteInWarehouse("UPDATE cdcsync_contract_check SET checked_at = '2026-01-01T05:00:00.000000Z'; UPDATE cdcsync_checkpoint SET complete_up_to = '2026-01-01T05:00:00.000000Z'");

        var made = await pipeline.RunAsync("sync", "orders");

        Assert.True(made.ExitCode == 0, made.ToString());
        Assert.Contains("orders: the deadline ready_by_0600 of 2026-01-02 06:00 UTC was missed", made.Error, StringComparison.Ordinal);
        Assert.Contains("orders: the deadline ready_by_0600 of 2026-01-03 06:00 UTC was missed", made.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("of 2026-01-01", made.Error, StringComparison.Ordinal);
        Assert.Equal("passed", pipeline.Warehouse("SELECT verdict FROM cdcsync_contract_check"));
        Assert.DoesNotContain("was missed", (await pipeline.RunAsync("sync", "orders")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lint_says_of_each_promise_and_rule_that_nothing_measures_that_it_does_not()
    {
        using var pipeline = new PipelineFolder();
        Edit(pipeline, "- name: orders\n", "- name: orders\n    quality: [{ type: custom, engine: soda, implementation: 'checks for orders: []' }]\n");
        Edit(pipeline, "slaProperties:\n", "slaProperties:\n  - { property: availability, value: 99.5, unit: percent }\n  - { property: retention, value: 3, unit: y }\n");

        var lint = await pipeline.RunAsync("contract", "lint", pipeline["shop.odcs.yaml"]);

        Assert.Equal(0, lint.ExitCode);
        Assert.Contains("3 not executed", lint.Out, StringComparison.Ordinal);
        foreach (var what in new[] { "not executed: 'orders': a rule for soda: another engine is named", "not executed: slaProperties: 'availability' is for people", "not executed: slaProperties: retention names no property" })
            Assert.Contains(what, lint.Out, StringComparison.Ordinal);
    }

    private static JsonElement Json(ProcessResult result, int exit)
    {
        Assert.True(result.ExitCode == exit, result.ToString());
        return JsonDocument.Parse(result.Out).RootElement;
    }

    private static void Edit(PipelineFolder pipeline, string from, string to)
    {
        var text = File.ReadAllText(pipeline["shop.odcs.yaml"]);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(pipeline["shop.odcs.yaml"], text.Replace(from, to, StringComparison.Ordinal));
    }
}
