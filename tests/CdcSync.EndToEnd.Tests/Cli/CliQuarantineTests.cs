using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>The real process: rows that were kept out are seen, let in again, and forgotten.</summary>
public sealed class CliQuarantineTests
{
    [Fact]
    public async Task Rows_that_were_kept_out_are_listed_and_shown()
    {
        using var pipeline = await WithBadRowsAsync();
        var list = Json(await pipeline.RunAsync("quarantine", "list", "--json"), 0);
        Assert.Equal(2, list.GetProperty("rows").GetInt64());
        Assert.Equal(["[\"3\"]", "[\"4\"]"], list.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("key").GetString()).Order());
        Assert.Contains("1 of 2 rows.", (await pipeline.RunAsync("quarantine", "list", "--limit", "1")).Out, StringComparison.Ordinal);
        Assert.Equal("Nothing is in quarantine.", (await pipeline.RunAsync("quarantine", "list", "returns")).Out);

        var shown = await pipeline.RunAsync("quarantine", "show", "orders", "3");
        Assert.Equal(0, shown.ExitCode);
        Assert.Contains("rule        required", shown.Out, StringComparison.Ordinal);
        Assert.Contains("column      note", shown.Out, StringComparison.Ordinal);
        Assert.Contains("\"id\":", shown.Out, StringComparison.Ordinal);
        Assert.Equal(shown.Out, (await pipeline.RunAsync("quarantine", "show", "orders", "[\"3\"]")).Out);
        var missing = await pipeline.RunAsync("quarantine", "show", "orders", "99");
        Assert.Equal((2, ""), (missing.ExitCode, missing.Out));
        Assert.EndsWith("Run: cdcsync quarantine list orders", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_retry_lets_in_the_rows_that_a_mended_contract_takes()
    {
        using var pipeline = await WithBadRowsAsync();
        var still = Json(await pipeline.RunAsync("quarantine", "retry", "--json"), 8);
        Assert.Equal((2, 2), Counts(still));

        Edit(pipeline, "physicalType: text, required: true", "physicalType: text");
        var now = Json(await pipeline.RunAsync("quarantine", "retry", "--json"), 0);
        Assert.Equal((2, 0), Counts(now));
        Assert.Equal("4", pipeline.Warehouse("SELECT count(*) FROM orders"));
        Assert.Equal("Nothing is in quarantine.", (await pipeline.RunAsync("quarantine", "list")).Out);
    }

    [Fact]
    public async Task A_rule_of_the_contract_keeps_rows_out_by_its_name_and_the_rest_goes_on()
    {
        using var pipeline = new PipelineFolder();
        Edit(pipeline, "name: note, logicalType: string, physicalType: text", "name: note, logicalType: string, physicalType: text, logicalTypeOptions: { maxLength: 3 }, quality: [{ id: note_valid, metric: invalidValues, arguments: { validValues: [a, b, cccc] }, mustBe: 0 }]");
        await pipeline.TrackAsync();
        pipeline.Execute("INSERT INTO orders VALUES (3, 'cccc'), (4, 'x'), (5, NULL)");
        Assert.Equal(8, (await pipeline.RunAsync("sync", "--migrate")).ExitCode);
        var entries = Json(await pipeline.RunAsync("quarantine", "list", "--json"), 0).GetProperty("entries").EnumerateArray().ToDictionary(e => e.GetProperty("key").GetString()!, e => e.GetProperty("rule").GetString());
        Assert.Equal(new Dictionary<string, string?> { ["[\"3\"]"] = "maxLength", ["[\"4\"]"] = "note_valid" }, entries);
        Assert.Equal("1,2,5", pipeline.Warehouse("SELECT group_concat(id) FROM (SELECT id FROM orders ORDER BY id)"));

        Edit(pipeline, "maxLength: 3", "pattern: \"[\"");
        var wrong = await pipeline.RunAsync("sync");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("CDC1003", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("'note': pattern: '[' is no regular expression.", wrong.Error, StringComparison.Ordinal);
        var lint = await pipeline.RunAsync("contract", "lint", "shop.odcs.yaml");
        Assert.Equal(2, lint.ExitCode);
        Assert.Contains("is no regular expression", lint.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_is_mended_in_the_source_leaves_the_quarantine_by_itself()
    {
        using var pipeline = await WithBadRowsAsync();
        pipeline.Execute("UPDATE orders SET note = 'mended' WHERE id = 3");
        Assert.Equal(0, (await pipeline.RunAsync("sync")).ExitCode);
        Assert.Equal("[\"4\"]", Json(await pipeline.RunAsync("quarantine", "list", "--json"), 0).GetProperty("entries")[0].GetProperty("key").GetString());
    }

    [Fact]
    public async Task Entries_are_dropped_after_a_yes_only()
    {
        using var pipeline = await WithBadRowsAsync();
        var refused = await pipeline.RunAsync("quarantine", "drop", "orders");
        Assert.Equal(2, refused.ExitCode);
        Assert.Equal(1, Json(await pipeline.RunAsync("quarantine", "drop", "orders", "3", "--yes", "--json"), 0).GetProperty("dropped").GetInt64());
        Assert.Equal(2, (await pipeline.RunAsync("quarantine", "drop", "orders", "3", "--yes")).ExitCode);
        Assert.Equal("1 entries of orders were forgotten.", (await pipeline.RunAsync("quarantine", "drop", "orders", "--yes")).Out);
        Assert.Equal("2", pipeline.Warehouse("SELECT count(*) FROM orders"));
    }

    /// <summary>A synced pipeline whose orders 3 and 4 have no note, which the contract forbids.</summary>
    private static async Task<PipelineFolder> WithBadRowsAsync()
    {
        var pipeline = new PipelineFolder();
        Edit(pipeline, "name: note, logicalType: string, physicalType: text", "name: note, logicalType: string, physicalType: text, required: true");
        await pipeline.TrackAsync();
        pipeline.Execute("INSERT INTO orders VALUES (3, NULL), (4, NULL)");
        var synced = await pipeline.RunAsync("sync", "--migrate");
        Assert.True(synced.ExitCode == 8, synced.ToString());
        return pipeline;
    }

    private static void Edit(PipelineFolder pipeline, string from, string to)
    {
        var text = File.ReadAllText(pipeline["shop.odcs.yaml"]);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(pipeline["shop.odcs.yaml"], text.Replace(from, to, StringComparison.Ordinal));
    }

    private static (long Were, long Left) Counts(JsonElement document)
    {
        var orders = Assert.Single(document.GetProperty("datasets").EnumerateArray());
        return (orders.GetProperty("were").GetInt64(), orders.GetProperty("left").GetInt64());
    }

    private static JsonElement Json(ProcessResult result, int exit)
    {
        Assert.True(result.ExitCode == exit, result.ToString());
        return JsonDocument.Parse(result.Out).RootElement;
    }
}
