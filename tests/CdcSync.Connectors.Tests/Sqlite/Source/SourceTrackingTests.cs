using CdcSync.Connectors.Sqlite.Source.Tracking;
using CdcSync.Core.Errors;
using Microsoft.Data.Sqlite;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

/// <summary>What the triggers record, asked with plain SQL.</summary>
public sealed class SourceTrackingTests
{
    private const string People = "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT)";

    [Fact]
    public void Insert_update_and_delete_are_recorded_with_time_and_token()
    {
        using var file = new SourceFile(People);
        file.Track("people");
        file.Run("INSERT INTO people VALUES (1, 'a@x', 'A')");
        file.Run("UPDATE people SET name = 'B'");
        file.Run("DELETE FROM people");
        Assert.Equal(["i:1|t:I|i:1", "i:2|t:U|i:1", "i:3|t:D|i:1"], file.Rows("SELECT version, op, key_1 FROM _cdcsync_log_people"));
        Assert.Equal(["i:3"], file.Rows("SELECT count(*) FROM _cdcsync_log_people WHERE abs(at - strftime('%s', 'now') * 1000) < 60000 AND typeof(token) = 'integer'"));
        Assert.Equal(["i:3"], file.Rows("SELECT count(DISTINCT token) FROM _cdcsync_log_people"));
    }

    [Fact]
    public void A_key_update_is_a_delete_and_an_insert()
    {
        using var file = new SourceFile(People);
        file.Run("INSERT INTO people VALUES (1, 'a@x', 'A')");
        file.Track("people");
        file.Run("UPDATE people SET id = 2");
        Assert.Equal(["t:D|i:1", "t:U|i:2"], file.Rows("SELECT op, key_1 FROM _cdcsync_log_people"));
    }

    [Fact]
    public void A_row_replaced_through_another_unique_column_is_recorded()
    {
        using var file = new SourceFile(People);
        file.Run("INSERT INTO people VALUES (1, 'a@x', 'A')");
        file.Track("people");
        file.Run("INSERT OR REPLACE INTO people VALUES (2, 'a@x', 'B')");
        Assert.Equal(["t:D|i:1", "t:I|i:2"], file.Rows("SELECT op, key_1 FROM _cdcsync_log_people"));
        Assert.Equal(["i:2"], file.Rows("SELECT id FROM people"));
    }

    [Fact]
    public void A_rolled_back_write_leaves_no_record_and_its_version_is_given_again()
    {
        using var file = new SourceFile(People);
        file.Track("people");
        file.Run("BEGIN; INSERT INTO people VALUES (1, 'a', 'A'); ROLLBACK");
        Assert.Empty(file.Rows("SELECT * FROM _cdcsync_log_people"));
        file.Run("INSERT INTO people VALUES (1, 'a', 'A')");
        Assert.Equal(["i:1"], file.Rows("SELECT version FROM _cdcsync_log_people"));
    }

    [Fact]
    public void The_application_sees_its_own_counts_and_row_ids()
    {
        using var file = new SourceFile(People);
        file.Track("people");
        Assert.Equal(2, file.Run("INSERT INTO people VALUES (7, 'a', 'A'), (8, 'b', 'B')"));
        Assert.Equal(["i:8|i:2"], file.Rows("SELECT last_insert_rowid(), changes()"));
    }

    [Fact]
    public void A_null_in_a_key_is_recorded_and_never_breaks_the_write()
    {
        using var file = new SourceFile("CREATE TABLE t (k TEXT PRIMARY KEY, v)");
        file.Track("t");
        file.Run("INSERT INTO t VALUES (NULL, 1), (NULL, 2)");
        Assert.Equal(["t:I|null", "t:I|null"], file.Rows("SELECT op, key_1 FROM _cdcsync_log_t"));
    }

    [Theory]
    [InlineData("TEXT", "'01'", "t:01")]
    [InlineData("INTEGER NOT NULL DEFAULT 0", "'01'", "i:1")]
    [InlineData("REAL", "1", "r:1")]
    [InlineData("NUMERIC", "'1.0'", "i:1")]
    [InlineData("", "'1'", "t:1")]
    [InlineData("", "x'00ff'", "b:00FF")]
    [InlineData("BLOB", "1.0", "r:1")]
    [InlineData("TEXT", "''", "t:")]
    public void Keys_keep_their_type_and_bytes(string type, string value, string shown)
    {
        using var file = new SourceFile($"CREATE TABLE t (a TEXT, k {type}, PRIMARY KEY (k, a))");
        file.Track("t");
        file.Run($"INSERT INTO t VALUES ('A', {value})");
        Assert.Equal([shown], file.Rows("SELECT key_1 FROM _cdcsync_log_t"));
        Assert.Equal([shown], file.Rows("SELECT k FROM t"));
    }

    [Fact]
    public void A_strict_table_with_a_key_of_any_type_keeps_texts_that_look_like_numbers()
    {
        using var file = new SourceFile("CREATE TABLE t (k ANY PRIMARY KEY) STRICT");
        file.Track("t");
        file.Run("INSERT INTO t VALUES ('007'), (7), (x'07')");
        Assert.Equal(["t:007", "i:7", "b:07"], file.Rows("SELECT key_1 FROM _cdcsync_log_t ORDER BY version"));
    }

    [Fact]
    public void Old_changes_are_removed_as_new_ones_come_and_the_minimum_valid_version_rises()
    {
        using var file = new SourceFile(People);
        file.Track(TimeSpan.FromHours(1), "people");
        file.Run("INSERT INTO people VALUES (1, 'a', 'A')");
        file.Run("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) INSERT INTO people (email) SELECT 'e' || i FROM n");
        file.Run("UPDATE _cdcsync_log_people SET at = at - 7200000 WHERE version <= 100");
        Assert.Equal(["i:0"], file.Rows("SELECT min_valid_version FROM _cdcsync_tracking"));
        file.Run("UPDATE people SET name = 'n' WHERE id <= 10");
        Assert.Equal(["i:100"], file.Rows("SELECT min_valid_version FROM _cdcsync_tracking"));
        Assert.Equal(["i:100|i:261|i:162"], file.Rows("SELECT min(version), max(version), count(*) FROM _cdcsync_log_people"));
    }

    [Fact]
    public void However_old_the_changes_are_the_newest_stays()
    {
        using var file = new SourceFile(People);
        file.Track(TimeSpan.FromMilliseconds(1), "people");
        for (var i = 0; i < 1100; i++)
            file.Run("INSERT INTO people DEFAULT VALUES");
        file.Run("UPDATE _cdcsync_log_people SET at = 0");
        for (var i = 0; i < 256; i++)
            file.Run("INSERT INTO people DEFAULT VALUES");
        Assert.Equal(["i:1"], file.Rows("SELECT min(version) = min_valid_version AND max(version) = 1356 FROM _cdcsync_log_people, _cdcsync_tracking"));
    }

    [Fact]
    public void Tracking_twice_changes_nothing_but_the_retention()
    {
        using var file = new SourceFile(People);
        file.Track("people");
        var before = file.Rows("SELECT identity FROM _cdcsync_tracking");
        file.Run("INSERT INTO people VALUES (1, 'a', 'A')");
        file.Track(TimeSpan.FromDays(1), "PEOPLE");
        Assert.Equal(before, file.Rows("SELECT identity FROM _cdcsync_tracking"));
        Assert.Equal(["i:86400000"], file.Rows("SELECT retention_ms FROM _cdcsync_tracking"));
        Assert.Equal(["i:1"], file.Rows("SELECT count(*) FROM _cdcsync_log_people"));
    }

    [Theory]
    [InlineData("DROP TRIGGER _cdcsync_delete_people")]
    [InlineData("CREATE UNIQUE INDEX later ON people (name)")]
    [InlineData("DROP TABLE _cdcsync_log_people")]
    [InlineData("DELETE FROM _cdcsync_tracking")]
    [InlineData("DROP TABLE people; CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT)")]
    public void Tracking_that_may_have_missed_changes_starts_anew_with_another_identity(string harm)
    {
        using var file = new SourceFile(People);
        file.Track("people");
        var before = file.Rows("SELECT identity FROM _cdcsync_tracking");
        file.Run(harm);
        file.Track("people");
        var after = file.Rows("SELECT identity FROM _cdcsync_tracking");
        Assert.Single(after);
        Assert.NotEqual(before, after);
        file.Run("INSERT OR REPLACE INTO people VALUES (1, 'a', 'A')");
        Assert.Equal(["t:I|i:1"], file.Rows("SELECT op, key_1 FROM _cdcsync_log_people"));
    }

    [Fact]
    public void Untracked_the_database_is_as_before()
    {
        using var file = new SourceFile(People + "; CREATE TABLE other (id INTEGER PRIMARY KEY, n AS (id + 1) UNIQUE)");
        var before = file.Rows("SELECT type, name, sql FROM sqlite_schema ORDER BY name");
        file.Track("people", "other");
        file.Run("INSERT INTO people VALUES (1, 'a', 'A'); INSERT INTO other VALUES (1)");
        file.Untrack("people");
        Assert.Equal(["t:other"], file.Rows("SELECT table_name FROM _cdcsync_tracking"));
        file.Untrack("other", "people", "not there");
        Assert.Equal(before, file.Rows("SELECT type, name, sql FROM sqlite_schema WHERE name <> 'sqlite_sequence' ORDER BY name"));
    }

    [Fact]
    public void What_can_not_be_tracked_is_refused_by_name_and_nothing_is_changed()
    {
        using var file = new SourceFile(People + "; CREATE TABLE keyless (a); CREATE VIEW v AS SELECT 1 AS a");
        foreach (var (table, code) in new[] { ("keyless", ErrorCodes.SourceKeyMissing), ("v", ErrorCodes.TrackingOff), ("nowhere", ErrorCodes.SourceObjectMissing) })
        {
            var fault = Assert.Throws<CdcSyncException>(() => file.Track("people", table));
            Assert.Equal(code, fault.Code);
            Assert.Contains(table, fault.Message);
        }
        Assert.Empty(file.Rows("SELECT name FROM sqlite_schema WHERE name LIKE '\\_cdcsync%' ESCAPE '\\'"));
    }

    [Fact]
    public void A_table_whose_index_needs_a_function_that_is_not_here_is_refused_and_nothing_is_changed()
    {
        using var file = new SourceFile(People);
        file.Application.CreateFunction("mine", (string s) => s, isDeterministic: true);
        file.Run("CREATE UNIQUE INDEX custom ON people (mine(email))");
        var fault = Assert.Throws<CdcSyncException>(() => file.Track("people"));
        Assert.Contains("mine", fault.Message);
        Assert.Empty(file.Rows("SELECT name FROM sqlite_schema WHERE name LIKE '\\_cdcsync%' ESCAPE '\\'"));
    }

    [Fact]
    public void A_renamed_key_column_stays_tracked()
    {
        using var file = new SourceFile(People);
        file.Track("people");
        file.Run("ALTER TABLE people RENAME COLUMN id TO person");
        file.Run("INSERT INTO people VALUES (5, 'a', 'A')");
        Assert.Equal(["t:I|i:5"], file.Rows("SELECT op, key_1 FROM _cdcsync_log_people"));
        var identity = file.Rows("SELECT identity FROM _cdcsync_tracking");
        file.Track("people");
        Assert.Equal(identity, file.Rows("SELECT identity FROM _cdcsync_tracking"));
    }

    [Fact]
    public void A_dump_loaded_elsewhere_keeps_identity_versions_and_tokens()
    {
        using var file = new SourceFile(People);
        file.Track("people");
        file.Run("INSERT INTO people VALUES (1, 'a', 'A')");
        using var copy = new SourceFile();
        using (var to = new SqliteConnection($"Data Source={copy.Path};Pooling=False"))
            file.Application.BackupDatabase(to);
        Assert.Equal(file.Rows("SELECT * FROM _cdcsync_log_people, _cdcsync_tracking"), copy.Rows("SELECT * FROM _cdcsync_log_people, _cdcsync_tracking"));
    }

    [Fact]
    public void The_names_of_triggers_never_meet()
    {
        using var file = new SourceFile("CREATE TABLE t (k TEXT PRIMARY KEY, u UNIQUE); CREATE TABLE rowid_insert_t (k TEXT PRIMARY KEY, u UNIQUE); CREATE TABLE insert_t (k TEXT PRIMARY KEY)");
        file.Track("t", "rowid_insert_t", "insert_t");
        file.Run("INSERT INTO t VALUES (1, 1); INSERT INTO rowid_insert_t VALUES (2, 2); INSERT INTO insert_t VALUES (3)");
        Assert.Equal(["t:1", "t:2", "t:3"], file.Rows($"SELECT key_1 FROM {TrackingNames.Log("t")} UNION SELECT key_1 FROM {TrackingNames.Log("rowid_insert_t")} UNION SELECT key_1 FROM {TrackingNames.Log("insert_t")} ORDER BY 1"));
    }
}
