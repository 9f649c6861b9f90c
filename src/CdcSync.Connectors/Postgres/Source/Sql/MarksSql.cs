using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Core.Datasets;
using static CdcSync.Connectors.Postgres.PostgresDialect;

namespace CdcSync.Connectors.Postgres.Source.Sql;

/// <summary>The statements that read rows by a mark, and those that tell which transactions may still write one; pure.</summary>
internal static class MarksSql
{
    /// <summary>
    /// The open transactions of the database, but the asking one: the oldest begin, whose it is, and how many there are whose begin does not show (because
    /// track_activities is off for them). To be asked after the clock and before the prepared ones: a transaction on its way from open to prepared is in one or both.
    /// </summary>
    /// <remarks>A transaction takes its time from the message that began it. Of several in one message the later ones take that of the first: so a client that is
    /// executing one counts from there, also in the moment between two of them.</remarks>
    public static string OpenTransactions() => """
        WITH others AS MATERIALIZED (
            SELECT a.pid, least(a.xact_start, CASE WHEN a.state = 'active' AND a.backend_type = 'client backend' THEN a.query_start END) AS begun, a.xact_start, a.state, a.backend_xid, a.application_name
            FROM pg_catalog.pg_stat_activity AS a WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid())
        SELECT o.begun, o.pid, o.application_name, (SELECT count(*) FROM others AS h WHERE h.state = 'disabled' OR (h.backend_xid IS NOT NULL AND h.xact_start IS NULL)),
               pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
        FROM (VALUES (1)) AS one LEFT JOIN LATERAL (SELECT * FROM others WHERE begun IS NOT NULL ORDER BY begun LIMIT 1) AS o ON true
        """;

    /// <summary>How many prepared transactions of the database there are: when they began is not to be learned.</summary>
    public static string PreparedTransactions() => "SELECT count(*) FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()";

    /// <summary>The rows whose mark is at or above a value.</summary>
    public static string From(Dataset dataset, PostgresObject source, PostgresColumn mark) =>
        $"{RowsSql.All(dataset, source)} WHERE b.{Quote(mark.Name)} >= {RowsSql.Value(0, mark.Type)}";

    /// <summary>The highest stamp up to a parameter, as microseconds since 1970.</summary>
    public static string HighestStamp(Dataset dataset, PostgresObject source, PostgresColumn mark) => $"""
        SELECT (extract(epoch FROM max(b.{Quote(mark.Name)})) * 1000000)::bigint FROM {RowsSql.From(dataset, source)}
        WHERE b.{Quote(mark.Name)} <= $1::{Quote(mark.Type.Schema)}.{Quote(mark.Type.Name)} AND isfinite(b.{Quote(mark.Name)})
        """;

    /// <summary>The highest number.</summary>
    public static string HighestNumber(Dataset dataset, PostgresObject source, PostgresColumn mark) =>
        $"SELECT max(b.{Quote(mark.Name)})::bigint FROM {RowsSql.From(dataset, source)}";

    /// <summary>The numbers above a parameter, in order.</summary>
    public static string Numbers(Dataset dataset, PostgresObject source, PostgresColumn mark) =>
        $"SELECT b.{Quote(mark.Name)}::bigint FROM {RowsSql.From(dataset, source)} WHERE b.{Quote(mark.Name)} > $1 ORDER BY 1";

    /// <summary>The numbers within ranges, in order. Parameters: the first and the last numbers, as arrays.</summary>
    public static string NumbersWithin(Dataset dataset, PostgresObject source, PostgresColumn mark) => $"""
        SELECT b.{Quote(mark.Name)}::bigint FROM unnest($1::bigint[], $2::bigint[]) AS g(first, last)
        JOIN {RowsSql.From(dataset, source)} ON b.{Quote(mark.Name)} BETWEEN g.first AND g.last ORDER BY 1
        """;

    /// <summary>The rows whose number is above one value and at most another.</summary>
    public static string NewNumbers(Dataset dataset, PostgresObject source, PostgresColumn mark) =>
        $"{RowsSql.All(dataset, source)} WHERE b.{Quote(mark.Name)} > {RowsSql.Value(0, Bigint)} AND b.{Quote(mark.Name)} <= {RowsSql.Value(1, Bigint)}";

    /// <summary>The rows whose number is within ranges. Values: the first and the last numbers, as arrays.</summary>
    public static string LateNumbers(Dataset dataset, PostgresObject source, PostgresColumn mark) => $"""
        SELECT {RowsSql.Columns(dataset, source)} FROM unnest({RowsSql.Value(0, Bigint)}[], {RowsSql.Value(1, Bigint)}[]) AS g(first, last)
        JOIN {RowsSql.From(dataset, source)} ON b.{Quote(mark.Name)} BETWEEN g.first AND g.last
        """;

    private static readonly PostgresTypeInfo Bigint = new(PostgresOid.Int8, "pg_catalog", "int8", 'b');
}
