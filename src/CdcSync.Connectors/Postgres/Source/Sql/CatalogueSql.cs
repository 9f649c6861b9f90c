namespace CdcSync.Connectors.Postgres.Source.Sql;

/// <summary>The statements that read the catalogue; pure. All objects of a pass are described by two statements in one round trip.</summary>
internal static class CatalogueSql
{
    // Each name's relation: in the schema that was named, else the first on the search path.
    private const string Named = """
        relations AS MATERIALIZED (
            SELECT w.place, c.oid
            FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w(schema, name, place)
            CROSS JOIN LATERAL (
                SELECT r.oid FROM pg_catalog.pg_class AS r JOIN pg_catalog.pg_namespace AS s ON s.oid = r.relnamespace
                WHERE r.relname = w.name AND r.relkind IN ('r', 'p', 'v', 'm', 'f')
                  AND (s.nspname = w.schema OR (w.schema IS NULL AND s.nspname = ANY (pg_catalog.current_schemas(false))))
                ORDER BY pg_catalog.array_position(pg_catalog.current_schemas(false), s.nspname) LIMIT 1) AS c)
        """;

    // All but partitions, temporary tables and what is the system's.
    private const string All = """
        relations AS MATERIALIZED (
            SELECT pg_catalog.row_number() OVER (ORDER BY s.nspname, r.relname) AS place, r.oid
            FROM pg_catalog.pg_class AS r JOIN pg_catalog.pg_namespace AS s ON s.oid = r.relnamespace
            WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT r.relispartition AND r.relpersistence <> 't'
              AND s.nspname <> 'information_schema' AND s.nspname !~ '^pg_')
        """;

    // Domains over domains, down to the type below them all; the modifier is the lowest domain's.
    private const string Domains = """
        domains(domain, base, modifier, is_base) AS (
            SELECT t.oid, t.typbasetype, t.typtypmod, b.typtype <> 'd'
            FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_type AS b ON b.oid = t.typbasetype WHERE t.typtype = 'd'
            UNION ALL
            SELECT d.domain, t.typbasetype, t.typtypmod, b.typtype <> 'd'
            FROM domains AS d JOIN pg_catalog.pg_type AS t ON t.oid = d.base AND NOT d.is_base JOIN pg_catalog.pg_type AS b ON b.oid = t.typbasetype)
        """;

    /// <summary>The relations that were named, with the place of the name, from 1. Parameters: schemas (null = by the search path) and names, as arrays of text.</summary>
    public static string NamedObjects() => Objects(Named);

    /// <summary>The columns of the relations that were named. Parameters: as <see cref="NamedObjects"/>.</summary>
    public static string NamedColumns() => Columns(Named);

    /// <summary>All relations of the database that a dataset could name.</summary>
    public static string AllObjects() => Objects(All);

    /// <summary>Their columns.</summary>
    public static string AllColumns() => Columns(All);

    /// <summary>Types, and what they are made of: an array's element, a range's bounds, a multirange's ranges, a domain's base. Parameter: oids, as an array.</summary>
    public static string Types() => """
        WITH RECURSIVE types(oid, part) AS (
            SELECT t.oid, p.part FROM pg_catalog.pg_type AS t CROSS JOIN LATERAL (SELECT coalesce(
                (SELECT r.rngsubtype FROM pg_catalog.pg_range AS r WHERE r.rngtypid = t.oid),
                (SELECT r.rngtypid FROM pg_catalog.pg_range AS r WHERE r.rngmultitypid = t.oid),
                CASE WHEN t.typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc THEN t.typelem END,
                nullif(t.typbasetype, 0)) AS part) AS p),
        wanted(oid) AS (
            SELECT unnest($1::oid[])
            UNION
            SELECT t.part FROM wanted AS w JOIN types AS t ON t.oid = w.oid WHERE t.part IS NOT NULL)
        SELECT t.oid, n.nspname::text, t.typname::text, t.typtype, s.part
        FROM wanted AS w
        JOIN types AS s ON s.oid = w.oid
        JOIN pg_catalog.pg_type AS t ON t.oid = w.oid
        JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
        """;

    /// <summary>The names there are, for suggestions: schema and name.</summary>
    public static string Names() => $"""
        WITH {All}
        SELECT n.nspname::text, c.relname::text, n.nspname = ANY (pg_catalog.current_schemas(false))
        FROM relations AS w JOIN pg_catalog.pg_class AS c ON c.oid = w.oid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        ORDER BY 1, 2
        """;

    private static string Objects(string relations) => $"""
        WITH {relations}
        SELECT w.place, c.oid, n.nspname::text, c.relname::text, c.relkind, c.relispartition, c.relpersistence <> 'p', c.reltuples::float8, c.relreplident,
               c.relkind = 'r' AND EXISTS (SELECT FROM pg_catalog.pg_inherits AS h WHERE h.inhparent = c.oid), pg_catalog.has_schema_privilege(n.oid, 'USAGE'),
               (SELECT {KeyOf("i")} FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid),
               (SELECT {KeyOf("i")} FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid AND i.indisreplident AND i.indisvalid)
        FROM relations AS w
        JOIN pg_catalog.pg_class AS c ON c.oid = w.oid
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        ORDER BY w.place
        """;

    private static string Columns(string relations) => $"""
        WITH RECURSIVE {relations},
        {Domains}
        SELECT a.attrelid, a.attnum::int4, a.attname::text, coalesce(d.base, a.atttypid), coalesce(d.modifier, a.atttypmod), pg_catalog.format_type(a.atttypid, a.atttypmod),
               a.attnotnull, a.attgenerated <> '', a.attidentity <> '', s.nspname || '.' || o.collname, coalesce(o.collisdeterministic, true),
               pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
        FROM pg_catalog.pg_attribute AS a
        LEFT JOIN domains AS d ON d.domain = a.atttypid AND d.is_base
        LEFT JOIN pg_catalog.pg_collation AS o ON o.oid = a.attcollation
        LEFT JOIN pg_catalog.pg_namespace AS s ON s.oid = o.collnamespace
        WHERE a.attrelid IN (SELECT oid FROM relations) AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attrelid, a.attnum
        """;

    // Without the columns an index only includes.
    private static string KeyOf(string index) =>
        $"(SELECT pg_catalog.array_agg(k.number::int4 ORDER BY k.place) FROM unnest({index}.indkey) WITH ORDINALITY AS k(number, place) WHERE k.place <= {index}.indnkeyatts)";
}
