using Microsoft.Data.Sqlite;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

/// <summary>
/// The one promise of the triggers, against the truth: whatever statements run, a key whose row came, went or changed is in the log. The truth is a full
/// copy of the table before and after. Conflict clauses, upserts, key updates, cascades, expression and partial indexes, generated columns and defaults included.
/// </summary>
public sealed class SourceTrackingTruthTests
{
    internal static readonly (string Name, string Schema, string Key)[] Shapes =
    [
        ("row id", "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT COLLATE NOCASE, v INT, w INT)", "id"),
        ("unique column", "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT COLLATE NOCASE UNIQUE, v INT, w INT)", "id"),
        ("two unique indexes", "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT, v INT UNIQUE, w INT, UNIQUE (u, w))", "id"),
        ("not null default", "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT NOT NULL DEFAULT 'b' UNIQUE, v INT NOT NULL DEFAULT 2, w INT, UNIQUE (v))", "id"),
        ("replace by declaration", "CREATE TABLE t (id INT PRIMARY KEY ON CONFLICT REPLACE, u TEXT UNIQUE ON CONFLICT REPLACE, v INT UNIQUE ON CONFLICT IGNORE, w INT)", "id"),
        ("case-blind key", "CREATE TABLE t (u TEXT COLLATE NOCASE PRIMARY KEY, id INT, v INT UNIQUE, w INT)", "u"),
        ("case-blind key without row id", "CREATE TABLE t (u TEXT COLLATE NOCASE PRIMARY KEY, id INT, v INT UNIQUE, w INT) WITHOUT ROWID", "u"),
        ("composite key", "CREATE TABLE t (u TEXT COLLATE RTRIM, v INT, id INT UNIQUE, w INT, PRIMARY KEY (v, u))", "v, u"),
        ("untyped key", "CREATE TABLE t (id PRIMARY KEY, u TEXT, v UNIQUE, w INT)", "id"),
        ("expression and partial", "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT, v INT, w INT); CREATE UNIQUE INDEX e ON t (lower(u), v % 3 DESC) WHERE w > 1; CREATE UNIQUE INDEX p ON t (v) WHERE u IS NOT NULL AND w = 1", "id"),
        ("generated", "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT, v INT, w INT, g AS (lower(u) || v) UNIQUE, s INT AS (w % 4) STORED UNIQUE)", "id"),
        ("generated from defaults", "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT NOT NULL DEFAULT 'b', v INT NOT NULL DEFAULT 1, w INT, g AS (lower(u) || v) UNIQUE)", "id"),
        ("collation of the index", "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT, v INT, w INT); CREATE UNIQUE INDEX i ON t (u COLLATE NOCASE, v)", "id"),
        ("descending key", "CREATE TABLE t (id INTEGER PRIMARY KEY DESC, u TEXT UNIQUE, v INT, w INT)", "id"),
        ("application's own triggers", """
            CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, v INT UNIQUE, w INT);
            CREATE TRIGGER mine AFTER UPDATE ON t WHEN NEW.w < 3 BEGIN UPDATE t SET w = w + 1 WHERE id = NEW.id; DELETE FROM t WHERE id = NEW.id + 1 AND w = 4; END;
            CREATE TRIGGER also BEFORE INSERT ON t WHEN NEW.w = 1 BEGIN INSERT OR REPLACE INTO t VALUES (NEW.v, NEW.u, NEW.v + 1, 4); END
            """, "id"),
        ("cascades", """
            CREATE TABLE parent (p INTEGER PRIMARY KEY, q INT UNIQUE);
            INSERT INTO parent VALUES (0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5);
            CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, v INT REFERENCES parent(p) ON DELETE CASCADE ON UPDATE CASCADE, w INT REFERENCES parent(q) ON DELETE SET NULL ON UPDATE CASCADE)
            """, "id"),
    ];

    public static TheoryData<string, bool> Cases()
    {
        var data = new TheoryData<string, bool>();
        foreach (var shape in Shapes)
        {
            data.Add(shape.Name, false);
            data.Add(shape.Name, true);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_key_whose_row_changed_is_in_the_log(string shape, bool recursiveTriggers)
    {
        var (_, schema, key) = Shapes.Single(s => s.Name == shape);
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var file = new SourceFile(schema, "MEMORY");
        file.Run($"PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers={recursiveTriggers}");
        file.Track("t");
        var columns = file.Rows("SELECT name FROM pragma_table_info('t')").ConvertAll(name => name[2..]);
        var before = Content(file, key);
        for (var step = 0; step < 600; step++)
        {
            var sql = RunStatement(file, random, columns, schema.Contains("parent"));
            var after = Content(file, key);
            var logged = file.Rows($"SELECT {string.Join(", ", key.Split(',').Select((_, i) => TrackingNamesKey(i)))} FROM _cdcsync_log_t").ToHashSet();
            var changed = before.Keys.Union(after.Keys).Where(k => before.GetValueOrDefault(k) != after.GetValueOrDefault(k)).ToList();
            Assert.True(changed.All(logged.Contains), $"seed {seed}, step {step}: {sql}: changed {string.Join(" ", changed)}, logged {string.Join(" ", logged)}");
            before = after;
            file.Run("DELETE FROM _cdcsync_log_t");
        }
    }

    /// <summary>Of NEW SQLite computes a generated column from those columns alone that the statement sets or the trigger names, and before defaults come.</summary>
    [Theory]
    [InlineData("u TEXT, v INT, g AS (lower(u) || v) UNIQUE", "(1, 'a', 7), (2, 'b', 7)", "UPDATE OR REPLACE t SET u = 'B' WHERE id = 1", "i:1 i:2")]
    [InlineData("u TEXT, v INT, g AS (lower(u) || v) STORED UNIQUE", "(1, 'a', 7), (2, 'b', 7)", "UPDATE OR REPLACE t SET u = 'B' WHERE id = 1", "i:1 i:2")]
    [InlineData("u TEXT NOT NULL DEFAULT 'b', v INT, g AS (lower(u) || v) UNIQUE", "(1, 'a', 7), (2, 'b', 7)", "UPDATE OR REPLACE t SET u = NULL, v = 7 WHERE id = 1", "i:1 i:2")]
    [InlineData("u TEXT NOT NULL DEFAULT 'b', v INT, g AS (lower(u) || v) UNIQUE", "(1, 'a', 7), (2, 'b', 7)", "INSERT OR REPLACE INTO t (id, u, v) VALUES (3, NULL, 7)", "i:2 i:3")]
    public void A_row_that_stood_in_the_way_of_a_generated_value_is_in_the_log(string columns, string rows, string statement, string gone)
    {
        using var file = new SourceFile($"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns}); INSERT INTO t (id, u, v) VALUES {rows}", "MEMORY");
        file.Track("t");
        file.Run(statement);
        Assert.DoesNotContain("i:2", file.Rows("SELECT id FROM t"));
        Assert.Superset(gone.Split(' ').ToHashSet(), file.Rows($"SELECT {TrackingNamesKey(0)} FROM _cdcsync_log_t").ToHashSet());
    }

    /// <summary>Runs a random statement; one that breaks a constraint is part of the programme.</summary>
    internal static string RunStatement(SourceFile file, Random random, List<string> columns, bool hasParent)
    {
        var sql = Statement(random, columns, hasParent);
        try
        {
            file.Run(sql);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is 19 or 20 || e.Message.Contains("levels of trigger recursion") || e.Message.Contains("no column named"))
        {
        }
        return sql;
    }

    private static string TrackingNamesKey(int ordinal) => Connectors.Sqlite.Source.Tracking.TrackingNames.KeyColumn(ordinal);

    private static Dictionary<string, string> Content(SourceFile file, string key)
    {
        var content = new Dictionary<string, string>();
        var keys = file.Rows($"SELECT {key} FROM t ORDER BY {key}");
        var rows = file.Rows($"SELECT * FROM t ORDER BY {key}");
        for (var i = 0; i < keys.Count; i++)
            content[keys[i]] = content.GetValueOrDefault(keys[i]) + rows[i];
        return content;
    }

    private static string Statement(Random random, List<string> columns, bool hasParent)
    {
        var clause = Pick(random, "", "", "OR REPLACE", "OR REPLACE", "OR IGNORE", "OR FAIL", "OR ROLLBACK");
        var where = Pick(random, "", "WHERE ", "WHERE ") is { Length: > 0 } w ? w + $"{Pick(random, [.. columns])} {Pick(random, "=", "<", "IS")} {Value(random)}" : $"WHERE abs(random()) % 4 = 0";
        var settable = columns;
        var plain = string.Join(", ", settable);
        var values = string.Join(", ", settable.Select(c => Value(random, c)));
        return random.Next(hasParent ? 9 : 7) switch
        {
            0 or 1 => $"INSERT {clause} INTO t ({plain}) VALUES ({values}), ({string.Join(", ", settable.Select(c => Value(random, c)))})",
            2 => $"UPDATE {clause} t SET {Pick(random, [.. settable])} = {Value(random)}, {(random.Next(2) == 0 ? settable[0] : settable[^1])} = {Value(random)} {where}",
            3 => $"UPDATE {clause} t SET {settable[0]} = {Pick(random, "id + 1", "id - 1", "upper(u)", "u || ' '", "v")} {where}",
            4 => $"DELETE FROM t {where}",
            5 => $"INSERT INTO t ({plain}) VALUES ({values}) ON CONFLICT DO {Pick(random, "NOTHING", $"UPDATE SET {Pick(random, [.. settable])} = {Value(random)}")}",
            6 when !hasParent => $"INSERT {clause} INTO t (rowid, {plain}) VALUES ({random.Next(1, 6)}, {values})".Replace("(rowid, id", random.Next(2) == 0 ? "(rowid, id" : "(oid, id"),
            6 => $"INSERT {clause} INTO t ({plain}) SELECT {string.Join(", ", settable.Select(c => random.Next(3) == 0 ? Value(random, c) : c))} FROM t",
            7 => $"INSERT OR REPLACE INTO parent VALUES ({random.Next(6)}, {random.Next(6)})",
            _ => $"UPDATE OR REPLACE parent SET {Pick(random, "p", "q")} = {random.Next(6)} WHERE {Pick(random, "p", "q")} = {random.Next(6)}",
        };
    }

    private static string Value(Random random, string? column = null) => column switch
    {
        "id" or "v" or "w" when random.Next(10) > 0 => random.Next(6).ToString(),
        _ => Pick(random, "NULL", "1", "2", "3", "1.0", "2.5", "'a'", "'A'", "'b'", "'B '", "'b'", "'1'", "''", "x'61'"),
    };

    private static string Pick(Random random, params string[] of) => of[random.Next(of.Length)];
}
