using CdcSync.Connectors.Postgres.Source;
using CdcSync.Connectors.Tests.Postgres.Source.Replication;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>What <c>doctor</c> says of a PostgreSQL source, and that <c>grants</c> is enough to read it.</summary>
public sealed class SourceDiagnosisTests
{
    private static readonly Capture Stamped = new Capture.HighWaterMark("at", MarkKind.Timestamp, TimeSpan.FromMinutes(5));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task How_a_mark_is_read_and_whether_an_index_helps_is_said()
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz, other timestamp)");
        await using var source = database.Open();
        var plain = await database.DatasetAsync("t", Stamped);
        var found = await source.DiagnoseAsync([plain], Token);
        Assert.Contains(found, f => f is { Check: "server", Level: FindingLevel.Pass } && f.What.StartsWith("PostgreSQL ", StringComparison.Ordinal));
        Assert.Contains(found, f => f is { Check: "mark", Level: FindingLevel.Pass } && f.What.StartsWith("read with an overlap of 5 minutes: the pipeline file does not say", StringComparison.Ordinal));
        Assert.Equal("CREATE INDEX ON \"public\".\"t\" (\"at\");", Assert.Single(found, f => f.Check == "index on the mark").Fix);

        await database.RunAsync("CREATE INDEX ON t (at)");
        var promised = plain with { Capture = (Capture.HighWaterMark)Stamped with { IsStampedByServer = true } };
        found = await source.DiagnoseAsync([promised], Token);
        Assert.DoesNotContain(found, f => f.Check == "index on the mark");
        Assert.Contains(found, f => f is { Check: "mark", Level: FindingLevel.Pass, What: "read without an overlap" });

        await database.RunAsync($"CREATE ROLE blind_{database.Database.Name} LOGIN PASSWORD 'blind_{database.Database.Name}'; GRANT SELECT ON t TO blind_{database.Database.Name}");
        await using var blind = database.Open(role: $"blind_{database.Database.Name}");
        found = await blind.DiagnoseAsync([promised], Token);
        Assert.Contains(found, f => f is { Check: "mark", Level: FindingLevel.Warn } && f.What.Contains("pg_read_all_stats", StringComparison.Ordinal));
        Assert.Contains(found, f => f is { Check: "open transactions", Level: FindingLevel.Warn, Fix: "Run: cdcsync grants" });
        await database.RunAsync($"DROP OWNED BY blind_{database.Database.Name}; DROP ROLE blind_{database.Database.Name}");
    }

    [Fact]
    public async Task A_slot_without_a_limit_is_warned_of_and_what_it_keeps_is_said()
    {
        await using var database = await TrackedDatabase.CreateAsync("CREATE TABLE a (id bigint PRIMARY KEY)");
        var found = await database.Open().DiagnoseAsync([await database.DatasetAsync("a")], Token);
        Assert.Contains(found, f => f is { Check: "slot limit", Level: FindingLevel.Warn } && f.Fix!.Contains("max_slot_wal_keep_size", StringComparison.Ordinal));
        Assert.Contains(found, f => f is { Check: "slot", Level: FindingLevel.Pass } && f.What.StartsWith($"{database.Slot} keeps ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_role_with_the_grants_that_are_printed_reads_by_change_tracking_and_nothing_else()
    {
        await using var database = await TrackedDatabase.CreateAsync("CREATE SCHEMA odd; CREATE TABLE odd.a (id bigint PRIMARY KEY); CREATE TABLE odd.b (id bigint PRIMARY KEY); INSERT INTO odd.a VALUES (7)");
        var name = (await database.Database.ScalarAsync<string>("SELECT current_database()::text"))!;
        var role = $"reader_{name}";
        await database.RunAsync($"REVOKE ALL ON DATABASE {name} FROM PUBLIC; CREATE ROLE {role} LOGIN PASSWORD '{role}'");
        try
        {
            await database.Open().EnableTrackingAsync([new("odd", "a")], TimeSpan.FromDays(1), Token);
            var dataset = (await database.DatasetAsync("a")) with { Object = new SourceObject.Table("odd", "a") };
            var script = database.Open().Grants([dataset], role);
            await database.RunAsync(script.Minimal);
            var source = database.Open(role: role);
            Assert.Empty(await source.CheckAsync(dataset, Token));
            await using (var session = await source.OpenAsync([new ReadRequest(dataset, null)], Token))
                Assert.Equal(ReadingState.Start, session.Readings[dataset.Id].State);
            Assert.NotEmpty(await source.CheckAsync(dataset with { Object = new SourceObject.Table("odd", "b") }, Token));
            Assert.Equal($"GRANT pg_read_all_stats TO \"{role}\";", script.Diagnostic);
            await database.RunAsync(script.Diagnostic!);
            Assert.Contains(await source.DiagnoseAsync([dataset], Token), f => f is { Check: "open transactions", Level: FindingLevel.Pass });
        }
        finally
        {
            await database.RunAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }
}
