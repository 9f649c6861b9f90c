using System.Globalization;
using static CdcSync.Connectors.Sqlite.SqliteDialect;

namespace CdcSync.Connectors.Sqlite.Digests;

/// <summary>The statements that look rows up by their keys; pure. Columns are those of the alias <c>b</c>.</summary>
internal static class KeySql
{
    /// <summary>The least and the greatest key, each found at an end of the index.</summary>
    public static string Ends(string from, string key) => $"SELECT (SELECT min({Quote("b", key)}) FROM {from}), (SELECT max({Quote("b", key)}) FROM {from})";

    /// <summary>The row with a key. Parameters: the key's parts.</summary>
    /// <param name="rows">A SELECT without conditions.</param>
    /// <param name="key">The key's columns.</param>
    public static string Lookup(string rows, IReadOnlyList<string> key) =>
        $"{rows} WHERE {string.Join(" AND ", key.Select((k, i) => string.Create(CultureInfo.InvariantCulture, $"{Quote("b", k)} = ?{i + 1}")))}";
}
