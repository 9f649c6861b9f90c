using Npgsql;
using static CdcSync.Connectors.Postgres.Parameter;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>A target as the catalogue has it.</summary>
/// <param name="HasSchema">True if its schema exists.</param>
/// <param name="Kind">pg_class.relkind; null = it is not there.</param>
/// <param name="MissingRights">Of SELECT, INSERT, UPDATE, DELETE those that the user has not.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="UniqueKeys">The columns of each unique index that a merge can go by, sorted.</param>
internal sealed record FoundTarget(bool HasSchema, char? Kind, IReadOnlyList<string> MissingRights, IReadOnlyList<FoundColumn> Columns, IReadOnlyList<IReadOnlyList<string>> UniqueKeys)
{
    // 1 schema, 2 table.
    private const string TableSql = """
        SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1), c.relkind,
               ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p WHERE NOT has_table_privilege(c.oid, p))
          FROM (SELECT) AS one
          LEFT JOIN pg_class AS c ON c.relname = $2 AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
        """;

    private const string ColumnsSql = """
        SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef OR a.attidentity <> '',
               a.attgenerated <> '' OR a.attidentity = 'a', coalesce(o.collisdeterministic, true)
          FROM pg_attribute AS a
          JOIN pg_class AS c ON c.oid = a.attrelid
          JOIN pg_namespace AS n ON n.oid = c.relnamespace
          LEFT JOIN pg_collation AS o ON o.oid = a.attcollation
         WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
         ORDER BY a.attnum
        """;

    private const string KeysSql = """
        SELECT array_agg(a.attname::text ORDER BY a.attname::text COLLATE "C")
          FROM pg_index AS i
          JOIN pg_class AS c ON c.oid = i.indrelid
          JOIN pg_namespace AS n ON n.oid = c.relnamespace
          CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place)
          JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum
         WHERE n.nspname = $1 AND c.relname = $2 AND k.place <= i.indnkeyatts
           AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
         GROUP BY i.indexrelid
        """;

    /// <summary>Reads the catalogue, in one round trip.</summary>
    public static async Task<FoundTarget> ReadAsync(NpgsqlConnection connection, PostgresTable table, CancellationToken ct)
    {
        await using var reader = await Parameter.ReadAsync(connection, ct, About(TableSql), About(ColumnsSql), About(KeysSql));
        await reader.ReadAsync(ct);
        var hasSchema = reader.GetBoolean(0);
        char? kind = reader.IsDBNull(1) ? null : reader.GetChar(1);
        string[] missing = kind is null ? [] : reader.GetFieldValue<string[]>(2);
        await reader.NextResultAsync(ct);
        List<FoundColumn> columns = [];
        while (await reader.ReadAsync(ct))
            columns.Add(new FoundColumn(reader.GetString(0), PostgresType.Parse(reader.GetString(1)), reader.GetBoolean(2), reader.GetBoolean(3), reader.GetBoolean(4), reader.GetBoolean(5)));
        await reader.NextResultAsync(ct);
        List<IReadOnlyList<string>> keys = [];
        while (await reader.ReadAsync(ct))
            keys.Add(reader.GetFieldValue<string[]>(0));
        return new FoundTarget(hasSchema, kind, missing, columns, keys);

        NpgsqlBatchCommand About(string sql) => Statement(sql, Text(table.Schema), Text(table.Dataset.Target.Name));
    }
}

/// <summary>A column as the catalogue has it.</summary>
/// <param name="Name">Its name as it is.</param>
/// <param name="Type">Its type.</param>
/// <param name="IsNotNull">True if it refuses null.</param>
/// <param name="HasDefault">True if a row that does not name it gets a value.</param>
/// <param name="IsComputed">True if it can't be written.</param>
/// <param name="IsBytewise">True if only equal bytes are equal in it.</param>
internal sealed record FoundColumn(string Name, PostgresType Type, bool IsNotNull, bool HasDefault, bool IsComputed, bool IsBytewise);
