using System.Text.RegularExpressions;
using CdcSync.Cli.Commands;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.EndToEnd.Tests.Cli;

namespace CdcSync.EndToEnd.Tests.Reconcile;

/// <summary>What people see of a comparison.</summary>
public sealed partial class ReconcileViewTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_table_shows_where_the_drift_is_and_the_first_keys()
    {
        Assert.Equal("""
            DATASET  OUTCOME  SOURCE  TARGET  MISSING  DIFFERENT  EXTRA  REPAIRED  EXPLAINED  IN FLIGHT  TRAVELLED  HASHED BY  TOOK
            orders   drift     1,000     998        4          8      0         1          2          3         60  source     1.5s
            returns  failed        -       -        -          -      -         -          -          -          -  -          -

            orders: drift over the key space |  ▁█ |
              missing   ["1"]  repaired
              different ["<b>"]
              and 10 more

            orders: net differs in 1 of 31 groups
              ["2026-01-02"]  source 12 rows, 1200.5; target 11 rows, 1180.5
            """.ReplaceLineEndings("\n"), ReconcileView.Text(Document(), unicode: true).ReplaceLineEndings("\n"));
        Assert.Contains("|  .@ |", ReconcileView.Text(Document(), unicode: false), StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_loads_nothing_and_shows_values_as_text()
    {
        var html = ReconcileHtml.Of(Document());
        Assert.DoesNotMatch(Loading(), html);
        Assert.Contains("<code>[&quot;&lt;b&gt;&quot;]</code>", html, StringComparison.Ordinal);
        Assert.Contains("part 4: 11", html, StringComparison.Ordinal);
        Assert.Contains("CDC2001 it is away.", html, StringComparison.Ordinal);
        Assert.Contains("And 10 more.", html, StringComparison.Ordinal);
        Assert.Contains("<h2>orders: net</h2>", html, StringComparison.Ordinal);
        Assert.Equal(OpenTags().Count(html), CloseTags().Count(html));
    }

    [Fact]
    public async Task The_command_writes_the_file()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        await pipeline.RunAsync("sync", "--migrate");
        pipeline.ExecuteInWarehouse("UPDATE orders SET note = 'x' WHERE id = 2");
        var result = await pipeline.RunAsync("reconcile", "orders", "--html", "report.html");
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("<td>different</td><td><code>[&quot;2&quot;]</code>", File.ReadAllText(pipeline["report.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_totals_that_differ_are_shown_group_by_group_and_end_with_3()
    {
        using var pipeline = new PipelineFolder();
        var contract = File.ReadAllText(pipeline["shop.odcs.yaml"]);
        File.WriteAllText(pipeline["shop.odcs.yaml"], contract.Replace("  - name: orders\n", "  - name: orders\n    customProperties: [{ property: controlTotals, value: [{ name: ids, sum: id, groupBy: [note] }] }]\n", StringComparison.Ordinal));
        await pipeline.TrackAsync();
        await pipeline.RunAsync("sync", "--migrate");
        var same = await pipeline.RunAsync("reconcile", "--mode", "totals");
        Assert.True(same.ExitCode == 0, same.ToString());
        Assert.Contains("orders: ids is the same in all 2 groups", same.Out, StringComparison.Ordinal);
        pipeline.ExecuteInWarehouse("UPDATE orders SET note = 'x' WHERE id = 2");
        var result = await pipeline.RunAsync("reconcile", "orders", "--mode", "totals");
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("  [\"b\"]  source 1 rows, 2; target 0 rows", result.Out, StringComparison.Ordinal);
        Assert.Equal(2, (await pipeline.RunAsync("reconcile", "--mode", "totals", "--repair")).ExitCode);
    }

    private static ReconcileDocument Document()
    {
        var request = new ReconcileRequest(ReconcileMode.Digest, IsRepair: false);
        var report = new ReconcileReport
        {
            Id = Guid.Empty,
            Dataset = new DatasetId("orders"),
            Request = request,
            StartedAt = Noon,
            FinishedAt = Noon.AddSeconds(1.5),
            SourceRows = 1_000,
            TargetRows = 998,
            SoftDeleted = 0,
            Explained = 2,
            InFlight = 3,
            Found = new(4, 8, 0),
            Repaired = new(1, 0, 0),
            RowsTravelled = 60,
            IsCut = false,
            IsHashedBySource = true,
            Totals = [new("net", 31, 1, [new("[\"2026-01-02\"]", new(12, "1200.5"), new(11, "1180.5"))])],
            Map = [0, 0, 1, 11, 0],
            Keys = [new DriftedKey("[\"1\"]", Difference.Missing, IsRepaired: true), new DriftedKey("[\"<b>\"]", Difference.Different, IsRepaired: false)],
        };
        return ReconcileView.Document("shop", request,
            [new(report.Dataset, report, null), new(new DatasetId("returns"), null, new CdcSyncException(ErrorCodes.SourceUnavailable, "it is away.", "Wait. Run: cdcsync status"))]);
    }

    [GeneratedRegex("<script|<link|<img|src=|href=|url\\(|https?:", RegexOptions.IgnoreCase)]
    private static partial Regex Loading();

    [GeneratedRegex("<(table|tr|td|th|h1|h2|p|svg|code|rect|title|body|html|head|style|footer)\\b")]
    private static partial Regex OpenTags();

    [GeneratedRegex("</(table|tr|td|th|h1|h2|p|svg|code|rect|title|body|html|head|style|footer)>")]
    private static partial Regex CloseTags();
}
