using System.IO.Enumeration;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Replication;
using CdcSync.Connectors.Postgres.Source.Values;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>What a database holds, as <c>discover</c> shows it.</summary>
internal static class PostgresDiscovery
{
    /// <summary>The objects whose name, with or without its schema, matches a pattern; empty = all. Tracked are those in the pipeline's publication, once it has a slot.</summary>
    public static IReadOnlyList<DiscoveredObject> Of(IReadOnlyList<PostgresObject> objects, LogFacts log, IReadOnlyList<string> patterns) =>
        [.. objects.Where(o => patterns.Count == 0 || patterns.Any(p => Matches(p, o))).Select(o => Of(o) with { IsTracked = log is { Slot: not null, Publication: { } publication } && publication.Members.ContainsKey(o.Oid) })];

    private static bool Matches(string pattern, PostgresObject o) =>
        FileSystemName.MatchesSimpleExpression(pattern, pattern.Contains('.', StringComparison.Ordinal) ? $"{o.Schema}.{o.Name}" : o.Name);

    private static DiscoveredObject Of(PostgresObject o) => new(o.Schema, o.Name, o.Kind == ObjectKind.View, [.. o.Columns.Select(Of)], [.. o.Key.Select(k => k.Name)], IsTracked: false, o.Rows);

    private static DiscoveredColumn Of(PostgresColumn column)
    {
        var (type, problem) = PostgresTypes.Natural(column);
        return new DiscoveredColumn(column.Name, column.DeclaredType, type, column.IsNullable, problem);
    }
}
