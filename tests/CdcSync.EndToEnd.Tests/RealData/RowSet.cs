using System.Data.Common;

namespace CdcSync.EndToEnd.Tests.RealData;

/// <summary>All rows of a table as canonical texts, with how often each occurs: two tables are equal if these are.</summary>
internal sealed class RowSet
{
    private readonly Dictionary<string, int> _rows = new(StringComparer.Ordinal);

    public int Count { get; private set; }

    /// <summary>Reads a query's rows.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="sql">The query: the table's columns in order.</param>
    /// <param name="table">What the columns mean.</param>
    public static async Task<RowSet> ReadAsync(DbConnection connection, string sql, SourceTable table)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var set = new RowSet();
        var values = new string[table.Columns.Count];
        while (await reader.ReadAsync())
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = CanonicalValue.Of(reader.IsDBNull(i) ? null : reader.GetValue(i), table.Columns[i].Declared);
            var row = string.Join(" | ", values);
            set._rows[row] = set._rows.GetValueOrDefault(row) + 1;
            set.Count++;
        }

        return set;
    }

    /// <summary>What differs, a few rows of each kind; empty = nothing.</summary>
    /// <param name="expected">The rows there should be.</param>
    public string DifferencesFrom(RowSet expected)
    {
        var missing = expected.Beyond(this);
        var extra = Beyond(expected);
        return missing.Count + extra.Count == 0 ? "" : $"{missing.Count} missing, {extra.Count} extra\n- {string.Join("\n- ", missing.Take(5))}\n+ {string.Join("\n+ ", extra.Take(5))}";
    }

    private List<string> Beyond(RowSet other) => [.. _rows.Where(r => other._rows.GetValueOrDefault(r.Key) < r.Value).Select(r => r.Key)];
}
