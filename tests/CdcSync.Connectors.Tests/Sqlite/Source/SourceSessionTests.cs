using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

/// <summary>What is SQLite's own in reading tracked tables: keys, states of the tracking, states of the file.</summary>
public sealed class SourceSessionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void The_statement_that_reads_net_changes()
    {
        using var file = new SourceFile("CREATE TABLE \"order lines\" (line, \"order\" INT NOT NULL, sku TEXT, PRIMARY KEY (\"order\", line))");
        using var connection = SourceConnection.Open(file.Options, "shop");
        var table = SqliteCatalog.Read(connection, null).Find(connection, "ORDER LINES")!;
        Assert.Equal("""
            SELECT n.at,
              CASE WHEN n.key_1 IS NULL OR n.key_2 IS NULL THEN 2
                WHEN b."order" = n.key_1 COLLATE BINARY AND b."line" = n.key_2 COLLATE BINARY AND typeof(b."line") = typeof(n.key_2) THEN 1 ELSE 0 END,
              n.key_1, n.key_2,
              b."line", b."order", b."sku"
            FROM (
              SELECT max(version) AS version, max(at) AS at, key_1, key_2 FROM "_cdcsync_log_order lines"
              WHERE version > ?1 AND version <= ?2 GROUP BY key_1, key_2, typeof(key_2) ORDER BY 1 LIMIT -1) AS n
            LEFT JOIN main."order lines" AS b ON b."order" = n.key_1 AND b."line" = n.key_2
            """, SourceSql.NetChanges(Dataset("order lines", "line:1", "order:0", "sku"), table));
    }

    [Fact]
    public void Reading_changes_uses_the_log_by_version_and_the_table_by_its_key()
    {
        using var file = new SourceFile("CREATE TABLE a (id INTEGER PRIMARY KEY, v); CREATE TABLE b (k TEXT COLLATE NOCASE, n INT, v, PRIMARY KEY (k, n)); CREATE TABLE c (k REAL PRIMARY KEY, v) WITHOUT ROWID");
        file.Track("a", "b", "c");
        using var connection = SourceConnection.Open(file.Options, "shop");
        foreach (var (name, columns) in new[] { ("a", new[] { "id:0", "v" }), ("b", ["k:0", "n:1", "v"]), ("c", ["k:0", "v"]) })
        {
            var sql = SourceSql.NetChanges(Dataset(name, columns), SqliteCatalog.Read(connection, null).Find(connection, name)!);
            var plan = string.Join('\n', file.Rows("EXPLAIN QUERY PLAN " + sql.Replace("?1", "0").Replace("?2", "9")));
            Assert.Contains($"SEARCH _cdcsync_log_{name} USING INTEGER PRIMARY KEY", plan);
            Assert.Matches(@"SEARCH b USING (INDEX|INTEGER PRIMARY KEY|PRIMARY KEY)", plan);
            Assert.DoesNotContain("SCAN b", plan);
        }
    }

    [Fact]
    public async Task A_key_that_changed_its_case_only_is_deleted_first_and_then_there_again()
    {
        using var file = new SourceFile("CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, v TEXT); INSERT INTO t VALUES ('abc', 'x'), ('other', 'y')");
        var run = await TrackedAsync(file, Dataset("t", "k:0", "v"));
        file.Run("UPDATE t SET k = 'ABC' WHERE k = 'abc'");
        Assert.Equal(["Delete abc", "Upsert ABC x"], await run.NextAsync());
    }

    [Fact]
    public async Task An_untyped_key_that_changed_its_type_only_is_deleted_first_and_then_there_again()
    {
        using var file = new SourceFile("CREATE TABLE t (k PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'x')");
        var run = await TrackedAsync(file, Dataset("t", "k:0", "v"));
        file.Run("UPDATE t SET k = 1.0");
        Assert.Equal(["Delete 1", "Upsert 1.0 x"], await run.NextAsync());
    }

    [Fact]
    public async Task Rows_with_null_in_the_key_are_handed_over_with_a_fault_as_long_as_they_are_there()
    {
        using var file = new SourceFile("CREATE TABLE t (a TEXT, b INT, v TEXT, PRIMARY KEY (a, b))");
        var run = await TrackedAsync(file, Dataset("t", "a:0", "b:1", "v"));
        file.Run("INSERT INTO t VALUES ('x', NULL, '1'), ('x', NULL, '2'), ('x', 1, '3'), (NULL, NULL, '4')");
        Assert.Equal(["Fault a", "Fault b", "Fault b", "Fault b", "Upsert   4", "Upsert x  1", "Upsert x  2", "Upsert x 1 3"], (await run.NextAsync()).Order().OrderBy(r => r[0] == 'U'));
        file.Run("DELETE FROM t WHERE b IS NULL");
        Assert.Empty(await run.NextAsync());
    }

    [Theory]
    [InlineData("DROP TRIGGER _cdcsync_update_t", "_cdcsync_update_t")]
    [InlineData("DROP TRIGGER _cdcsync_cleanup_t", "_cdcsync_cleanup_t")]
    [InlineData("DROP TRIGGER _cdcsync_insert_t; CREATE TRIGGER _cdcsync_insert_t AFTER INSERT ON t WHEN NEW.v > 1 BEGIN INSERT INTO _cdcsync_log_t (op, key_1) VALUES ('I', NEW.id); END", "_cdcsync_insert_t")]
    [InlineData("CREATE UNIQUE INDEX later ON t (v)", "later")]
    [InlineData("DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "t")]
    [InlineData("ALTER TABLE t RENAME TO u; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "t")]
    [InlineData("DROP TABLE _cdcsync_log_t", "not on")]
    [InlineData("DELETE FROM _cdcsync_tracking", "not on")]
    [InlineData("DROP TABLE _cdcsync_tracking", "not on")]
    public async Task Tracking_that_is_gone_or_edited_denies_the_dataset(string harm, string named)
    {
        using var file = new SourceFile("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
        var run = await TrackedAsync(file, Dataset("t", "id:0", "v"));
        file.Run(harm);
        var reading = await run.ReadingAsync();
        Assert.Equal((ReadingState.Denied, ErrorCodes.TrackingOff), (reading.State, reading.Fault!.Code));
        Assert.Contains(named, reading.Fault.Message);
        Assert.Contains("--enable-tracking --apply", reading.Fault.Remedy);
    }

    [Fact]
    public async Task Columns_that_come_and_an_index_that_goes_disturb_nothing()
    {
        using var file = new SourceFile("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, w INT); CREATE UNIQUE INDEX u ON t (w)");
        var run = await TrackedAsync(file, Dataset("t", "id:0", "v"));
        file.Run("ALTER TABLE t ADD COLUMN x TEXT; DROP INDEX u; CREATE INDEX plain ON t (v); INSERT INTO t (id, v) VALUES (1, 'a')");
        Assert.Equal(["Upsert 1 a"], await run.NextAsync());
    }

    [Theory]
    [InlineData("CREATE VIEW t AS SELECT 1 AS id, 'x' AS v", "CDC2008")]
    [InlineData("CREATE TABLE t (id INT, v TEXT)", "CDC2009")]
    [InlineData("CREATE TABLE t (id INT, v TEXT, PRIMARY KEY (id, v))", "CDC2010")]
    [InlineData("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "CDC2008")]
    [InlineData("CREATE TABLE t (id INTEGER PRIMARY KEY)", "CDC2010")]
    [InlineData("CREATE TABLE u (id INTEGER PRIMARY KEY)", "CDC2007")]
    public async Task What_can_not_be_tracked_is_denied_by_its_reason(string schema, string code)
    {
        using var file = new SourceFile(schema);
        await using var source = new SqliteSource("shop", file.Options);
        var dataset = Dataset("t", "id:0", "v");
        await using var session = await source.OpenAsync([new ReadRequest(dataset, null)], Token);
        var reading = session.Readings[dataset.Id];
        Assert.Equal((ReadingState.Denied, code), (reading.State, reading.Fault!.Code.Id));
        Assert.Equal(code, (await source.CheckAsync(dataset, Token))[0].Code.Id);
    }

    [Fact]
    public async Task A_table_named_otherwise_in_case_is_the_same_table_but_only_in_ascii()
    {
        using var file = new SourceFile("CREATE TABLE \"Éa\" (Id INTEGER PRIMARY KEY, V TEXT); INSERT INTO \"Éa\" VALUES (1, 'x')");
        file.Track("ÉA");
        await using var source = new SqliteSource("shop", file.Options);
        var found = Dataset("ÉA", "ID:0", "v") with { Id = new DatasetId("found") };
        var other = Dataset("éa", "id:0", "v") with { Id = new DatasetId("other") };
        await using var session = await source.OpenAsync([new ReadRequest(found, null), new ReadRequest(other, null)], Token);
        Assert.Equal(ReadingState.Start, session.Readings[found.Id].State);
        Assert.Equal(ErrorCodes.SourceObjectMissing, session.Readings[other.Id].Fault!.Code);
    }

    [Fact]
    public async Task A_minimum_valid_version_equal_to_the_checkpoint_is_valid_and_one_above_is_not()
    {
        using var file = new SourceFile("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
        var run = await TrackedAsync(file, Dataset("t", "id:0", "v"));
        file.Run("INSERT INTO t VALUES (1, 'a')");
        await run.NextAsync();
        file.Run("INSERT INTO t VALUES (2, 'b'); UPDATE _cdcsync_tracking SET min_valid_version = 1");
        Assert.Equal(ReadingState.Changed, (await run.ReadingAsync()).State);
        file.Run("UPDATE _cdcsync_tracking SET min_valid_version = 2");
        var reading = await run.ReadingAsync();
        Assert.Equal((ReadingState.Expired, ErrorCodes.ChangesExpired), (reading.State, reading.Fault!.Code));
        Assert.Contains("from version 2 on, the checkpoint is 1", reading.Fault.Message);
    }

    [Fact]
    public async Task The_file_is_never_written_to()
    {
        using var file = new SourceFile("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "DELETE");
        var run = await TrackedAsync(file, Dataset("t", "id:0", "v"));
        file.Run("INSERT INTO t VALUES (1, 'a')");
        var before = await File.ReadAllBytesAsync(file.Path, Token);
        File.SetAttributes(file.Path, FileAttributes.ReadOnly);
        await run.NextAsync();
        await using (var source = new SqliteSource("shop", file.Options))
            await source.DiscoverAsync([], Token);
        File.SetAttributes(file.Path, FileAttributes.Normal);
        Assert.Equal(before, await File.ReadAllBytesAsync(file.Path, Token));
    }

    [Fact]
    public async Task A_file_that_is_missing_or_no_database_is_named()
    {
        using var file = new SourceFile();
        var missing = file.Path + ".none";
        var fault = await FaultAsync(missing);
        Assert.Equal(ErrorCodes.SourceUnavailable, fault.Code);
        Assert.Contains(missing, fault.Message);
        Assert.False(File.Exists(missing));
        await File.WriteAllTextAsync(missing, string.Concat(Enumerable.Repeat("this is no database. ", 100)), Token);
        Assert.Equal(ErrorCodes.SourceFailed, (await FaultAsync(missing)).Code);
        Assert.Equal(ErrorCodes.SourceUnavailable, (await FaultAsync(Path.GetDirectoryName(file.Path)!)).Code);
    }

    [Fact]
    public async Task A_file_that_another_connection_has_locked_is_unavailable_for_a_while()
    {
        using var file = new SourceFile("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "DELETE");
        var run = await TrackedAsync(file, Dataset("t", "id:0", "v"));
        file.Run("BEGIN EXCLUSIVE");
        var fault = await Assert.ThrowsAsync<CdcSyncException>(run.ReadingAsync);
        Assert.Equal(ErrorCodes.SourceUnavailable, fault.Code);
        Assert.True(fault.IsTransient);
        file.Run("INSERT INTO t VALUES (1, 'a'); COMMIT");
        Assert.Equal(["Upsert 1 a"], await run.NextAsync());
    }

    [Fact]
    public async Task A_file_replaced_under_the_same_name_is_the_one_that_is_read()
    {
        using var file = new SourceFile("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "DELETE");
        var run = await TrackedAsync(file, Dataset("t", "id:0", "v"));
        using var other = new SourceFile("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "DELETE");
        other.Track("t");
        File.Move(other.Path, file.Path, overwrite: true);
        var reading = await run.ReadingAsync();
        Assert.Equal((ReadingState.Denied, ErrorCodes.OtherSource), (reading.State, reading.Fault!.Code));
    }

    private static async Task<CdcSyncException> FaultAsync(string path)
    {
        await using var source = new SqliteSource("shop", new SqliteSourceOptions { Path = path });
        return await Assert.ThrowsAsync<CdcSyncException>(async () => await source.OpenAsync([], Token));
    }

    private static async Task<Run> TrackedAsync(SourceFile file, Dataset dataset)
    {
        file.Track(dataset.Object.ToString()!);
        var run = new Run(new SqliteSource("shop", file.Options), dataset);
        await run.StartAsync();
        return run;
    }

    private static Dataset Dataset(string table, params string[] columns) => new()
    {
        Id = new DatasetId("t"),
        SourceName = "shop",
        Object = new SourceObject.Table(null, table),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, "t"),
        Contract = new ContractReference("t", "1.0.0", "tests"),
        Columns = [.. columns.Select(c => c.Split(':')).Select(c => new DatasetColumn(c[0], c[0], StringType.Default, StringType.Default, c.Length > 1 ? int.Parse(c[1]) : null))],
    };

    private sealed class Run(SqliteSource source, Dataset dataset)
    {
        private Checkpoint? _checkpoint;

        public async Task StartAsync()
        {
            var start = await ReadingAsync();
            _checkpoint = new Checkpoint(1, start.Identity!, start.UpTo!, null, null);
        }

        public async Task<Reading> ReadingAsync()
        {
            await using var session = await source.OpenAsync([new ReadRequest(dataset, _checkpoint)], Token);
            return session.Readings[dataset.Id];
        }

        public async Task<List<string>> NextAsync()
        {
            await using var session = await source.OpenAsync([new ReadRequest(dataset, _checkpoint)], Token);
            Assert.Equal(ReadingState.Changed, session.Readings[dataset.Id].State);
            var texts = new List<string>();
            await foreach (var found in session.ReadAsync([dataset.Id], Token))
            {
                if (found is WindowEnd end) _checkpoint = _checkpoint! with { Stream = end.UpTo };
                if (found is not ChunkRead(_, var chunk)) continue;
                texts.AddRange(chunk.Faults.Select(f => $"Fault {f.Column}"));
                for (var row = 0; row < chunk.Length; row++)
                    texts.Add($"{chunk.Kinds.Span[row]} " + string.Join(' ', Enumerable.Range(0, dataset.Columns.Count)
                        .Where(c => chunk.Kinds.Span[row] == ChangeKind.Upsert || dataset.Columns[c].KeyOrdinal is not null)
                        .Select(c => chunk.Rows.Column(c).IsNull(row) ? "" : ((VarLengthArray)chunk.Rows.Column(c)).GetString(row))));
            }
            return texts;
        }
    }
}
