using Dapper;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.RealData;

/// <summary>A made database of things that break pipelines: names, keys, types and values at their edges.</summary>
internal static class OddDatabase
{
    private const string Tables = """"
        CREATE TABLE "select" (id INTEGER PRIMARY KEY, "group" TEXT, "order by" TEXT);
        CREATE TABLE "spaces and ""quotes""" ("the key" TEXT NOT NULL, "it's; -- a" INTEGER NOT NULL, "naïve ""名前""" TEXT, PRIMARY KEY ("it's; -- a", "the key"));
        CREATE TABLE "Straße_данные_表" ("ключ" INTEGER PRIMARY KEY, "値" TEXT, "emoji 🙂" TEXT);
        CREATE TABLE empty_with_key (id INTEGER PRIMARY KEY, t TEXT);
        CREATE TABLE empty_without_key (t TEXT);
        CREATE TABLE without_key (a INTEGER, b TEXT, c DOUBLE);
        CREATE TABLE only_key (a INTEGER NOT NULL, b VARCHAR(10) NOT NULL, PRIMARY KEY (b, a));
        CREATE TABLE without_rowid (code CHAR(3) NOT NULL PRIMARY KEY, v INTEGER) WITHOUT ROWID;
        CREATE TABLE strict_one (id INTEGER PRIMARY KEY, i INT, r REAL, t TEXT, b BLOB) STRICT;
        CREATE TABLE nocase_key (code TEXT COLLATE NOCASE NOT NULL PRIMARY KEY, v INTEGER);
        CREATE TABLE case_key (code TEXT NOT NULL PRIMARY KEY, v INTEGER);
        CREATE TABLE blob_key (hash BLOB NOT NULL PRIMARY KEY, v TEXT);
        CREATE TABLE day_key (day DATE NOT NULL, shop INTEGER NOT NULL, v DECIMAL(18,4), PRIMARY KEY (day, shop));
        CREATE TABLE two_uniques (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b INTEGER, c INTEGER, UNIQUE (b, c));
        CREATE TABLE numbers (id INTEGER PRIMARY KEY, i BIGINT, small SMALLINT, r DOUBLE, d DECIMAL(18,6), flag BOOLEAN);
        CREATE TABLE texts (id INTEGER PRIMARY KEY, t TEXT, v VARCHAR(20), b BLOB);
        CREATE TABLE times (id INTEGER PRIMARY KEY, d DATE, s TIMESTAMP, t DATETIME);
        CREATE TABLE wide (id INTEGER PRIMARY KEY, c01, c02 TEXT, c03 TEXT, c04 TEXT, c05 TEXT, c06 TEXT, c07 TEXT, c08 TEXT, c09 TEXT, c10 TEXT);
        """";

    private const string Rows = """"
        INSERT INTO "select" VALUES (1, 'where', 'desc'), (2, NULL, ''), (-9223372036854775808, 'least', NULL), (9223372036854775807, 'greatest', NULL);
        INSERT INTO "spaces and ""quotes""" VALUES ('a''b', 1, 'Robert''); DROP TABLE "select";--'), ('', 0, ''), (' ', 0, ' '), ('a"b', 1, NULL), ('a b ', 1, 'blank at the end ');
        INSERT INTO "Straße_данные_表" VALUES (1, '漢字', '👩‍👩‍👧‍👦'), (2, 'e' || char(769), 'é'), (3, char(8203) || char(65279), '\'), (4, 'right-to-left שלום', char(9) || char(10) || char(13));
        INSERT INTO without_key VALUES (1, 'twice', 0.5), (1, 'twice', 0.5), (NULL, NULL, NULL), (2, 'once', -0.0);
        INSERT INTO only_key VALUES (1, 'x'), (2, 'x'), (1, 'y');
        INSERT INTO without_rowid VALUES ('abc', 1), ('ABC', 2), ('  a', 3);
        INSERT INTO strict_one VALUES (1, 1, 1.0, '1', x'31'), (2, NULL, NULL, NULL, NULL), (3, 0, 0, '', x'');
        INSERT INTO nocase_key VALUES ('Alpha', 1), ('beta', 2);
        INSERT INTO case_key VALUES ('Alpha', 1), ('alpha', 2), ('alpha ', 3), (' alpha', 4);
        INSERT INTO blob_key VALUES (x'', 'empty'), (x'00', 'zero'), (x'0000', 'two zeros'), (x'DEADBEEF', 'beef'), (x'FF', 'ff');
        INSERT INTO day_key VALUES ('2024-02-29', 1, 1234567890.1234), ('1969-12-31', 1, -0.0001), ('0001-01-01', 2, 0), ('9999-12-31', 2, NULL);
        INSERT INTO two_uniques VALUES (1, 'a', 1, 1), (2, 'b', 1, 2), (3, NULL, NULL, 1), (4, NULL, NULL, 1), (5, 'e', 2, 2);
        INSERT INTO numbers VALUES
            (1, 9223372036854775807, 32767, 1.7976931348623157e308, 999999999999.999999, 1),
            (2, -9223372036854775808, -32768, 5e-324, -999999999999.999999, 0),
            (3, 0, 0, 0.1, 0.000001, NULL), (4, NULL, NULL, NULL, NULL, NULL), (5, 1, 1, 9007199254740993, 1, 1), (6, 1, 1, 0.30000000000000004, 1.5, 0);
        INSERT INTO texts VALUES (1, '', '', x''), (2, NULL, NULL, NULL), (3, 'line' || char(10) || 'line' || char(13, 10) || char(9) || 'tab', 'äöüß€漢🙂', x'00FF00'), (4, '\N', '\x41', x'5C4E'), (5, 'NULL', 'nan', x'31');
        INSERT INTO times VALUES
            (1, '2024-02-29', '2024-02-29 23:59:59.999', '2024-02-29 23:59:59'), (2, '1969-12-31', '1969-12-31 23:59:59.999999', '1900-01-01 00:00:00'),
            (3, '0001-01-01', '0001-01-01 00:00:00', '9999-12-31 23:59:59'), (4, NULL, NULL, NULL), (5, '2000-01-01', '2000-01-01T10:00:00', '2000-01-01 10:00');
        INSERT INTO wide (id, c02, c10) VALUES (1, 'a', 'z'), (2, NULL, NULL);
        """";

    /// <summary>Changes that only look like the same key, or take other rows with them.</summary>
    public const string Changes = """"
        UPDATE nocase_key SET code = 'ALPHA', v = 11 WHERE code = 'alpha';
        REPLACE INTO nocase_key VALUES ('BETA', 22);
        UPDATE case_key SET code = 'ALPHA' WHERE code = 'alpha';
        DELETE FROM case_key WHERE code = 'alpha ';
        REPLACE INTO two_uniques VALUES (6, 'a', 1, 2);
        UPDATE OR REPLACE two_uniques SET b = 2, c = 2 WHERE id = 6;
        UPDATE OR REPLACE without_rowid SET code = 'ABC' WHERE code = 'abc';
        UPDATE blob_key SET hash = x'0001' WHERE hash = x'00';
        UPDATE day_key SET day = '2024-03-01' WHERE day = '2024-02-29';
        UPDATE "spaces and ""quotes""" SET "the key" = 'a''''b' WHERE "the key" = 'a''b';
        DELETE FROM "select" WHERE id = -9223372036854775808;
        INSERT INTO "select" VALUES (-9223372036854775808, 'again', NULL);
        UPDATE "select" SET id = id - 1 WHERE id = 9223372036854775807;
        INSERT INTO empty_with_key VALUES (1, 'no longer empty');
        INSERT INTO empty_without_key VALUES ('no longer empty'), ('no longer empty');
        DELETE FROM without_key WHERE rowid = 1;
        UPDATE numbers SET r = -r, d = -d, i = ~i, flag = NOT flag;
        UPDATE texts SET t = v, v = t WHERE id < 6;
        """";

    /// <summary>Values that a warehouse may be unable to hold: it must name them, or hold them.</summary>
    public const string Hard = """
        INSERT INTO texts VALUES (100, 'nul' || char(0) || 'inside', 'v', NULL);
        INSERT INTO numbers (id, r) VALUES (100, 9e999), (101, -9e999);
        """;

    /// <summary>Values that are not what their column says: rows for the quarantine, in every warehouse.</summary>
    public const string Unfit = """
        INSERT INTO numbers (id, i) VALUES (200, 'not a number');
        INSERT INTO numbers (id, d) VALUES (201, 'NaN');
        INSERT INTO times (id, d) VALUES (200, 'yesterday');
        INSERT INTO times (id, s) VALUES (201, '2023-02-29 00:00:00');
        """;

    /// <summary>Makes the unfit rows fit.</summary>
    public const string Mended = """
        UPDATE numbers SET i = 1 WHERE id = 200;
        DELETE FROM numbers WHERE id = 201;
        UPDATE times SET d = '2023-02-28' WHERE id = 200;
        UPDATE times SET s = '2023-02-28 00:00:00' WHERE id = 201;
        """;

    /// <summary>Creates it, with a text of several megabytes.</summary>
    public static void Create(string path)
    {
        using var connection = Open(path);
        connection.Execute("PRAGMA journal_mode = WAL");
        connection.Execute(Tables);
        connection.Execute(Rows);
        connection.Execute("INSERT INTO texts VALUES (6, $text, NULL, zeroblob(3000000))", new { text = string.Concat(Enumerable.Repeat("long text ünd 漢字 🙂 ", 150_000)) });
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
