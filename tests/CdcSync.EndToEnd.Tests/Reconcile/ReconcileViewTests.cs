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
            DATASET  OUTCOME  SOURCE  TARGET  MISSING  DIFFERENT  EXTRA  REPAIRED  EXPLAINED  IN FLIGHT  TRAVELLED  TOOK
            orders   drift     1,000     998        4          8      0         1          2          3         60  1.5s
            returns  failed        -       -        -          -      -         -          -          -          -  -

            orders: drift over the key space |  ▁█ |
              missing   ["1"]  repaired
              different ["<b>"]
              and 10 more
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
