using CdcSync.Connectors.SqlServer.Source;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.Tests.SqlServer.Model;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Tests.SqlServer.Source;

/// <summary>What <c>doctor</c> says of a SQL Server database, over the model.</summary>
public sealed class SourceDiagnosisTests
{
    private readonly TrackedWorld _world = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_database_that_is_prepared_has_nothing_to_look_at()
    {
        var dataset = _world.Table("a").Dataset;
        _world.Server.Retention = TimeSpan.FromDays(7);
        var found = await DiagnoseAsync(dataset);
        Assert.All(found, f => Assert.Equal((FindingLevel.Pass, (string?)null), (f.Level, f.Fix)));
        Assert.Equal(["server", "primary", "snapshot isolation", "retention", "open transactions", "row versions", "clean-up", "comparison"], found.Select(f => f.Check));
        Assert.Equal("SQL Server 16.0.4135.4, compatibility level 160", found[0].What);
        Assert.Equal("reads all rows to hash them here: the database's compatibility level is below 130", found[^1].What);
    }

    [Fact]
    public async Task A_replica_fails_what_is_read_on_the_primary_only()
    {
        _world.Server.IsReadOnly = true;
        var dataset = _world.Table("a").Dataset;
        foreach (var capture in (Capture[])[new Capture.ChangeTracking(), new Capture.HighWaterMark("rv", MarkKind.RowVersion, TimeSpan.Zero)])
            Assert.Equal((FindingLevel.Fail, ErrorCodes.SourceNotPrimary), Verdict(await DiagnoseAsync(dataset with { Capture = capture })));
        Assert.Equal((FindingLevel.Pass, null), Verdict(await DiagnoseAsync(dataset with { Capture = new Capture.FullRefresh() })));

        static (FindingLevel, ErrorCode?) Verdict(IReadOnlyList<Finding> found) => found.Where(f => f.Check == "primary").Select(f => (f.Level, f.Code)).Single();
    }

    [Theory]
    [InlineData("13.0.5026.0", FindingLevel.Pass)]
    [InlineData("12.0.2000.8", FindingLevel.Warn)]
    public async Task A_server_older_than_2016_is_warned_of(string version, FindingLevel level)
    {
        _world.Server.Health = _world.Server.Health with { Version = version };
        Assert.Equal(level, (await DiagnoseAsync(_world.Table("a").Dataset)).Single(f => f.Check == "server").Level);
    }

    [Fact]
    public async Task Without_SNAPSHOT_the_statement_that_allows_it_is_named()
    {
        _world.Server.AllowsSnapshot = false;
        Assert.Equal("ALTER DATABASE [mo]]del] SET ALLOW_SNAPSHOT_ISOLATION ON;", (await WarningAsync("snapshot isolation", _world.Table("a").Dataset)).Fix);
    }

    [Theory]
    [InlineData(2, 1, "changes are kept for 2 days; a longer pause of the pipeline ends in a resync.")]
    [InlineData(7, 4 * 1440, "changes are kept for 7 days; dataset a is read every 4 days: one missed pass ends in a resync.")]
    public async Task A_retention_that_a_pause_would_outlast_is_warned_of(int days, int minutes, string what)
    {
        _world.Server.Retention = TimeSpan.FromDays(days);
        var warning = await WarningAsync("retention", _world.Table("a").Dataset with { Interval = TimeSpan.FromMinutes(minutes) });
        Assert.Equal(what, warning.What);
        Assert.EndsWith("Run: cdcsync discover erp --enable-tracking --apply --retention 7d", warning.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_login_may_not_see_is_said_with_the_grant_that_shows_it()
    {
        _world.Server.Health = _world.Server.Health with { Transactions = null, Commits = null };
        var dataset = _world.Table("a").Dataset;
        Assert.Equal("Run: cdcsync grants", (await WarningAsync("open transactions", dataset)).Fix);
        Assert.Equal("Run: cdcsync grants", (await WarningAsync("clean-up", dataset)).Fix);
    }

    [Theory]
    [InlineData("open transactions", 11, 0, 0)]
    [InlineData("row versions", 0, 11, 0)]
    [InlineData("clean-up", 0, 0, 3 * 1440 + 1)]
    public async Task Transactions_that_stay_open_and_a_clean_up_that_lags_are_warned_of(string check, int writer, int snapshot, int commit)
    {
        var dataset = _world.Table("a").Dataset;
        Report(0);
        await WarningAsync(check, dataset);
        Report(2);
        Assert.DoesNotContain(await DiagnoseAsync(dataset), f => f.Check == check && f.Level == FindingLevel.Warn);

        void Report(int less) => _world.Server.Health = _world.Server.Health with
        {
            Transactions = new OpenTransactions(TimeSpan.FromMinutes(writer - less), TimeSpan.FromMinutes(snapshot - less)),
            Commits = new TrackedCommits(TimeSpan.FromMinutes(commit - less)),
        };
    }

    [Theory]
    [InlineData("Latin1_General_100_CI_AS", KeyFold.CaseAndBlanks, FindingLevel.Pass, "the key is folded as the source compares it; only full-width and half-width forms, hiragana and katakana are one to the source and two to the fold")]
    [InlineData("Japanese_CI_AS_KS_WS", KeyFold.CaseAndBlanks, FindingLevel.Pass, "the key is folded as the source compares it")]
    [InlineData("Latin1_General_100_BIN2", KeyFold.Blanks, FindingLevel.Pass, "the key is folded as the source compares it")]
    [InlineData("Latin1_General_100_CI_AS", KeyFold.None, FindingLevel.Warn, null)]
    [InlineData("Latin1_General_100_CI_AI", KeyFold.CaseAndBlanks, FindingLevel.Fail, null)]
    public async Task How_a_key_is_folded_beside_how_the_source_compares_it_is_said(string collation, KeyFold fold, FindingLevel level, string? what)
    {
        _world.Server.Create(new SqlServerObject("dbo", "k", 0, ObjectKind.Table, [new(1, "id", "nvarchar", 40, IsNullable: false, Collation: collation, KeyOrdinal: 1), new(2, "v", "nvarchar", 80)]));
        var dataset = TrackedWorld.Dataset("k", CdcSync.Arrow.StringType.Default);
        dataset = dataset with { Columns = [.. dataset.Columns.Select(c => c.KeyOrdinal is null ? c : c with { Fold = fold })] };
        var finding = (await DiagnoseAsync(dataset)).Single(f => f.Check == "key equality");
        Assert.Equal((level, what ?? finding.What), (finding.Level, finding.What));
        Assert.DoesNotContain(await DiagnoseAsync(dataset with { Capture = new Capture.FullRefresh() }), f => f.Check == "key equality");
    }

    [Fact]
    public async Task A_mark_without_an_index_is_warned_of_with_the_index_that_helps()
    {
        var dataset = _world.Table("a").Dataset with { Capture = new Capture.HighWaterMark("id", MarkKind.Sequence, TimeSpan.Zero) };
        Assert.Equal("CREATE INDEX [a_id] ON [dbo].[a] ([id]);", (await WarningAsync("index on the mark", dataset)).Fix);
        _world.Server.Leading = ["id"];
        Assert.Contains(await DiagnoseAsync(dataset), f => f is { Check: "index on the mark", Level: FindingLevel.Pass });
    }

    [Fact]
    public void Grants_name_the_least_per_table()
    {
        var tracked = TrackedWorld.Dataset("a", CdcSync.Arrow.Int64Type.Default);
        Dataset[] datasets =
        [
            tracked,
            tracked with { Id = new DatasetId("a2"), Capture = new Capture.FullRefresh() },
            tracked with { Id = new DatasetId("b"), Object = new SourceObject.Table(null, "b]"), Capture = new Capture.FullRefresh() },
            tracked with { Id = new DatasetId("q"), Object = new SourceObject.Query("SELECT 1 AS id"), Capture = new Capture.FullRefresh() },
        ];
        var script = SourceGrants.For(datasets, "ro]bot");
        Assert.Equal("""
            CREATE USER [ro]]bot] FOR LOGIN [ro]]bot];
            GRANT SELECT, VIEW CHANGE TRACKING ON OBJECT::[dbo].[a] TO [ro]]bot];
            GRANT SELECT ON OBJECT::[dbo].[b]]] TO [ro]]bot];
            -- dataset q reads a query: GRANT SELECT on each table and view that it names
            """, script.Minimal);
        Assert.Equal("""
            GRANT VIEW DATABASE STATE TO [ro]]bot];
            -- In master; not on Azure SQL Database, where the line above is enough:
            GRANT VIEW SERVER STATE TO [ro]]bot];
            """, script.Diagnostic);
    }

    private async Task<IReadOnlyList<Finding>> DiagnoseAsync(Dataset dataset) => await ((IDiagnosable)_world.Source).DiagnoseAsync([dataset], Token);

    private async Task<Finding> WarningAsync(string check, Dataset dataset) => Assert.Single(await DiagnoseAsync(dataset), f => f.Check == check && f.Level == FindingLevel.Warn);
}
