using System.Globalization;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.SqlServer.Source.Sql;

/// <summary>
/// The statements that plan and read ranges of a key; pure. Only the server compares keys: the order of texts is their collation's, that of uniqueidentifiers is SQL
/// Server's own.
/// </summary>
internal static class RangesSql
{
    /// <summary>Each @step-th key in order, but not the very last key: the last keys of the ranges, and beyond each there is a row.</summary>
    public static TSql Bounds(Dataset dataset, SqlServerObject table)
    {
        var keys = Keys(dataset, table);
        var names = keys.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"k{i}")).ToList();
        return new($"""
            SELECT {string.Join(", ", names.Select(n => $"n.{n}"))}
            FROM (SELECT {string.Join(", ", keys.Zip(names, (k, n) => $"{k.Sql} AS {n}"))}, ROW_NUMBER() OVER (ORDER BY {string.Join(", ", keys.Select(k => k.Sql))}) AS ordinal, COUNT_BIG(*) OVER () AS total FROM {RowsSql.From(dataset, table)}) AS n
            WHERE n.ordinal % @step = 0 AND n.ordinal < n.total ORDER BY n.ordinal;
            """, TSqlKinds.Select, new TSqlParameter("@step", TSqlType.BigInt));
    }

    /// <summary>The rows of a range, <c>(from, to]</c>. Parameters: @from0 … and @to0 …, as far as there are bounds, each of its column's type.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="table">Its table.</param>
    /// <param name="bounds">Which bounds there are.</param>
    public static TSql Rows(Dataset dataset, SqlServerObject table, RangeBounds bounds)
    {
        var keys = Keys(dataset, table);
        var conditions = new List<string>();
        if (bounds.HasFlag(RangeBounds.From)) conditions.Add(Compare(keys, ">", "from"));
        if (bounds.HasFlag(RangeBounds.To)) conditions.Add(Compare(keys, "<", "to"));
        return new($"SELECT {RowsSql.Columns(dataset, table)} FROM {RowsSql.From(dataset, table)}{(conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}")};", TSqlKinds.Select,
            [.. bounds.HasFlag(RangeBounds.From) ? Parameters(keys, "from") : [], .. bounds.HasFlag(RangeBounds.To) ? Parameters(keys, "to") : []]);
    }

    // T-SQL can't compare rows: (a, b) > (x, y) is a > x OR (a = x AND b > y). The first comparison is repeated before it, so that an index is sought in.
    private static string Compare(IReadOnlyList<(string Sql, TSqlType Type)> keys, string than, string bound)
    {
        string P(int i) => string.Create(CultureInfo.InvariantCulture, $"@{bound}{i}");
        var inclusive = than == "<" ? "<=" : than;
        if (keys.Count == 1) return $"{keys[0].Sql} {inclusive} {P(0)}";
        var alternatives = keys.Select((k, i) => string.Join(" AND ", keys.Take(i).Select((e, j) => $"{e.Sql} = {P(j)}").Append($"{k.Sql} {(i == keys.Count - 1 ? inclusive : than)} {P(i)}")));
        return $"{keys[0].Sql} {than}= {P(0)} AND ({string.Join(" OR ", alternatives.Select((a, i) => i == 0 ? a : $"({a})"))})";
    }

    private static IReadOnlyList<(string Sql, TSqlType Type)> Keys(Dataset dataset, SqlServerObject table) =>
        [.. dataset.Key.Select(k => (RowsSql.Column(table, k.Source), table.Column(k.Source)!.ParameterType!))];

    private static IEnumerable<TSqlParameter> Parameters(IReadOnlyList<(string Sql, TSqlType Type)> keys, string bound) =>
        keys.Select((k, i) => new TSqlParameter(string.Create(CultureInfo.InvariantCulture, $"@{bound}{i}"), k.Type));
}

/// <summary>Which bounds a range has.</summary>
[Flags]
internal enum RangeBounds
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A lower one.</summary>
    From = 1,

    /// <summary>An upper one.</summary>
    To = 2,
}
