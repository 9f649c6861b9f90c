using System.IO.Enumeration;
using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Connectors.Sqlite.Source.Tracking;
using CdcSync.Connectors.Sqlite.Source.Values;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using static CdcSync.Connectors.Sqlite.SqliteDialect;

namespace CdcSync.Connectors.Sqlite.Source.Discovery;

/// <summary>Describes the tables and views of a file. A column's type is what its declaration promises, corrected by what a sample of its values holds.</summary>
/// <param name="connection">In a transaction.</param>
/// <param name="catalog">Read in it.</param>
internal sealed class SqliteDiscovery(SourceConnection connection, SqliteCatalog catalog)
{
    private const int FirstRows = 20_000;
    private const int LastRows = 5_000;

    /// <summary>The tables and views whose name matches one of the patterns.</summary>
    /// <param name="patterns"><c>*</c> and <c>?</c>; a leading <c>main.</c> is allowed; empty = all.</param>
    public IReadOnlyList<DiscoveredObject> Find(IReadOnlyList<string> patterns)
    {
        bool IsWanted(string name) => patterns.Count == 0 || patterns.Any(p => Matches(p, name) || Matches(p, "main." + name));
        return [.. catalog.UserTables.Where(IsWanted).Order(StringComparer.Ordinal).Select(Describe).OfType<DiscoveredObject>()];
    }

    private static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: true);

    private DiscoveredObject? Describe(string name)
    {
        try
        {
            var table = catalog.Find(connection, name)!;
            return table.Kind == TableKind.Shadow ? null : new DiscoveredObject(null, table.Name, table.Kind == TableKind.View, Columns(table),
                [.. table.Key.Select(k => k.Name)], table is { Kind: TableKind.Table, Key.Count: > 0 } && TrackingState.WhyOff(catalog, table) is null, Count(table));
        }
        catch (CdcSyncException e) when (!e.IsTransient)
        {
            // A view over a table that is gone: it is listed all the same, and says what is wrong.
            return new DiscoveredObject(null, name, catalog.IsView(name), [new DiscoveredColumn("*", "", null, true, e.Message)], [], false, null);
        }
    }

    private List<DiscoveredColumn> Columns(SqliteTable table)
    {
        var samples = table.Columns.Select(_ => new ValueSample()).ToArray();
        Sample(table, row =>
        {
            for (var i = 0; i < samples.Length; i++) samples[i].Add(row, i);
        });
        var trials = table.Columns.Select((column, i) => new TypeTrial(DeclaredType.Candidates(column, samples[i]), connection.IsUtf16)).ToArray();
        Sample(table, row =>
        {
            for (var i = 0; i < trials.Length; i++) trials[i].Add(row, i);
        });
        return [.. table.Columns.Select((column, i) => Column(table, column, samples[i], trials[i].Result))];
    }

    private static DiscoveredColumn Column(SqliteTable table, SqliteColumn column, ValueSample sample, ArrowType? type)
    {
        var mayBeNull = sample.HasNulls || !(column.NotNull || (table.KeyIsRowId && table.Key[0] == column));
        if (type is StringType && sample is { HasNumbers: true, HasTexts: true } && table.Key.Contains(column))
            return new DiscoveredColumn(column.Name, column.DeclaredType, null, mayBeNull,
                "as a key it holds numbers and texts: 1 and '1' are two keys here and would be one in a warehouse; read it in a view that tells them apart.");
        var problem = type is not null ? null
            : sample.HasBlobs ? $"it holds blobs among other values; read it in a view as CAST({Quote(column.Name)} AS BLOB)."
            : $"it holds texts that are not valid UTF-8; read it in a view as CAST({Quote(column.Name)} AS BLOB).";
        return new DiscoveredColumn(column.Name, column.DeclaredType, type, mayBeNull, problem);
    }

    private void Sample(SqliteTable table, Action<Statement> take)
    {
        var columns = string.Join(", ", table.Columns.Select(c => Quote("b", c.Name)));
        Each($"SELECT {columns} FROM main.{Quote(table.Name)} AS b LIMIT {FirstRows}", table, take);
        if (table.KeyIsRowId || table.HiddenRowId is not null)
            Each($"SELECT {columns} FROM main.{Quote(table.Name)} AS b ORDER BY {(table.KeyIsRowId ? Quote("b", table.Key[0].Name) : $"b.{table.HiddenRowId}")} DESC LIMIT {LastRows}", table, take);
    }

    private void Each(string sql, SqliteTable table, Action<Statement> take)
    {
        using var rows = connection.Prepare(sql, $"looking into {table.Name}");
        while (rows.Step()) take(rows);
    }

    private long? Count(SqliteTable table)
    {
        if (table.Kind != TableKind.Table) return null;
        using var count = connection.Prepare($"SELECT count(*) FROM main.{Quote(table.Name)}", $"counting {table.Name}");
        count.Step();
        return count.Integer(0);
    }

    /// <summary>Tries values on the readers of several types; the first type that took them all is the column's.</summary>
    private sealed class TypeTrial(IReadOnlyList<ArrowType> candidates, bool isUtf16)
    {
        private const int ForgetAfter = 256;

        private readonly List<ValueReader> _left = [.. candidates.Select(t => ValueReaders.For(ArrayBuilder.For(t), new TextMeter(isUtf16), TimePrecision.Exact))];

        public ArrowType? Result => _left.Count > 0 ? _left[0].Builder.Type : null;

        public void Add(Statement row, int column)
        {
            _left.RemoveAll(reader => reader.Append(row.Address, column) is not null);
            foreach (var reader in _left)
                if (reader.Builder.Length >= ForgetAfter) reader.Builder.Build();
        }
    }
}
