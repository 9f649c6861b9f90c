using System.Globalization;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Connectors.SqlServer.Digests;

/// <summary>
/// The statements that compute digests where the rows are; pure. A row's canonical bytes are put together column by column; <c>HASHBYTES</c> makes the MD5 of them.
/// Lists of parts travel as JSON: a statement has one text however many there are.
/// </summary>
internal sealed class DigestSql
{
    private const int PlainLimit = 8_000;

    private static readonly TSqlParameter Unit = new("@unit", TSqlType.BigInt), Size = new("@size", TSqlType.BigInt), Parts = new("@parts", TSqlType.Text);

    private readonly DigestTable _table;
    private readonly bool _isOrdered;
    private readonly IReadOnlyList<string> _conditions;
    private readonly IReadOnlyList<TSqlParameter> _parameters;
    private readonly string _key, _place, _hash;

    /// <summary>Over a table.</summary>
    /// <param name="table">The table; it <see cref="DigestTable.CanSay(DigestScope)"/> the scope.</param>
    /// <param name="scope">What is hashed.</param>
    /// <param name="bounds">Which bounds the scope's range has.</param>
    public DigestSql(DigestTable table, DigestScope scope, RangeBounds bounds)
    {
        _table = table;
        _isOrdered = scope.Places.IsOrdered;
        (_conditions, _parameters) = Choice(table, scope.Range, bounds);
        _key = Record([.. table.Key.Select(k => k.Canonical!)]);
        _place = _isOrdered ? $"COALESCE(CAST({table.Key[0].Column} AS bigint), 0)" : $"CAST(SUBSTRING(HASHBYTES('MD5', {_key}), 1, 8) AS bigint)";
        _hash = $"HASHBYTES('MD5', {Record([.. scope.Columns.Select(i => table.Columns[i].Canonical!)])})";
    }

    /// <summary>Whether the server has the collation: 1 or 0. Where the database has no OPENJSON (compatibility level below 130), an error: there is no such object.</summary>
    public static TSql Server() => new(
        $"SELECT CASE WHEN COLLATIONPROPERTY(N'{DigestServer.Utf8Collation}', N'CodePage') = 65001 THEN 1 ELSE 0 END AS has_utf8 FROM OPENJSON(N'[1]') AS one;", TSqlKinds.Select);

    /// <summary>First and last place, and the number of rows marked as deleted.</summary>
    /// <param name="table">The table.</param>
    /// <param name="isOrdered">True where the key is the place.</param>
    public static TSql Survey(DigestTable table, bool isOrdered)
    {
        string End(string which) => isOrdered ? $"(SELECT CAST({which}({table.Key[0].Column}) AS bigint) FROM {table.From})" : "CAST(NULL AS bigint)";
        var deleted = table.Deleted is { } condition ? $"(SELECT COUNT_BIG(*) FROM {table.From} WHERE {condition})" : "CAST(0 AS bigint)";
        return new($"SELECT {End("MIN")} AS first_place, {End("MAX")} AS last_place, {deleted} AS soft_deleted;", TSqlKinds.Select);
    }

    /// <summary>Digests of all rows. Parameters: <c>@unit</c>, but for the shift of all bits; then those of the rows that count.</summary>
    public TSql All(int shift) => Grouped(shift, Rows(), "", []);

    /// <summary>Digests of the rows of some parts. Parameters: as <see cref="All"/>, <c>@parts</c>, and of places that are hashes <c>@size</c>.</summary>
    /// <param name="shift">How far the places are shifted.</param>
    /// <param name="size">The shift that the parts themselves have.</param>
    public TSql Some(int shift, int size) => _isOrdered ? Grouped(shift, InRanges(), "", [Parts]) : Grouped(shift, Rows(), Within(size), WithinParameters(size));

    /// <summary>Key and hash of the rows of some parts.</summary>
    /// <param name="size">The shift that the parts have.</param>
    public TSql RowsOf(int size) => new(
        _isOrdered ? $"SELECT p.row_key, p.hash FROM ({InRanges()}) AS p;" : $"SELECT p.row_key, p.hash FROM ({Rows()}) AS p{Within(size)};",
        TSqlKinds.Select, [.. _isOrdered ? [Parts] : WithinParameters(size), .. _parameters]);

    /// <summary>Key and hash of the rows with certain keys, wherever they are. Parameters: <see cref="KeysSql.Parameters"/>, and the filter.</summary>
    /// <param name="table">The table.</param>
    /// <param name="scope">What is hashed.</param>
    /// <param name="keys">How many keys.</param>
    public static TSql Find(DigestTable table, DigestScope scope, int keys)
    {
        var sql = new DigestSql(table, scope with { Range = null }, RangeBounds.None);
        return new($"{sql.Select} FROM {KeysSql.Join(table.From, table.Key, keys)}{Where(sql._conditions)};", TSqlKinds.Select, [.. KeysSql.Parameters(table.Key, keys), .. sql._parameters]);
    }

    /// <summary>The conditions of rows that count and are in a range, and their parameters: <c>@from</c>, <c>@to</c>, <c>@filter</c>, as far as there are any.</summary>
    public static (IReadOnlyList<string> Conditions, IReadOnlyList<TSqlParameter> Parameters) Choice(DigestTable table, RowRange? range, RangeBounds bounds)
    {
        var (conditions, parameters) = (new List<string>(), new List<TSqlParameter>());
        if (range is not null)
        {
            var (column, type) = table.Columns[range.Column].Compared!.Value;
            if (bounds.HasFlag(RangeBounds.From)) (conditions, parameters) = ([.. conditions, $"{column} >= @from"], [.. parameters, new TSqlParameter("@from", type)]);
            if (bounds.HasFlag(RangeBounds.To)) (conditions, parameters) = ([.. conditions, $"{column} < @to"], [.. parameters, new TSqlParameter("@to", type)]);
            if (bounds == RangeBounds.None) conditions.Add($"{column} IS NOT NULL");
        }

        conditions.AddRange(table.Live);
        if (table.Filter is not null) parameters.Add(new TSqlParameter("@filter", TSqlType.Text));
        return (conditions, parameters);
    }

    /// <summary>The canonical bytes of some columns: how many they are, then each. Of a row with a value that has none they are like no other's.</summary>
    public static string Record(IReadOnlyList<DigestColumn> columns)
    {
        // Bytes that are not declared as max are cut after 8,000, without a word.
        var limit = columns.Aggregate((int?)4, (sum, c) => sum + 8 + c.Limit);
        var count = limit <= PlainLimit ? $"0x{DigestColumn.Hex(columns.Count)}" : $"CAST(0x{DigestColumn.Hex(columns.Count)} AS varbinary(max))";
        string[] misfits = [.. columns.Where(c => c.Misfit is not null).Select(c => $"({c.Misfit})")];
        return string.Join(" + ", [count, .. columns.Select(c => c.Sql), .. misfits.Length == 0 ? Array.Empty<string>() : [$"CASE WHEN {string.Join(" OR ", misfits)} THEN 0xFF ELSE 0x END"]]);
    }

    /// <summary>A WHERE clause; nothing where there is no condition.</summary>
    public static string Where(IReadOnlyList<string> conditions) => conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}";

    private string Select => $"SELECT {_key} AS row_key, {_hash} AS hash, {_place} AS place";

    private string Rows() => $"{Select} FROM {_table.From}{Where(_conditions)}";

    // The hint keeps each range a look into the index of its own.
    private string InRanges() =>
        $"{Select} FROM OPENJSON(@parts) WITH (first_place {Key} '$[0]', last_place {Key} '$[1]') AS w INNER LOOP JOIN {_table.From} ON {_table.Key[0].Column} BETWEEN w.first_place AND w.last_place{Where(_conditions)}";

    private string Key => _table.Key[0].Found.Kind;

    private TSql Grouped(int shift, string rows, string where, IReadOnlyList<TSqlParameter> own) => new(
        $"""
        SELECT r.prefix, COUNT_BIG(*) AS row_count, SUM(r.high) AS high, SUM(r.low) AS low
          FROM (SELECT {Prefix(shift, "@unit")} AS prefix, {Half(1)} AS high, {Half(9)} AS low
                  FROM ({rows}) AS p{where}) AS r
         GROUP BY r.prefix;
        """, TSqlKinds.Select, [.. shift < Places.Bits - 1 ? [Unit] : Array.Empty<TSqlParameter>(), .. own, .. _parameters]);

    // 64 signed bits; the sum of a trillion of them has 31 digits.
    private static string Half(int first) => string.Create(CultureInfo.InvariantCulture, $"CAST(CAST(SUBSTRING(p.hash, {first}, 8) AS bigint) AS decimal(38, 0))");

    // A shift to the right that keeps the sign: division rounds toward zero, and has no divisor of 63 bits.
    private static string Prefix(int shift, string unit) =>
        shift >= Places.Bits - 1 ? "CASE WHEN p.place < 0 THEN CAST(-1 AS bigint) ELSE CAST(0 AS bigint) END" : $"p.place / {unit} - CASE WHEN p.place % {unit} < 0 THEN 1 ELSE 0 END";

    private static string Within(int size) => $" WHERE {Prefix(size, "@size")} IN (SELECT w.prefix FROM OPENJSON(@parts) WITH (prefix bigint '$') AS w)";

    private static IReadOnlyList<TSqlParameter> WithinParameters(int size) => size < Places.Bits - 1 ? [Size, Parts] : [Parts];
}
