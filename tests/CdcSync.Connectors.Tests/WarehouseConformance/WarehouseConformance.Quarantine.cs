using System.Globalization;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

public abstract partial class WarehouseConformance
{
    [Fact]
    public async Task Quarantined_rows_are_written_with_the_batch_that_left_them_out()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());

        await PublishAsync(dataset, PublishMode.Merge, [Change.Upsert(1L, "a", 1L)], quarantined: [Rejected(2), Rejected(3, reason: "old"), Rejected(3, reason: "found null, expected 'text' \"ž\"")]);

        Assert.Equal(["[\"2\"] required found null", "[\"3\"] required found null, expected 'text' \"ž\""], await QuarantineAsync());
        Assert.Equal(2, (await Control.CountQuarantinedAsync("pipe", default))[dataset.Id]);
        Assert.Equal(2, Assert.Single(await Control.ReadStatusAsync("pipe", default)).Quarantined);
        Assert.Empty(await Control.CountQuarantinedAsync("other", default));
        Assert.Equal(["1|a|0.01"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task Rows_of_old_entries_are_emptied_and_the_entries_stay_until_a_newer_version_comes()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, PublishMode.Merge, [], quarantined: [Rejected(2)]);
        await Fixture.ExecuteAsync($"UPDATE {Fixture.Control("quarantine")} SET last_seen_at = {Fixture.Clock(-7_200)}");
        await PublishAsync(dataset, PublishMode.Merge, [], quarantined: [Rejected(3)]);

        var before = DateTimeOffset.UtcNow - TimeSpan.FromHours(1);
        Assert.Equal(0, await Control.ExpireQuarantinedAsync("another", before, default));
        Assert.Equal(1, await Control.ExpireQuarantinedAsync("pipe", before, default));
        Assert.Equal(0, await Control.ExpireQuarantinedAsync("pipe", before, default));
        var entries = (await Control.ReadQuarantineAsync("pipe", null, null, 10, default)).ToDictionary(e => e.Row.Key);
        Assert.Equal((QuarantineEntry.Expired, Rejected(2).Reason), (entries["[\"2\"]"].Row.Payload, entries["[\"2\"]"].Row.Reason));
        Assert.Equal(Rejected(3), entries["[\"3\"]"].Row);
        Assert.Equal(2, (await Control.CountQuarantinedAsync("pipe", default))[dataset.Id]);

        await PublishAsync(dataset, PublishMode.Merge, [], quarantined: [Rejected(2)]);
        Assert.Equal(Rejected(2), Assert.Single(await Control.ReadQuarantineAsync("pipe", dataset.Id, "[\"2\"]", 10, default)).Row);
    }

    [Fact]
    public async Task The_quarantine_is_read_newest_first_and_entries_are_dropped_by_key_or_all()
    {
        var (dataset, other) = (await EnsuredAsync(TestDatasets.Accounts()), await EnsuredAsync(TestDatasets.Of("notes", 1, ("id", CdcSync.Arrow.Int64Type.Default))));
        await PublishAsync(dataset, PublishMode.Merge, [], quarantined: [Rejected(2)]);
        await PublishAsync(other, PublishMode.Merge, [], quarantined: [Rejected(9)]);
        await Fixture.ExecuteAsync($"UPDATE {Fixture.Control("quarantine")} SET first_seen_at = {Fixture.Clock(-100)}, last_seen_at = {Fixture.Clock(-100)}");
        await PublishAsync(dataset, PublishMode.Merge, [], quarantined: [Rejected(3), Rejected(4, reason: "ž \"\n")]);

        var all = await Control.ReadQuarantineAsync("pipe", null, null, 10, default);
        Assert.Equal(4, all.Count);
        Assert.Equal(["[\"3\"]", "[\"4\"]"], all.Take(2).Select(e => e.Row.Key).Order());
        Assert.Equal((dataset.Id, Rejected(4, reason: "ž \"\n"), 2L), all.Where(e => e.Row.Key == "[\"4\"]").Select(e => (e.Dataset, e.Row, e.Generation)).Single());
        Assert.True(all[0].FirstSeenAt == all[0].LastSeenAt && all[0].LastSeenAt > all[3].LastSeenAt + TimeSpan.FromSeconds(60), $"{all[0]} {all[3]}");
        Assert.Equal(3, (await Control.ReadQuarantineAsync("pipe", dataset.Id, null, 10, default)).Count);
        Assert.Equal(2, (await Control.ReadQuarantineAsync("pipe", null, null, 2, default)).Count);
        Assert.Equal(other.Id, Assert.Single(await Control.ReadQuarantineAsync("pipe", other.Id, "[\"9\"]", 10, default)).Dataset);
        Assert.Empty(await Control.ReadQuarantineAsync("another", null, null, 10, default));

        Assert.Equal(0, await Control.DropQuarantinedAsync("another", dataset.Id, null, default));
        Assert.Equal(0, await Control.DropQuarantinedAsync("pipe", dataset.Id, "[\"9\"]", default));
        Assert.Equal(1, await Control.DropQuarantinedAsync("pipe", dataset.Id, "[\"3\"]", default));
        Assert.Equal(2, await Control.DropQuarantinedAsync("pipe", dataset.Id, null, default));
        Assert.Equal(["[\"9\"] required found null"], await QuarantineAsync());
    }

    [Fact]
    public async Task A_row_rejected_again_replaces_its_entry_and_keeps_when_it_was_first_seen()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, PublishMode.Merge, [], quarantined: [Rejected(2)]);
        await Fixture.ExecuteAsync($"UPDATE {Fixture.Control("quarantine")} SET first_seen_at = {Fixture.Clock(-100)}, last_seen_at = {Fixture.Clock(-100)}");

        await PublishAsync(dataset, PublishMode.Merge, [], quarantined: [Rejected(2, reason: "found 7")]);

        Assert.Equal(["[\"2\"] required found 7"], await QuarantineAsync());
        Assert.Equal(1L, Number(await Fixture.ScalarAsync($"SELECT count(*) FROM {Fixture.Control("quarantine")} WHERE first_seen_at < {Fixture.Clock(-90)} AND last_seen_at > {Fixture.Clock(-60)} AND generation = 2")));
    }

    [Fact]
    public async Task A_newer_version_of_a_quarantined_row_supersedes_its_entry_whatever_its_kind()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, PublishMode.Merge, [], quarantined: [.. Enumerable.Range(1, 5).Select(i => Rejected(i))]);

        await PublishAsync(dataset, PublishMode.Merge, [Change.Upsert(1L, "a", 1L), Change.Delete(2L), Change.Erase(3L), Change.Upsert(77L, "a", 1L)], quarantined: [Rejected(6)]);

        Assert.Equal(["[\"4\"] required found null", "[\"5\"] required found null", "[\"6\"] required found null"], await QuarantineAsync());
    }

    [Fact]
    public async Task Keys_of_every_form_are_recognised_when_they_are_superseded()
    {
        var dataset = await EnsuredAsync(TestDatasets.Of("keyed", 3, ("a", CdcSync.Arrow.StringType.Default), ("b", new CdcSync.Arrow.Decimal128Type(10, 2)), ("c", CdcSync.Arrow.Date32Type.Default), ("n", CdcSync.Arrow.Int64Type.Default)));
        Change[] changes = [Change.Upsert("ž \"quoted\" \\ \n", 150L, 1, 1L), Change.Upsert("", -1L, 0, 1L), Change.Upsert("a", 0L, -1, 1L)];
        var keys = QuarantineKeys.Of(dataset, Change.Chunk(dataset, changes).Rows).ToList();
        await PublishAsync(dataset, PublishMode.Merge, [], quarantined: [.. keys.Select(k => new QuarantinedRow(k, "type", "n", "found text", "{}")), Rejected(9)]);

        await PublishAsync(dataset, changes);

        Assert.Equal(["[\"9\"] required found null"], await QuarantineAsync());
    }

    [Fact]
    public async Task A_whole_content_supersedes_every_entry_but_its_own()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, PublishMode.Merge, [], quarantined: [Rejected(1), Rejected(2), Rejected(3)]);

        await PublishAsync(dataset, PublishMode.Difference, [Change.Upsert(1L, "a", 1L)], quarantined: [Rejected(3, reason: "still null")]);

        Assert.Equal(["[\"3\"] required still null"], await QuarantineAsync());
    }

    [Fact]
    public async Task A_publication_that_is_not_committed_leaves_the_quarantine_alone()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, PublishMode.Merge, [], quarantined: [Rejected(1)]);
        await ExpireLeaseAsync();

        await PublishAsync(dataset, PublishMode.Merge, [Change.Upsert(1L, "a", 1L)], quarantined: [Rejected(2)]);

        Assert.Equal(["[\"1\"] required found null"], await QuarantineAsync());
    }

    private static QuarantinedRow Rejected(int key, string reason = "found null") => new($"[\"{key}\"]", "required", "name", reason, $"{{\"id\":{key},\"name\":null}}");

    private async Task<IReadOnlyList<string>> QuarantineAsync() =>
        [.. (await Fixture.QueryAsync($"SELECT row_key, {Fixture.Quote("rule")}, reason FROM {Fixture.Control("quarantine")}")).Select(r => $"{r[0]} {r[1]} {r[2]}").Order(StringComparer.Ordinal)];

    private static long Number(object? value) => Convert.ToInt64(value, CultureInfo.InvariantCulture);
}
