using System.Globalization;
using System.Net;
using CdcSync.Cli.Output;

namespace CdcSync.Cli.Views;

/// <summary>A comparison as one HTML file: no script, nothing to load, so that it can be mailed and kept.</summary>
internal static class ReconcileHtml
{
    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#1c2733;background:#fff}
        h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}table{border-collapse:collapse}td,th{padding:.2em .9em .2em 0;text-align:left}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}th{border-bottom:1px solid #c5ced6}code{font-size:.95em}
        .drift{color:#a3250f;font-weight:600}.failed{color:#a3250f}.map{display:block;margin:.5em 0;background:#eef2f5}.map rect{fill:#c2410c}footer{margin-top:3em;color:#5b6b78}
        @media(prefers-color-scheme:dark){body{background:#14191e;color:#dde5ec}.map{background:#232b33}.drift,.failed{color:#ff9c7a}}
        """;

    /// <summary>The whole file.</summary>
    public static string Of(ReconcileDocument document) =>
        $"""
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>{Text(document.Pipeline)}: source and warehouse compared</title>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><style>{Style}</style></head><body>
        <h1>{Text(document.Pipeline)}: source and warehouse compared</h1>
        <p>Mode <code>{Text(document.Mode)}</code>{(document.Range is { } range ? $", rows <code>{Text(range)}</code>" : "")}{(document.IsRepair ? ", what differed was mended" : ", nothing was changed")}.</p>
        <table><tr><th>dataset</th><th>outcome</th>{string.Concat(Headings.Select(h => $"<th class=\"n\">{h}</th>"))}<th>compared at</th></tr>
        {string.Join('\n', document.Datasets.Select(Row))}
        </table>
        {string.Join('\n', document.Datasets.Where(d => d.Report is { Keys.Count: > 0 }).Select(Details))}
        {string.Join('\n', document.Datasets.Where(d => d.Report is not null).SelectMany(d => d.Report!.Totals.Select(t => Total(d.Dataset, t))))}
        <footer>Written by cdcsync. Keys are shown as the warehouse has them: what the contract masks is masked.</footer>
        </body></html>
        """;

    private static readonly string[] Headings = ["source", "target", "missing", "different", "extra", "repaired", "explained", "soft deleted", "in flight", "travelled", "hashed by", "seconds"];

    private static string Row(ReconciledDocument dataset) => dataset.Report is { } r
        ? $"<tr><td>{Text(dataset.Dataset)}</td><td class=\"{Text(dataset.Outcome)}\">{Text(dataset.Outcome)}</td>{string.Concat(Counts(r).Select(c => $"<td class=\"n\">{c}</td>"))}<td>{Text(r.StartedAt)}</td></tr>"
        : $"<tr><td>{Text(dataset.Dataset)}</td><td class=\"failed\">{Text(dataset.Outcome)}</td><td colspan=\"{Headings.Length + 1}\">{Text($"{dataset.Error!.Code} {dataset.Error.Message}")}</td></tr>";

    private static IEnumerable<string> Counts(ReconcileReportDocument r) =>
        ((long[])[r.SourceRows, r.TargetRows, r.Missing, r.Different, r.Extra, r.Repaired, r.Explained, r.SoftDeleted, r.InFlight, r.RowsTravelled]).Select(Words.Of).Append(r.IsHashedBySource ? "source" : "cdcsync").Append(r.Seconds.ToString("0.0", CultureInfo.InvariantCulture));

    private static string Details(ReconciledDocument dataset)
    {
        var report = dataset.Report!;
        var more = report.Missing + report.Different + report.Extra - report.Keys.Count;
        return $"""
            <h2>{Text(dataset.Dataset)}</h2>
            <p>Where in the key space, in {report.Map.Count} parts:</p>
            {Picture(report.Map)}
            <table><tr><th>kind</th><th>key</th><th></th></tr>
            {string.Join('\n', report.Keys.Select(k => $"<tr><td>{Text(k.Kind)}</td><td><code>{Text(k.Key)}</code></td><td>{(k.IsRepaired ? "repaired" : "")}</td></tr>"))}
            </table>
            {(more > 0 || report.IsCut ? $"<p>And {Words.Of(more)} more{(report.IsCut ? ", and some that were not looked at: load the dataset anew" : "")}.</p>" : "")}
            """;
    }

    private static string Total(string dataset, TotalDocument total) =>
        $"""
        <h2>{Text(dataset)}: {Text(total.Name)}</h2>
        <p>{(total.Differing == 0 ? "The same in all" : $"Differs in {Words.Of(total.Differing)} of")} {Words.Of(total.Groups)} groups.</p>
        {(total.Differing == 0 ? "" : $"<table><tr><th>group</th><th class=\"n\">source rows</th><th class=\"n\">target rows</th><th class=\"n\">source sum</th><th class=\"n\">target sum</th></tr>{string.Concat(total.Differences.Select(Difference))}</table>")}
        """;

    private static string Difference(TotalDifferenceDocument d) =>
        $"<tr><td><code>{Text(d.Group)}</code></td><td class=\"n\">{Words.Of(d.SourceRows)}</td><td class=\"n\">{Words.Of(d.TargetRows)}</td><td class=\"n\">{Text(d.SourceSum ?? "")}</td><td class=\"n\">{Text(d.TargetSum ?? "")}</td></tr>";

    private static string Picture(IReadOnlyList<long> map)
    {
        const int Bar = 12, Height = 60;
        var most = Math.Max(1, map.Max());
        var bars = map.Select((count, i) => (count, i)).Where(b => b.count > 0).Select(b =>
        {
            var height = Math.Max(2, (int)(b.count * Height / most));
            return $"<rect x=\"{b.i * Bar}\" y=\"{Height - height}\" width=\"{Bar - 2}\" height=\"{height}\"><title>part {b.i + 1}: {Words.Of(b.count)}</title></rect>";
        });
        return $"<svg class=\"map\" role=\"img\" aria-label=\"drift over the key space\" width=\"{map.Count * Bar}\" height=\"{Height}\">{string.Concat(bars)}</svg>";
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
