namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>What the gates ask of the ledger, what a person let through them, and the columns that sources had.</summary>
internal static class GateSql
{
    /// <summary>1 pipeline, 2 dataset, 3 seconds.</summary>
    public const string SumDeleted = """
        SELECT coalesce(sum(deleted), 0)::bigint
          FROM cdcsync.ledger
         WHERE pipeline = $1 AND dataset = $2 AND deleted > 0 AND committed_at > clock_timestamp() - make_interval(secs => $3)
           AND generation > (SELECT coalesce(max(generation), 0) FROM cdcsync.acceptance WHERE pipeline = $1 AND dataset = $2 AND gate = 'deletes')
        """;

    /// <summary>1 pipeline, 2 dataset, 3 kind, 4 limit.</summary>
    public const string Past = "SELECT rows_read, source_time FROM cdcsync.ledger WHERE pipeline = $1 AND dataset = $2 AND kind = $3 ORDER BY generation DESC LIMIT $4";

    /// <summary>The newest columns of each dataset's source. 1 pipeline.</summary>
    public const string SourceSchemas = "SELECT DISTINCT ON (dataset) dataset, number, columns, changes FROM cdcsync.source_schema WHERE pipeline = $1 ORDER BY dataset, number DESC";

    /// <summary>1 pipeline, 2 dataset, 3 number, 4 columns, 5 changes.</summary>
    public const string WriteSourceSchema = "INSERT INTO cdcsync.source_schema (pipeline, dataset, number, columns, changes, seen_at) VALUES ($1, $2, $3, $4, $5, clock_timestamp()) ON CONFLICT DO NOTHING";

    /// <summary>1 pipeline, 2 dataset, 3 generation, 4 gate, 5 verdict, 6 holder.</summary>
    public const string Accept = "INSERT INTO cdcsync.acceptance (pipeline, dataset, generation, gate, verdict, holder, accepted_at) VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())";
}
