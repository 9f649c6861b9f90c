using Dapper;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.RealData;

public sealed class RandomChangesTests
{
    [Fact]
    public void Every_kind_of_change_happens_and_one_seed_makes_one_history()
    {
        var first = Run(5);

        Assert.Equal(["delete", "insert", "key change", "replace", "update"], first.Kinds.Order(StringComparer.Ordinal));
        Assert.Equal(first.Rows, Run(5).Rows);
        Assert.NotEqual(first.Rows, Run(6).Rows);
    }

    private static (IEnumerable<string> Kinds, string Rows) Run(int seed)
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        connection.Execute(
            """
            CREATE TABLE a (id INTEGER PRIMARY KEY, t VARCHAR(20), n NUMERIC(10,2), d DATETIME);
            CREATE TABLE b (x CHAR(5) NOT NULL, y CHAR(3) NOT NULL, v DOUBLE, PRIMARY KEY (x, y));
            CREATE TABLE c (v TEXT NOT NULL);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
            INSERT INTO a SELECT i, 'row ' || i, i / 7.0, '2024-01-01 00:00:00' FROM n;
            INSERT INTO b SELECT printf('%05d', id), 'abc', n FROM a;
            INSERT INTO c SELECT t FROM a;
            """);
        var kinds = new RandomChanges(connection, seed).Apply(500).Where(k => k.Value > 0).Select(k => k.Key).ToList();
        var rows = new[] { "a", "b", "c" }.SelectMany(t => SourceTable.Rows(connection, $"SELECT * FROM {t} ORDER BY 1, rowid")).Select(r => string.Join('|', r));
        return (kinds, string.Join('\n', rows));
    }
}
