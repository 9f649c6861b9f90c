using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Connectors.Postgres.Digests;

/// <summary>
/// The statements that compute digests where the rows are; pure. A row's canonical bytes are what <c>record_send</c> makes of it: the number of columns, then of
/// each its type, its length and its value.
/// </summary>
internal sealed class DigestSql
{
    private const string High = "('x' || left(r.hash, 16))::bit(64)::bigint", Low = "('x' || right(r.hash, 16))::bit(64)::bigint";

    private readonly PostgresTable _table;
    private readonly bool _isOrdered;
    private readonly string _key, _place, _hash, _live;

    /// <summary>Over a target.</summary>
    /// <param name="table">A target with a key.</param>
    /// <param name="found">The types its columns really have, by their name.</param>
    /// <param name="scope">What is hashed.</param>
    public DigestSql(PostgresTable table, IReadOnlyDictionary<string, PostgresType> found, DigestScope scope)
    {
        _table = table;
        _isOrdered = scope.Places.IsOrdered;
        var columns = table.Columns.Select((c, i) => DigestColumn.Of(c.Name, table.Dataset.TargetSchema.Fields[i].DataType, found.GetValueOrDefault(c.Plain, c.Type))).ToArray();
        DigestColumn[] keys = [.. table.Dataset.TargetKey.Select(i => columns[i])];
        _key = Record(keys);
        _place = _isOrdered ? keys[0].Misfit is null ? keys[0].Sql : $"coalesce({keys[0].Sql}, 0)" : $"('x' || left(md5({_key}), 16))::bit(64)::bigint";
        _hash = Hash([.. scope.Columns.Select(i => columns[i])]);
        _live = table.MarksDeletes ? $"t.{PostgresDialect.DeletedAt} IS NULL" : "true";
    }

    /// <summary>First and last place, and the number of rows marked as deleted.</summary>
    public string Survey() =>
        $"""
        SELECT {(_isOrdered ? $"(SELECT min({_place}) FROM {_table.Name} AS t), (SELECT max({_place}) FROM {_table.Name} AS t)" : "NULL::bigint, NULL::bigint")},
               {(_table.MarksDeletes ? $"(SELECT count(*) FROM {_table.Name} AS t WHERE t.{PostgresDialect.DeletedAt} IS NOT NULL)" : "0::bigint")}
        """;

    /// <summary>Digests of all rows. Parameter: the shift.</summary>
    public string All() => Grouped($"({Rows(_live)}) AS r", "");

    /// <summary>Digests of the rows of some parts. Parameters: the shift; of ordered places the first and last of each part, else the parts' own shift and prefixes.</summary>
    public string Some() => _isOrdered
        ? Grouped(Ranges(2), "")
        : Grouped($"({Rows(_live)}) AS r", " WHERE r.place >> $2 = ANY ($3)");

    /// <summary>Key and hash of the rows of some parts. Parameters: of ordered places the first and last of each part, else the parts' shift and prefixes.</summary>
    public string RowsOf() => _isOrdered
        ? $"SELECT r.key, r.hash FROM {Ranges(1)}"
        : $"SELECT r.key, r.hash FROM ({Rows(_live)}) AS r WHERE r.place >> $1 = ANY ($2)";

    /// <summary>Key and hash of the rows with certain keys. Parameters: an array for each part of the key.</summary>
    public string Find() =>
        $"""
        SELECT r.key, r.hash
          FROM unnest({string.Join(", ", _table.Key.Select((c, i) => $"${i + 1}::{c.Type.Name}[]"))}) AS k ({string.Join(", ", _table.Key.Select((_, i) => $"k{i}"))})
         CROSS JOIN LATERAL ({Rows($"{string.Join(" AND ", _table.Key.Select((c, i) => $"t.{c.Name} = k.k{i}"))} AND {_live}")} OFFSET 0) AS r
        """;

    private static string Grouped(string rows, string where) =>
        $"""
        SELECT r.place >> $1, count(*), sum({High})::text, sum({Low})::text
          FROM {rows}{where}
         GROUP BY 1
        """;

    // OFFSET 0 keeps each range a look into the index of its own.
    private string Ranges(int first) =>
        $"""
        unnest(${first}::bigint[], ${first + 1}::bigint[]) AS p (first, last)
         CROSS JOIN LATERAL ({Rows($"t.{_table.Key[0].Name} BETWEEN p.first AND p.last AND {_live}")} OFFSET 0) AS r
        """;

    // The clock is asked so that the planner does not merge this query into the one around it, which uses the hash twice and would compute it twice. Unlike OFFSET 0
    // it lets several processes share the work.
    private string Rows(string where) => $"SELECT {_place} AS place, {_key} AS key, {_hash} AS hash, clock_timestamp() FROM {_table.Name} AS t WHERE {where}";

    private static string Record(IReadOnlyList<DigestColumn> columns) => $"record_send(ROW({string.Join(", ", columns.Select(c => c.Sql))}))";

    private static string Hash(IReadOnlyList<DigestColumn> columns)
    {
        string[] misfits = [.. columns.Select(c => c.Misfit).OfType<string>()];
        return misfits.Length == 0 ? $"md5({Record(columns)})"
            : $"md5({Record(columns)} || CASE WHEN {string.Join(" OR ", misfits)} THEN '\\xff'::bytea ELSE ''::bytea END)";
    }
}
