using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Connectors.Sqlite.Source.Tracking;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

public sealed class SourceTrackingTextTests
{
    [Fact]
    public void The_whole_script_of_a_table_with_a_row_id_key_and_a_unique_column()
    {
        using var file = new SourceFile("CREATE TABLE orders (id INTEGER PRIMARY KEY, number TEXT NOT NULL DEFAULT 'none' UNIQUE, total REAL)");
        Assert.Equal("""
            CREATE TABLE IF NOT EXISTS "_cdcsync_tracking" (
              table_name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
              identity TEXT NOT NULL,
              enabled_at INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER)),
              retention_ms INTEGER NOT NULL,
              min_valid_version INTEGER NOT NULL DEFAULT 0
            ) WITHOUT ROWID;
            CREATE TABLE "_cdcsync_log_orders" (
              version INTEGER PRIMARY KEY AUTOINCREMENT,
              op TEXT NOT NULL,
              key_1,
              at INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER)),
              token INTEGER NOT NULL DEFAULT (random())
            );
            CREATE TRIGGER "_cdcsync_insert_orders" AFTER INSERT ON "orders" BEGIN
              INSERT INTO "_cdcsync_log_orders" (op, key_1) VALUES ('I', NEW."id");
            END;
            CREATE TRIGGER "_cdcsync_update_orders" AFTER UPDATE ON "orders" BEGIN
              INSERT INTO "_cdcsync_log_orders" (op, key_1) SELECT 'D', OLD."id" WHERE (OLD."id" IS NOT NEW."id" COLLATE BINARY);
              INSERT INTO "_cdcsync_log_orders" (op, key_1) VALUES ('U', NEW."id");
            END;
            CREATE TRIGGER "_cdcsync_delete_orders" AFTER DELETE ON "orders" BEGIN
              INSERT INTO "_cdcsync_log_orders" (op, key_1) VALUES ('D', OLD."id");
            END;
            CREATE TRIGGER "_cdcsync_cleanup_orders" AFTER INSERT ON "_cdcsync_log_orders" WHEN NEW.version % 256 = 0 BEGIN
              UPDATE "_cdcsync_tracking" SET min_valid_version = max(min_valid_version, coalesce((
                SELECT max(l.version) FROM "_cdcsync_log_orders" AS l WHERE l.version <= min_valid_version + 1024 AND l.at < NEW.at - retention_ms), 0))
                WHERE table_name = 'orders';
              DELETE FROM "_cdcsync_log_orders" WHERE version < (SELECT m.min_valid_version FROM "_cdcsync_tracking" AS m WHERE m.table_name = 'orders');
            END;
            CREATE TRIGGER "_cdcsync_replacing_insert_sqlite_autoindex_orders_1" BEFORE INSERT ON "orders" BEGIN
              INSERT INTO "_cdcsync_log_orders" (op, key_1)
                SELECT 'D', o."id" FROM "orders" AS o
                WHERE o."number" = coalesce(NEW."number", ('none')) COLLATE "BINARY" AND (o."id" IS NOT NEW."id" COLLATE BINARY);
            END;
            CREATE TRIGGER "_cdcsync_replacing_update_sqlite_autoindex_orders_1" BEFORE UPDATE ON "orders" BEGIN
              INSERT INTO "_cdcsync_log_orders" (op, key_1)
                SELECT 'D', o."id" FROM "orders" AS o
                WHERE o."number" = coalesce(NEW."number", ('none')) COLLATE "BINARY" AND o."id" <> OLD."id";
            END;
            INSERT INTO "_cdcsync_tracking" (table_name, identity, retention_ms)
              VALUES ('orders', lower(hex(randomblob(16))), 604800000);
            """, Script(file, "orders"));
    }

    [Fact]
    public void A_partial_expression_index_and_a_composite_key_with_awkward_names_in_the_triggers()
    {
        using var file = new SourceFile(""""
            CREATE TABLE "it's ""odd""" ("Ключ 1" TEXT COLLATE NOCASE, "k,2", v INT, PRIMARY KEY ("Ключ 1", "k,2")) WITHOUT ROWID;
            CREATE UNIQUE INDEX "by v" ON "it's ""odd""" (v DESC, /* no, ) */ lower("Ключ 1" || ')') COLLATE RTRIM ASC) WHERE v > 0 -- only those
            """");
        var script = Script(file, "it's \"odd\"");
        Assert.Contains(""""
            CREATE TRIGGER "_cdcsync_replacing_insert_by v" BEFORE INSERT ON "it's ""odd""" BEGIN
              INSERT INTO "_cdcsync_log_it's ""odd""" (op, key_1, key_2)
                SELECT 'D', o."Ключ 1", o."k,2" FROM "it's ""odd""" AS o
                WHERE o."v" = NEW."v" COLLATE "BINARY" AND (lower("Ключ 1" || ')') COLLATE RTRIM) = (SELECT (lower("Ключ 1" || ')') COLLATE RTRIM) FROM (SELECT NEW."Ключ 1" AS "Ключ 1", NEW."k,2" AS "k,2", NEW."v" AS "v")) COLLATE "RTRIM" AND (v > 0) AND (SELECT (v > 0) FROM (SELECT NEW."Ключ 1" AS "Ключ 1", NEW."k,2" AS "k,2", NEW."v" AS "v")) AND (o."Ключ 1" IS NOT NEW."Ключ 1" COLLATE BINARY OR o."k,2" IS NOT NEW."k,2" COLLATE BINARY OR typeof(o."k,2") <> typeof(NEW."k,2"));
            END;
            """", script);
        Assert.Contains("WHERE table_name = 'it''s \"odd\"';", script);
        // Keys that are equal only by NOCASE: the primary key replaces too.
        Assert.Contains("CREATE TRIGGER \"_cdcsync_replacing_insert_sqlite_autoindex_it's \"\"odd\"\"_1\" BEFORE INSERT", script);
    }

    [Fact]
    public void What_removes_the_tracking_of_a_table()
    {
        Assert.Equal("""
            DROP TRIGGER "_cdcsync_insert_orders";
            DROP TABLE IF EXISTS "_cdcsync_log_orders";
            DELETE FROM "_cdcsync_tracking" WHERE table_name = 'orders';
            """, TrackingScript.Remove("orders", ["_cdcsync_insert_orders"], true));
    }

    [Theory]
    [InlineData("CREATE INDEX i ON t (a, b DESC)", new[] { "a", "b" }, null)]
    [InlineData("CREATE INDEX i ON t (\"a,b\", [c)d] ASC, `e``f`)", new[] { "\"a,b\"", "[c)d]", "`e``f`" }, null)]
    [InlineData("CREATE INDEX \"i (\" ON \"t (\" (substr(a, 1, (2)), 'x)' || b)WHERE a IN (1,2) -- end", new[] { "substr(a, 1, (2))", "'x)' || b" }, "a IN (1,2)")]
    [InlineData("CREATE INDEX i ON t (undesc, a-b /* DESC */ , -- c\n d)", new[] { "undesc", "a-b", "d" }, null)]
    public void The_parts_of_an_index_are_cut_from_its_text(string sql, string[] parts, string? predicate)
    {
        var index = IndexSql.Parse(sql);
        Assert.Equal(parts, index.Parts);
        Assert.Equal(predicate, index.Predicate);
    }

    private static string Script(SourceFile file, string table)
    {
        using var connection = SourceConnection.Open(file.Options, "shop");
        return SqliteTracking.Script(connection, SqliteCatalog.Read(connection, null), [table], TimeSpan.FromDays(7));
    }
}
