using System.IO.Enumeration;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Values;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>What a database holds, as <c>discover</c> shows it.</summary>
internal static class SqlServerDiscovery
{
    /// <summary>The objects whose name, with or without its schema, matches a pattern; empty = all.</summary>
    public static IReadOnlyList<DiscoveredObject> Of(IReadOnlyList<SqlServerObject> objects, IReadOnlyList<string> patterns) =>
        [.. objects.Where(o => patterns.Count == 0 || patterns.Any(p => Matches(p, o))).Select(Of)];

    private static bool Matches(string pattern, SqlServerObject o) => FileSystemName.MatchesSimpleExpression(pattern, o.Name) || FileSystemName.MatchesSimpleExpression(pattern, $"{o.Schema}.{o.Name}");

    private static DiscoveredObject Of(SqlServerObject o) => new(o.Schema, o.Name, o.Kind == ObjectKind.View, [.. o.Columns.Select(Of)], [.. o.Key.Select(k => k.Name)], o.Tracking is not null, o.Rows);

    private static DiscoveredColumn Of(SqlServerColumn column)
    {
        var (type, problem) = SqlServerTypes.Natural(column);
        return new DiscoveredColumn(column.Name, column.DeclaredType, type, column.IsNullable, problem, KeyEquality.Needed(column));
    }
}
