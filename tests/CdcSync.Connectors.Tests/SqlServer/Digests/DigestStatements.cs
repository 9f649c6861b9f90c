using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer;
using CdcSync.Connectors.SqlServer.Digests;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Connectors.SqlServer.Source.Values;
using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Connectors.Tests.SqlServer.Binding;
using CdcSync.Connectors.Tests.SqlServer.Source;
using CdcSync.Connectors.Tests.SqlServer.Warehouse;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;

namespace CdcSync.Connectors.Tests.SqlServer.Digests;

/// <summary>Every statement that a comparison can send, over the matrices of targets and of source tables; made by the functions that both sides call.</summary>
internal static class DigestStatements
{
    /// <summary>The statements, each under the name of the function that made it, and what it is bound to.</summary>
    public static IEnumerable<(string Function, TSql Sql, BindingCatalogue Catalogue)> All()
    {
        yield return Made(DigestSql.Server(), new BindingCatalogue());
        foreach (var target in WarehouseStatements.Targets.Where(t => t.Key.Count > 0))
        {
            var table = Of(target);
            foreach (var made in Compared(target.Dataset, table, WarehouseStatements.Catalogue(target))) yield return made;
        }

        foreach (var source in SourceStatements.Tables.Where(t => t.Key.Count > 0))
        {
            var dataset = Natural(source);
            RowFilter?[] filters = [null, .. dataset.Columns.Where(c => c.ReadType is BooleanType or Int32Type or StringType).Select(c => new RowFilter(c.Source, ["a", "b"]))];
            foreach (var filter in filters)
            {
                var filtered = dataset with { Filter = filter };
                if (SourceDigestTable.Of(filtered, source, DigestServer.Newest) is { } table)
                    foreach (var made in Compared(filtered, table, SourceStatements.Catalogue)) yield return made;
            }
        }
    }

    /// <summary>A target as it would be made.</summary>
    public static DigestTable Of(SqlServerTable target) => DigestTable.Of(target, new Dictionary<string, ColumnType>(), DigestServer.Newest);

    /// <summary>A table with each column as the type that holds all its values; what has no such type is left out.</summary>
    public static Dataset Natural(SqlServerObject source) => SourceStatements.Dataset(source) with
    {
        Columns = [.. source.Columns.Select(c => (Column: c, SqlServerTypes.Natural(c).Type)).Where(c => c.Type is not null)
            .Select(c => new DatasetColumn(c.Column.Name, c.Column.Name, c.Type!, c.Type, c.Column.KeyOrdinal > 0 ? c.Column.KeyOrdinal - 1 : null, Required: c.Column.Ordinal % 2 == 0))],
    };

    private static IEnumerable<(string, TSql, BindingCatalogue)> Compared(Dataset dataset, DigestTable table, BindingCatalogue catalogue)
    {
        yield return Made(DigestSql.Survey(table, isOrdered: false), catalogue);
        if (Places.Of(dataset).IsOrdered) yield return Made(DigestSql.Survey(table, isOrdered: true), catalogue);
        RowRange?[] ranges = [null, .. Enumerable.Range(0, table.Columns.Count).Where(i => table.Columns[i] is { Canonical: not null, Compared: not null }).Select(i => new RowRange("r", i, 1, 2))];
        foreach (var range in ranges)
        {
            foreach (var bounds in range is null ? [RangeBounds.None] : Enum.GetValues<RangeBounds>().Append(RangeBounds.From | RangeBounds.To))
            {
                foreach (var scope in new[] { DigestScope.Rows(dataset) with { Range = range }, DigestScope.Keys(dataset) with { Range = range } }.Where(table.CanSay))
                {
                    var digest = new DigestSql(table, scope, bounds);
                    foreach (var shift in new[] { 0, 54, 63 })
                    {
                        yield return Made(digest.All(shift), catalogue);
                        yield return Made(digest.Some(shift, Math.Min(63, shift + 9)), catalogue);
                        yield return Made(digest.RowsOf(shift), catalogue);
                    }
                }

                foreach (var total in Totals(dataset, range).Where(table.CanSay)) yield return Made(TotalsSql.Of(table, total, bounds), catalogue);
            }
        }

        if (table.CanSeek && table.CanSay(DigestScope.Rows(dataset)))
            foreach (var keys in new[] { 1, 3 }) yield return Made(DigestSql.Find(table, DigestScope.Rows(dataset), keys), catalogue);
    }

    private static IEnumerable<TotalScope> Totals(Dataset dataset, RowRange? range)
    {
        var names = dataset.TargetSchema.Fields.Select(f => f.Name).ToList();
        yield return new TotalScope(dataset, new ControlTotal("all", null, []), range);
        foreach (var name in names) yield return new TotalScope(dataset, new ControlTotal("one", name, [name]), range);
        yield return new TotalScope(dataset, new ControlTotal("every", null, names), range);
    }

    private static (string, TSql, BindingCatalogue) Made(TSql sql, BindingCatalogue catalogue, [CallerArgumentExpression(nameof(sql))] string function = "") =>
        (function[..function.IndexOf('(', StringComparison.Ordinal)].Replace("digest.", "DigestSql.", StringComparison.Ordinal), sql, catalogue);
}
