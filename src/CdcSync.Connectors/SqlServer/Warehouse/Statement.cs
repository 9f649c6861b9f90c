using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>A batch with the values of its parameters.</summary>
internal sealed record Statement
{
    /// <summary>Puts them together.</summary>
    /// <param name="sql">The batch.</param>
    /// <param name="values">One per parameter, in any order.</param>
    public Statement(TSql sql, params IReadOnlyList<SqlParameter> values)
    {
        if (!sql.Parameters.Select(p => p.Name).ToHashSet(StringComparer.Ordinal).SetEquals(values.Select(v => v.ParameterName)) || sql.Parameters.Count != values.Count)
            throw new ArgumentException($"values for {string.Join(' ', values.Select(v => v.ParameterName))}, expected {string.Join(' ', sql.Parameters.Select(p => p.Name))}", nameof(values));
        (Sql, Values) = (sql, values);
    }

    public TSql Sql { get; }

    /// <summary>True if it may run as long as it takes: it reads a whole table.</summary>
    public bool IsLong { get; init; }

    public IReadOnlyList<SqlParameter> Values { get; }
}
