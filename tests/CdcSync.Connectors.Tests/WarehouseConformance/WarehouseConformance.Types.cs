using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

public abstract partial class WarehouseConformance
{
    public static TheoryData<string> Types => [.. TypeCases.All.Keys];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_value_is_held_exactly_or_rejected_and_a_type_held_or_refused_by_name(string type)
    {
        var (arrow, values) = Values(type);
        var dataset = TestDatasets.Of("typed", 1, ("id", Int64Type.Default), ("v", arrow));
        if (Fixture.Refuses(arrow))
        {
            var refused = await Assert.ThrowsAsync<CdcSyncException>(async () => await Warehouse.EnsureTargetAsync(dataset, default));
            Assert.Equal(ErrorCodes.TargetMismatch, refused.Code);
            Assert.Contains("'v'", refused.Message, StringComparison.Ordinal);
            Assert.Contains(type, refused.Message, StringComparison.Ordinal);
            return;
        }
        await Warehouse.EnsureTargetAsync(dataset, default);

        Change[] changes = [.. values.Append(null).Select((value, i) => Change.Upsert((long)i, value))];
        var (held, expected) = Held(dataset, changes);
        await PublishAsync(dataset, held);
        Assert.Equal(expected, await LiveAsync(dataset));

        // What was read back compares as equal to what is staged again.
        Assert.Equal(MergeStats.None, Assert.Single((await PublishAsync(dataset, held)).Stats));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_value_is_found_again_as_a_key(string type)
    {
        var (arrow, values) = Values(type);
        if (Fixture.Refuses(arrow) || arrow is NullType) return;
        var dataset = await EnsuredAsync(TestDatasets.Of("keyed", 1, ("k", arrow), ("n", Int64Type.Default)));
        // Indexes have their own limit on the length of a value.
        Change[] changes = [.. values.Where(v => v is not string { Length: > 1_000 } and not byte[] { Length: > 1_000 }).Select((value, i) => Change.Upsert(value, (long)i))];
        var (held, expected) = Held(dataset, changes);
        await PublishAsync(dataset, held);
        Assert.Equal(expected, await LiveAsync(dataset));

        Change[] second = [.. held.Select((change, i) => i % 2 == 0 ? Change.Delete(change.Values[0]) : change with { Values = [change.Values[0], 100L + i] })];
        var result = await PublishAsync(dataset, second);

        Assert.Equal(new MergeStats(0, held.Count / 2, (held.Count + 1) / 2, 0), Assert.Single(result.Stats));
        Assert.Equal(held.Count / 2, (await LiveAsync(dataset)).Count);
    }

    /// <summary>The values of a type that the server of this run can hold.</summary>
    private (ArrowType Type, IReadOnlyList<object> Values) Values(string type)
    {
        var (arrow, values) = TypeCases.All[type];
        var column = Change.Chunk(TestDatasets.Of("values", 0, ("v", arrow)), [.. values.Select(v => Change.Upsert(v))]).Rows.Column(0);
        return (arrow, [.. values.Where((_, row) => Canonical.Text(column, row) is not { } text || !Fixture.Lacks(arrow, text))]);
    }

    /// <summary>Those of the changes that the warehouse's gate lets pass, and the lines they will be; checks that it rejects what the engine can't hold and nothing else.</summary>
    private (IReadOnlyList<Change> Held, IReadOnlyList<string> Expected) Held(Dataset dataset, IReadOnlyList<Change> changes)
    {
        var chunk = Change.Chunk(dataset, changes);
        var tested = dataset.TargetSchema.Fields[0].Name == "k" ? 0 : 1;
        var type = dataset.TargetSchema.Fields[tested].DataType;
        var rejections = Warehouse.ValueGate(dataset).Inspect(chunk);
        Assert.All(rejections, r => Assert.Equal(("type", dataset.TargetSchema.Fields[tested].Name), (r.Rule, r.Column)));
        var rejected = rejections.Select(r => r.Row).ToList();
        Assert.Equal(Enumerable.Range(0, chunk.Length).Where(row => Canonical.Text(chunk.Rows.Column(tested), row) is { } text && Fixture.Rejects(type, text)), rejected);
        int[] held = [.. Enumerable.Range(0, chunk.Length).Except(rejected)];
        return ([.. held.Select(row => changes[row])], Lines(held.Select(row => new TargetRow([.. chunk.Rows.Columns.Select(c => Canonical.Text(c, row))], false))));
    }
}
