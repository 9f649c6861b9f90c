using CdcSync.Core.Reconciliation;

namespace CdcSync.Connectors.Postgres.Digests;

/// <summary>
/// The statements that compute digests where the rows are; pure. A row's canonical bytes are what <c>record_send</c> makes of it: the number of columns, then of
/// each its type, its length and its value.
/// </summary>
internal sealed class DigestSql
{
    // A cast to fewer bits keeps the first ones.
    private const string High = "r.hash::bit(64)::bigint", Low = "(r.hash << 64)::bit(64)::bigint";

    private readonly DigestTable _table;
    private readonly bool _isOrdered;
    private readonly RowRange? _range;
    private readonly string _key, _place, _hash;
    private readonly CanonicalType? _time;

    /// <summary>Over a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="scope">What is hashed.</param>
    public DigestSql(DigestTable table, DigestScope scope)
    {
        _table = table;
        _isOrdered = scope.Places.IsOrdered;
        _range = scope.Range;
        _time = scope.Places.IsTime ? CanonicalTypes.Of(scope.Dataset.Key[0].TargetType!) : null;
        _key = Record([.. table.Key.Select(k => k.Column)]);
        // Of a plain column the planner would believe that each row is a part of its own, and not share the work.
        _place = _time is not null ? $"coalesce({Time(table.Key[0].Sql)}, 0)" : _isOrdered ? $"coalesce({table.Key[0].Column.Sql}, 0) + 0" : $"('x' || left(md5({_key}), 16))::bit(64)::bigint";
        _hash = Hash([.. scope.Columns.Select(i => table.Columns[i])]);
    }

    /// <summary>First and last place, and the number of rows marked as deleted.</summary>
    public string Survey() =>
        $"""
        SELECT {(_isOrdered ? $"(SELECT {End("min")} FROM {_table.From}), (SELECT {End("max")} FROM {_table.From})" : "NULL::bigint, NULL::bigint")},
               {(_table.Deleted is { } deleted ? $"(SELECT count(*) FROM {_table.From} WHERE {deleted})" : "0::bigint")}
        """;

    /// <summary>Digests of all rows. Parameters: the shift; then the range's and the table's own.</summary>
    public string All() => Grouped($"({Rows(2, RowChoice.OfRange)}) AS r", "");

    /// <summary>Digests of the rows of some parts. Parameters: the shift; of ordered places the first and last of each part, else the parts' own shift and prefixes; then the range's and the table's own.</summary>
    public string Some() => _isOrdered
        ? Grouped(Ranges(2), "")
        : Grouped($"({Rows(4, RowChoice.OfRange)}) AS r", " WHERE r.place >> $2 = ANY ($3)");

    /// <summary>Key and hash of the rows of some parts. Parameters: of ordered places the first and last of each part, else the parts' shift and prefixes; then the range's and the table's own.</summary>
    public string RowsOf() => _isOrdered
        ? $"SELECT r.key, {High}, {Low} FROM {Ranges(1)}"
        : $"SELECT r.key, {High}, {Low} FROM ({Rows(3, RowChoice.OfRange)}) AS r WHERE r.place >> $1 = ANY ($2)";

    /// <summary>Key and hash of the rows with certain keys. Parameters: an array for each part of the key; then the table's own.</summary>
    public string Find() =>
        $"""
        SELECT r.key, {High}, {Low}
          FROM unnest({string.Join(", ", _table.Key.Select((k, i) => $"${i + 1}::{k.Type}[]"))}) AS k ({string.Join(", ", _table.Key.Select((_, i) => $"k{i}"))})
         CROSS JOIN LATERAL ({Rows(_table.Key.Count + 1, RowChoice.OfKeys, [.. _table.Key.Select((k, i) => $"{k.Sql} = k.k{i}")])} OFFSET 0) AS r
        """;

    // Found at an end of the index, where the column is an integer.
    private string End(string which) => _time is not null ? Time($"{which}({_table.Key[0].Sql})") : $"{which}({(_table.Key[0].Column.Misfit is null ? _table.Key[0].Sql : _place)})::bigint";

    // The very bytes of the canonical form, infinity among them, as a number.
    private string Time(string value) => _time switch
    {
        CanonicalType.Date => $"('x' || encode(date_send({value}), 'hex'))::bit(32)::integer::bigint",
        CanonicalType.Timestamp => $"('x' || encode(timestamp_send({value}), 'hex'))::bit(64)::bigint",
        _ => $"('x' || encode(timestamptz_send({value}), 'hex'))::bit(64)::bigint",
    };

    private static string Grouped(string rows, string where) =>
        $"""
        SELECT r.place >> $1, count(*), sum({High})::text, sum({Low})::text
          FROM {rows}{where}
         GROUP BY 1
        """;

    private string Bound => _time is null ? "bigint" : _table.Key[0].Type;

    // OFFSET 0 keeps each range a look into the index of its own.
    private string Ranges(int first) =>
        $"""
        unnest(${first}::{Bound}[], ${first + 1}::{Bound}[]) AS p (first, last)
         CROSS JOIN LATERAL ({Rows(first + 2, RowChoice.OfRange, $"{_table.Key[0].Sql} BETWEEN p.first AND p.last")} OFFSET 0) AS r
        """;

    // A volatile function keeps the planner from merging this query into the one around it, which uses the hash twice and would compute it twice. Unlike OFFSET 0 it lets
    // several processes share the work; of such functions this one costs the least.
    private string Rows(int parameter, RowChoice choice, params IReadOnlyList<string> conditions)
    {
        string[] all = [.. conditions, .. _table.Conditions(choice == RowChoice.OfRange ? _range : null, parameter)];
        return $"SELECT {_place} AS place, {_key} AS key, {_hash} AS hash, pg_is_in_recovery() FROM {_table.From}{(all.Length == 0 ? "" : $" WHERE {string.Join(" AND ", all)}")}";
    }

    private static string Record(IReadOnlyList<DigestColumn> columns) => $"record_send(ROW({string.Join(", ", columns.Select(c => c.Sql))}))";

    private static string Hash(IReadOnlyList<DigestColumn> columns)
    {
        string[] misfits = [.. columns.Select(c => c.Misfit).OfType<string>()];
        var bytes = misfits.Length == 0 ? Record(columns) : $"{Record(columns)} || CASE WHEN {string.Join(" OR ", misfits)} THEN '\\xff'::bytea ELSE ''::bytea END";
        return $"('x' || md5({bytes}))::bit(128)";
    }
}

/// <summary>Which rows a statement means.</summary>
internal enum RowChoice
{
    /// <summary>Those of the scope's range.</summary>
    OfRange,

    /// <summary>Those with certain keys, wherever they are.</summary>
    OfKeys,
}
