using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using Microsoft.Data.Sqlite;

namespace CdcSync.Benchmarks.Sync;

/// <summary>The orders that every engine's first load is measured with: ten columns, the same rows each time.</summary>
internal static class OrdersDatabase
{
    private const string Schema = """
        PRAGMA journal_mode = WAL;
        CREATE TABLE orders (
            id integer PRIMARY KEY NOT NULL, customer_id bigint NOT NULL, status text NOT NULL, amount numeric(12,2) NOT NULL, currency char(3) NOT NULL,
            created_at timestamp NOT NULL, updated_at timestamp NOT NULL, note text, is_gift boolean NOT NULL, external_id uuid NOT NULL)
        """;

    private const string Rows = """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows),
        h(i, a, b) AS (SELECT i, printf('%016x', i * 2654435761 * 40503 + 12345), printf('%016x', i * 40503 * 69069) FROM n)
        INSERT INTO orders
        SELECT i, (i * 7919) % 250000 + 1,
               CASE i % 7 WHEN 0 THEN 'returned' WHEN 1 THEN 'open' WHEN 2 THEN 'paid' ELSE 'shipped' END,
               ((i * 104729) % 100000000) / 100.0,
               CASE i % 5 WHEN 0 THEN 'USD' WHEN 1 THEN 'GBP' ELSE 'EUR' END,
               datetime(1600000000 + i * 37, 'unixepoch'),
               datetime(1600000000 + i * 37 + i % 86400, 'unixepoch') || '.' || printf('%03d', i % 1000),
               CASE WHEN i % 3 = 0 THEN NULL ELSE 'note on order ' || i || ': please deliver to the neighbour' END,
               i % 11 = 0,
               substr(a, 1, 8) || '-' || substr(a, 9, 4) || '-4' || substr(a, 13, 3) || '-a' || substr(b, 1, 3) || '-' || substr(b, 4, 12)
          FROM h
        """;

    /// <summary>The table as a dataset.</summary>
    /// <param name="name">Its name, and the target's.</param>
    public static Dataset Dataset(string name)
    {
        var timestamp = new TimestampType(TimeUnit.Microsecond, null);
        (string Name, ArrowType Type)[] columns =
        [
            ("id", Int64Type.Default), ("customer_id", Int64Type.Default), ("status", StringType.Default), ("amount", new Decimal128Type(12, 2)), ("currency", StringType.Default),
            ("created_at", timestamp), ("updated_at", timestamp), ("note", StringType.Default), ("is_gift", BooleanType.Default), ("external_id", StringType.Default),
        ];
        return new Dataset
        {
            Id = new DatasetId(name),
            SourceName = "bench",
            Object = new SourceObject.Table(null, name),
            Capture = new Capture.ChangeTracking(),
            Target = new TargetTable(null, name),
            Contract = new ContractReference("bench", "1.0.0", "bench"),
            Columns = [.. columns.Select((c, i) => new DatasetColumn(c.Name, c.Name, c.Type, c.Type, i == 0 ? 0 : null))],
        };
    }

    /// <summary>What makes such a table in PostgreSQL.</summary>
    public static string OnPostgres(int rows) => $"""
        SET statement_timeout = 0;
        CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL, amount numeric(12,2) NOT NULL, currency text NOT NULL,
            created_at timestamp NOT NULL, updated_at timestamp NOT NULL, note text, is_gift boolean NOT NULL, external_id text NOT NULL);
        INSERT INTO orders
        SELECT i, i % 250000, CASE i % 7 WHEN 0 THEN 'returned' WHEN 1 THEN 'open' ELSE 'shipped' END, (i % 10000000) / 100.0, 'EUR', timestamp '2026-01-01' + i * interval '1 s',
               timestamp '2026-01-01' + i * interval '1.001 s', CASE WHEN i % 3 = 0 THEN NULL ELSE 'note on order ' || i || ': please deliver to the neighbour' END, i % 11 = 0, gen_random_uuid()::text
          FROM generate_series(1, {rows}) AS i
        """;

    /// <summary>Makes the file.</summary>
    public static void Create(string path, int rows)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = Schema;
        command.ExecuteNonQuery();
        command.CommandText = Rows;
        command.Parameters.AddWithValue("$rows", rows);
        command.ExecuteNonQuery();
    }
}
