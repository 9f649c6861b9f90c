using CdcSync.Cli.Output;
using CdcSync.Core.Sources;

namespace CdcSync.Cli.Views;

/// <summary>Shows what a source holds.</summary>
internal static class DiscoverView
{
    public static ObjectDocument Document(DiscoveredObject found) => new(found.Schema, found.Name, found.IsView ? "view" : "table", found.Key, found.IsTracked, found.Rows,
        [.. found.Columns.Select(c => new ColumnDocument(c.Name, c.DeclaredType, c.Type?.ToString(), c.IsNullable, c.Problem))]);

    /// <summary>A line per table or view, then a line per column that can't be captured.</summary>
    public static string Text(IReadOnlyList<DiscoveredObject> found)
    {
        var table = new TextTable("NAME", "KIND", "KEY", "TRACKED", "ROWS", "COLUMNS");
        foreach (var o in found)
            table.Add(o.ToString(), o.IsView ? "view" : "table", string.Join(", ", o.Key), o.IsTracked ? "yes" : "no", o.Rows is { } rows ? Words.Of(rows) : null, Words.Of(o.Columns.Count));
        var problems = found.SelectMany(o => o.Columns.Where(c => c.Problem is not null).Select(c => $"{o}.{c.Name}: {c.Problem}".ReplaceLineEndings(" ")));
        return string.Join('\n', problems.Prepend(table.ToString()));
    }
}
