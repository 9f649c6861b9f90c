using System.Globalization;
using Spectre.Console;

namespace CdcSync.Cli.Demo;

/// <summary>Prints what the full comparison found.</summary>
internal static class ComparisonView
{
    /// <summary>Writes a table and a verdict.</summary>
    public static void Write(IAnsiConsole console, IReadOnlyList<ComparisonResult> results)
    {
        var table = new Table().Border(console.Profile.Capabilities.Unicode ? TableBorder.Rounded : TableBorder.Ascii).BorderColor(Color.Grey).Title("full comparison, by queries of its own");
        table.AddColumn("dataset");
        foreach (var number in new[] { "rows in source", "in warehouse", "missing", "extra", "different" })
            table.AddColumn(new TableColumn(number).RightAligned());
        foreach (var r in results)
        {
            var color = r.IsEqual ? "green" : "red";
            table.AddRow(r.Dataset, Count(r.SourceRows), Count(r.WarehouseRows), $"[{color}]{Count(r.Missing)}[/]", $"[{color}]{Count(r.Extra)}[/]", $"[{color}]{Count(r.Different)}[/]");
        }

        console.Write(table);
        var differences = results.Sum(r => r.Missing + r.Extra + r.Different);
        console.MarkupLine(differences == 0 ? "[green]equal[/]: every value of every row." : $"[red]{Count(differences)} differences[/].");
    }

    private static string Count(long n) => n.ToString("N0", CultureInfo.InvariantCulture);
}
