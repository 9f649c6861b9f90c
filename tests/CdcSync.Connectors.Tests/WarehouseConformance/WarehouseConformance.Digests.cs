using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

/// <content>What a target says of its rows when it is compared: the same as the rows themselves say.</content>
public abstract partial class WarehouseConformance
{
    [Fact]
    public async Task A_row_has_the_hash_that_its_values_have_here_whatever_their_type()
    {
        foreach (var type in TypeCases.All.Keys)
        {
            var (arrow, values) = Values(type);
            if (Fixture.Refuses(arrow)) continue;
            var dataset = await EnsuredAsync(TestDatasets.Of($"hashed-{TypeCases.All.Keys.ToList().IndexOf(type)}", 1, ("id", Int64Type.Default), ("v", arrow)));
            var (held, _) = Held(dataset, [.. values.Append(null).Select((value, i) => Change.Upsert((long)i, value))]);
            await PublishAsync(dataset, held);
            await AssertSameAsync(dataset, Change.Chunk(dataset, held).Rows);
        }
    }

    [Fact]
    public async Task A_row_of_columns_of_every_type_has_the_hash_that_it_has_here()
    {
        (ArrowType Type, object?[] Values)[] cases = [.. TypeCases.All.Keys.Select(Values).Where(c => !Fixture.Refuses(c.Type)).Select(c => (c.Type, (object?[])[.. Short(c.Type, c.Values), null]))];
        var dataset = await EnsuredAsync(TestDatasets.Of("hashed-all", 1, [("id", (ArrowType)Int64Type.Default), .. cases.Select((c, i) => ($"v{i}", c.Type))]));
        Change[] held = [.. Enumerable.Range(0, cases.Max(c => c.Values.Length)).Select(row => Change.Upsert([(long)row - 3, .. cases.Select(c => c.Values[row % c.Values.Length])]))];
        await PublishAsync(dataset, held);
        if (Warehouse.Digests(dataset) is not { } digests) return;
        var rows = Change.Chunk(dataset, held).Rows;
        var oracle = new LocalDigests(new InMemory(dataset, rows));
        // Column by column, so that a failure names the one.
        for (var i = 0; i < dataset.TargetSchema.Fields.Count; i++)
        {
            var scope = DigestScope.Rows(dataset) with { Columns = [i] };
            var (expected, found) = (await LinesAsync(oracle.RowsAsync(scope, [new Part(-1, 63), new Part(0, 63)], default)), await LinesAsync(digests.RowsAsync(scope, [new Part(-1, 63), new Part(0, 63)], default)));
            Assert.True(expected.SequenceEqual(found), $"{dataset.TargetSchema.Fields[i].DataType}:\n{string.Join('\n', expected.Except(found))}\nfound\n{string.Join('\n', found.Except(expected))}");
        }

        var all = DigestScope.Rows(dataset);
        Assert.Equal(Lines(await oracle.DigestAsync(all, null, 2, default)), Lines(await digests.DigestAsync(all, null, 2, default)));
    }

    [Fact]
    public async Task A_row_is_found_by_its_key_and_parted_by_its_place_whatever_the_keys_type()
    {
        foreach (var type in TypeCases.All.Keys)
        {
            var (arrow, values) = Values(type);
            if (Fixture.Refuses(arrow) || arrow is NullType) continue;
            var dataset = await EnsuredAsync(TestDatasets.Of($"hashed-{TypeCases.All.Keys.ToList().IndexOf(type)}", 1, ("k", arrow), ("n", Int64Type.Default)));
            var (held, _) = Held(dataset, [.. values.Where(v => v is not string { Length: > 1_000 } and not byte[] { Length: > 1_000 }).Select((value, i) => Change.Upsert(value, (long)i))]);
            await PublishAsync(dataset, held);
            await AssertSameAsync(dataset, Change.Chunk(dataset, held).Rows);
        }
    }

    [Fact]
    public async Task A_key_of_several_parts_in_another_order_than_the_columns_is_parted_by_its_hash()
    {
        var dataset = TestDatasets.Of("composite", 0, ("line", Int32Type.Default), ("note", StringType.Default), ("code", StringType.Default));
        dataset = await EnsuredAsync(dataset with { Columns = [dataset.Columns[0] with { KeyOrdinal = 1 }, dataset.Columns[1], dataset.Columns[2] with { KeyOrdinal = 0 }] });
        Change[] rows = [.. Enumerable.Range(0, 300).Select(i => Change.Upsert(i % 7, i % 3 == 0 ? null : $"note {i}", $"Ž{i / 7}"))];
        await PublishAsync(dataset, rows);
        await AssertSameAsync(dataset, Change.Chunk(dataset, rows).Rows);
    }

    [Fact]
    public async Task A_row_that_is_marked_as_deleted_is_counted_apart_and_not_compared()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts(DeleteMode.Soft));
        await PublishAsync(dataset, Change.Upsert(1L, "a", 100L), Change.Upsert(2L, "b", 200L), Change.Upsert(9L, "c", 300L));
        await PublishAsync(dataset, Change.Delete(9L));
        if (Warehouse.Digests(dataset) is not { } digests) return;
        await AssertSameAsync(dataset, Change.Chunk(dataset, [Change.Upsert(1L, "a", 100L), Change.Upsert(2L, "b", 200L)]).Rows);
        Assert.Equal(new Survey(1, 9, 1), await digests.SurveyAsync(DigestScope.Rows(dataset), default));
        var codec = new KeyCodec(dataset);
        var deleted = Change.Chunk(dataset, [Change.Delete(9L)]).Rows;
        Assert.Empty(await digests.FindAsync(DigestScope.Rows(dataset), codec.Decode([codec.KeysOf(deleted).Key(0)]), default).ToListAsync());
    }

    [Fact]
    public async Task Comparisons_are_recorded_and_the_last_one_of_each_dataset_is_known()
    {
        Assert.Empty(await Control.ReadReconciledAsync("pipe", default));
        var accounts = new DatasetId("accounts");
        foreach (var minutes in new[] { 10, 30, 20 })
            await Control.WriteReconciliationAsync("pipe", Report(accounts, SourceTime.AddMinutes(minutes)), default);
        await Control.WriteReconciliationAsync("another", Report(new DatasetId("others"), SourceTime), default);
        Assert.Equal(new Dictionary<DatasetId, LastCompared> { [accounts] = new(SourceTime.AddMinutes(30), null) }, await Control.ReadReconciledAsync("pipe", default));
        var summed = Report(accounts, SourceTime.AddMinutes(5));
        await Control.WriteReconciliationAsync("pipe", summed with { Request = new ReconcileRequest(ReconcileMode.Totals, IsRepair: false) }, default);
        Assert.Equal(new LastCompared(SourceTime.AddMinutes(30), SourceTime.AddMinutes(5)), (await Control.ReadReconciledAsync("pipe", default))[accounts]);

        var others = await Control.ReadComparisonsAsync("another", null, 10, default);
        Assert.Equal("others", Assert.Single(others).Dataset.Value);
        Assert.Empty(await Control.ReadComparisonsAsync("pipe", new DatasetId("others"), 10, default));
        var newest = await Control.ReadComparisonsAsync("pipe", accounts, 2, default);
        Assert.Equal([SourceTime.AddMinutes(30), SourceTime.AddMinutes(20)], newest.Select(c => c.FinishedAt));
        var written = Report(accounts, SourceTime.AddMinutes(30));
        var (read, details) = (newest[0], newest[0].Details);
        Assert.Equal((written.Dataset, written.Request.Mode, written.StartedAt, written.Outcome, written.SourceRows, written.TargetRows, written.Found, written.Repaired.Total),
            (read.Dataset, read.Mode, read.StartedAt, read.Outcome, read.SourceRows, read.TargetRows, read.Found, read.Repaired));
        Assert.Equal((written.SoftDeleted, written.Explained, written.InFlight, written.RowsTravelled, written.IsCut), (details.SoftDeleted, details.Explained, details.InFlight, details.RowsTravelled, details.IsCut));
        Assert.Equal(written.Map, details.Map);
        Assert.Equal(written.Keys, details.Keys);

        static ReconcileReport Report(DatasetId dataset, DateTimeOffset at) => new()
        {
            Id = Guid.CreateVersion7(),
            Dataset = dataset,
            Request = new(ReconcileMode.Digest, IsRepair: true),
            StartedAt = at.AddSeconds(-1),
            FinishedAt = at,
            SourceRows = 9,
            TargetRows = 8,
            SoftDeleted = 1,
            Explained = 1,
            InFlight = 2,
            Found = new(3, 2, 1),
            Repaired = new(1, 2, 0),
            RowsTravelled = 12,
            IsCut = false,
            Keys = [new DriftedKey("[\"ž\"]", Difference.Extra, IsRepaired: true)],
            Map = [0, 1],
        };
    }

    /// <summary>The values that the warehouse holds and that are not long.</summary>
    private IEnumerable<object> Short(ArrowType type, IReadOnlyList<object> values)
    {
        var column = Change.Chunk(TestDatasets.Of("values", 0, ("v", type)), [.. values.Select(v => Change.Upsert(v))]).Rows.Column(0);
        return values.Where((value, row) => value is not string { Length: > 1_000 } and not byte[] { Length: > 1_000 } && !Fixture.Rejects(type, Canonical.Text(column, row)!));
    }

    /// <summary>Compares all that a target says of its rows with what these rows say.</summary>
    private async Task AssertSameAsync(Dataset dataset, RecordBatch rows)
    {
        if (Warehouse.Digests(dataset) is not { } digests) return;
        var oracle = new LocalDigests(new InMemory(dataset, rows));
        foreach (var scope in TestRanges.Totals(dataset).Concat(TestRanges.Of(dataset, rows).Select(range => new TotalScope(dataset, new ControlTotal("in a range", null, []), range))))
            Assert.Equal(Lines(await LocalTotals.OfAsync(new InMemory(dataset, rows), scope, default)), Lines((await Warehouse.TotalsAsync(scope, default))!));
        DigestScope[] scopes = [DigestScope.Rows(dataset), DigestScope.Keys(dataset), .. TestRanges.Of(dataset, rows).Select(range => DigestScope.Rows(dataset) with { Range = range })];
        foreach (var scope in scopes)
        {
            foreach (var shift in new[] { 0, 54 })
            {
                Assert.Equal(Lines(await oracle.DigestAsync(scope, null, shift, default)), Lines(await digests.DigestAsync(scope, null, shift, default)));
                var all = await oracle.DigestAsync(scope, null, shift, default);
                Part[] some = [.. all.Keys.Order().Where((_, i) => i % 2 == 0).Select(prefix => new Part(prefix, shift))];
                if (some.Length == 0) continue;
                Assert.Equal(Lines(await oracle.DigestAsync(scope, some, shift / 2, default)), Lines(await digests.DigestAsync(scope, some, shift / 2, default)));
                Assert.Equal(await LinesAsync(oracle.RowsAsync(scope, some, default)), await LinesAsync(digests.RowsAsync(scope, some, default)));
            }

            var codec = new KeyCodec(dataset);
            var keys = codec.KeysOf(rows);
            var third = codec.Decode([.. Enumerable.Range(0, rows.Length).Where(i => i % 3 == 0).Select(keys.Key)]);
            var found = (await LinesAsync(digests.FindAsync(scope, third, default))).ToHashSet();
            Assert.Subset((await LinesAsync(oracle.RowsAsync(scope with { Range = null }, [new Part(-1, 63), new Part(0, 63)], default))).ToHashSet(), found);
            Assert.Equal(third.Length, found.Count);
        }
    }

    private static IReadOnlyList<string> Lines(IReadOnlyDictionary<CanonicalKey, GroupTotal> totals) => [.. totals.Select(t => $"{Convert.ToHexStringLower(t.Key.Bytes)} {t.Value}").Order(StringComparer.Ordinal)];

    private static IReadOnlyList<string> Lines(IReadOnlyDictionary<long, PartDigest> digests) => [.. digests.OrderBy(d => d.Key).Select(d => $"{d.Key} {d.Value}")];

    private static async Task<IReadOnlyList<string>> LinesAsync(IAsyncEnumerable<RowDigest> rows) =>
        [.. (await rows.ToListAsync()).Select(r => $"{Convert.ToHexStringLower(r.Key.Bytes)} {r.Hash}").Order(StringComparer.Ordinal)];

    private sealed class InMemory(Dataset dataset, RecordBatch rows) : IRowSide
    {
        public ValueTask<Survey> SurveyAsync(CancellationToken ct) => new(default(Survey));

        public IAsyncEnumerable<ChangeChunk> ReadAsync(IReadOnlyList<PlaceSpan>? places, CancellationToken ct) => FindAsync(rows, ct);

        public async IAsyncEnumerable<ChangeChunk> FindAsync(RecordBatch keys, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
        {
            Assert.Equal(dataset.TargetSchema, rows.Schema);
            await Task.Yield();
            yield return ChangeChunk.Upserts(rows);
        }
    }
}
