using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates.Isolation;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Landing;
using CdcSync.Core.Shaping;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Tests.Landing;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Sync;

/// <summary>Rows that the warehouse itself refuses do not stop the others.</summary>
public sealed class IsolationTests
{
    private static readonly Dataset Orders = World.Orders;

    [Fact]
    public async Task A_row_that_the_warehouse_refuses_goes_to_quarantine_with_its_reason_and_the_rest_is_committed_with_it()
    {
        using var world = Guarded(new World());
        Put(world, 10);
        await world.SyncAsync();
        world.Source[Orders.Id].Put(3, "bad");
        world.Source[Orders.Id].Put(4, "new");
        world.Source[Orders.Id].Delete(5);

        var outcome = Assert.Single((await world.SyncAsync()).Outcomes);

        Assert.Equal((OutcomeKind.Synced, 3, 1, ExitCode.Partial), (outcome.Kind, outcome.RowsRead, outcome.Quarantined, outcome.Exit));
        Assert.Equal(("v3", "new", false), (world.Warehouse.Rows(Orders.Id)[3], world.Warehouse.Rows(Orders.Id)[4], world.Warehouse.Rows(Orders.Id).ContainsKey(5)));
        var row = Assert.Single(world.Warehouse.Quarantine).Row;
        Assert.Equal(("[\"3\"]", "warehouse", "value", "constraint 'no_bad'"), (row.Key, row.Rule, row.Column, row.Reason));
        Assert.Equal(1, world.Warehouse.Ledger[^1].Draft.RowsQuarantined);
        Assert.Equal((Orders.Id, 1L), world.Observer.Isolations.Select(i => (i.Dataset, i.Rows)).Single());
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
    }

    [Theory]
    [InlineData(RulePolicy.Block)]
    [InlineData(RulePolicy.Warn)]
    public async Task Beside_a_refused_row_one_that_breaks_a_rule_still_blocks_or_is_told_once(RulePolicy policy)
    {
        using var world = Guarded(new World(Orders with { Rules = [new ListRule("no_odd", "value", ["odd"], Membership.Without) { Policy = policy }] }));
        Put(world, 4);
        await world.SyncAsync();
        world.Source[Orders.Id].Put(1, "bad");
        world.Source[Orders.Id].Put(2, "odd");

        var outcome = Assert.Single((await world.SyncAsync()).Outcomes);

        var isBlocked = policy == RulePolicy.Block;
        Assert.Equal((isBlocked ? ErrorCodes.RowRuleBroken : null, isBlocked ? "v2" : "odd"), (outcome.Fault?.Code, world.Warehouse.Rows(Orders.Id)[2]));
        Assert.Equal((isBlocked ? 0 : 1, isBlocked ? 0 : 1), (world.Observer.Warnings.Count, world.Warehouse.Quarantine.Count));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_first_load_and_a_full_refresh_leave_out_what_is_refused_too(bool isFirst)
    {
        using var world = Guarded(isFirst ? new World() : new World(Orders with { Capture = new Capture.FullRefresh() }));
        Put(world, 9);
        world.Source[Orders.Id].Put(3, "bad");
        await world.SyncAsync();
        Assert.Equal(8, world.Warehouse.Rows(Orders.Id).Count);
        Assert.Equal("[\"3\"]", Assert.Single(world.Warehouse.Quarantine).Row.Key);
    }

    [Fact]
    public async Task A_row_of_a_group_that_needs_a_row_of_another_dataset_is_not_refused_because_of_a_third()
    {
        var (orders, lines) = (World.Of("orders", group: "shop"), World.Of("lines", group: "shop"));
        using var world = new World(orders, lines);
        await world.SyncAsync();
        // A line's value names its order.
        world.Warehouse.Constraint = tables => tables[orders.Id].ContainsValue("bad") ? new Refusal("value", "constraint 'no_bad'", false)
            : tables[lines.Id].Values.Any(v => !tables[orders.Id].ContainsKey(long.Parse(v!, System.Globalization.CultureInfo.InvariantCulture))) ? new Refusal("", "constraint 'line_order'", true)
            : null;
        for (var key = 0; key < 20; key++)
        {
            world.Source[orders.Id].Put(key, key == 7 ? "bad" : "good");
            world.Source[lines.Id].Put(100 + key, $"{key}");
        }

        await world.SyncAsync();

        Assert.Equal(19, world.Warehouse.Rows(orders.Id).Count);
        Assert.Equal(19, world.Warehouse.Rows(lines.Id).Count);
        Assert.Equal([("orders", "[\"7\"]", "constraint 'no_bad'"), ("lines", "[\"107\"]", "constraint 'line_order'")], world.Warehouse.Quarantine.Select(q => (q.Dataset.Value, q.Row.Key, q.Row.Reason)).OrderBy(q => q.Item2.Length));
    }

    [Fact]
    public async Task More_refused_rows_than_the_quarantine_takes_stop_the_dataset_and_nothing_is_committed()
    {
        using var world = Guarded(new World());
        Put(world, 10);
        await world.SyncAsync();
        var before = world.Warehouse.Checkpoints[Orders.Id];
        world.Options = world.Options with { QuarantineLimit = 3 };
        foreach (var key in new[] { 1, 2, 3, 4 })
            world.Source[Orders.Id].Put(key, "bad");
        world.Source[Orders.Id].Put(5, "good");

        var outcome = Assert.Single((await world.SyncAsync()).Outcomes);

        Assert.Equal(ErrorCodes.QuarantineFull, outcome.Fault!.Code);
        Assert.Equal((before, "v5"), (world.Warehouse.Checkpoints[Orders.Id], world.Warehouse.Rows(Orders.Id)[5]));
        Assert.Empty(world.Warehouse.Quarantine);
        world.Options = world.Options with { QuarantineLimit = 4 };
        await world.SyncAsync();
        Assert.Equal((4, "good"), (world.Warehouse.Quarantine.Count, world.Warehouse.Rows(Orders.Id)[5]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_quarantine_that_is_full_over_several_batches_stops_the_dataset_and_not_for_rows_that_are_in_it(bool isRefusedByWarehouse)
    {
        // Refused by the target, or by a rule of the contract.
        var orders = Orders with { Rules = isRefusedByWarehouse ? [] : [new ListRule("no_bad", "value", ["bad"], Membership.Without)] };
        using var world = isRefusedByWarehouse ? Guarded(new World()) : new World(orders);
        Put(world, 10);
        await world.SyncAsync();
        world.Options = world.Options with { QuarantineLimit = 3 };
        await BadAsync(1, 2);
        await BadAsync(2, 3);
        Assert.Equal(["[\"1\"]", "[\"2\"]", "[\"3\"]"], world.Warehouse.Quarantine.Select(q => q.Row.Key).Distinct().Order());
        var before = world.Warehouse.Checkpoints[Orders.Id];

        var outcome = await BadAsync(3, 4);

        Assert.Equal((ErrorCodes.QuarantineFull, before, "v4"), (outcome.Fault?.Code, world.Warehouse.Checkpoints[Orders.Id], world.Warehouse.Rows(Orders.Id)[4]));
        world.Source[Orders.Id].Put(4, "good");
        Assert.Null(Assert.Single((await world.SyncAsync()).Outcomes).Fault);
        Assert.Equal("good", world.Warehouse.Rows(Orders.Id)[4]);

        async Task<DatasetOutcome> BadAsync(params int[] keys)
        {
            foreach (var key in keys)
                world.Source[Orders.Id].Put(key, "bad");
            return Assert.Single((await world.SyncAsync()).Outcomes);
        }
    }

    [Fact]
    public async Task What_is_refused_whatever_rows_are_left_out_is_told_as_it_is()
    {
        using var world = new World();
        Put(world, 10);
        await world.SyncAsync();
        world.Warehouse.Constraint = _ => new Refusal("", "constraint 'none'", false);
        Put(world, 3);
        Assert.Equal(ErrorCodes.WarehouseRefusedRows, Assert.Single((await world.SyncAsync()).Outcomes).Fault!.Code);
        Assert.Empty(world.Warehouse.Quarantine);
    }

    /// <summary>The n-th call fails, for n = 1 until a run makes fewer calls: rehearsals among them.</summary>
    [Fact]
    public async Task A_fault_at_any_single_call_loses_nothing_and_quarantines_nothing_else()
    {
        for (var n = 1; ; n++)
        {
            using var world = Guarded(new World());
            Put(world, 9);
            await world.SyncAsync();
            Put(world, 9, "second");
            world.Source[Orders.Id].Put(2, "bad");
            world.Faults.Arm(n, FaultPlan.Lasting);
            try
            {
                await world.SyncAsync();
            }
            catch (CdcSyncException)
            {
                // The process would have ended with this error; the next one goes on.
            }
            var fired = world.Faults.Fired;
            world.Faults.Disarm();
            await world.SyncAsync();
            Assert.Equal("[\"2\"]", Assert.Single(world.Warehouse.Quarantine).Row.Key);
            Assert.All(Enumerable.Range(0, 9), key => Assert.Equal(key == 2 ? "v2" : $"second{key}", world.Warehouse.Rows(Orders.Id)[key]));
            if (!fired)
            {
                Assert.InRange(n, 20, 100);
                return;
            }
        }
    }

    /// <summary>Whatever is read is in the target or in quarantine, and the target keeps its constraints: a check, and a value that is there once.</summary>
    [Fact]
    public void What_is_merged_and_what_is_quarantined_is_what_was_read()
    {
        var values = Gen.Frequency((20, Gen.Choose(0, 10_000).Select(n => $"free{n}")), (2, Gen.Constant("bad")), (3, Gen.Choose(0, 2).Select(n => $"once{n}")));
        Prop.ForAll(Arb.From(values.NonEmptyListOf()), read => HoldsAsync([.. read]).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    [Fact]
    public async Task An_entry_goes_again_where_a_newer_version_of_its_row_follows_and_not_where_an_older_one_came_before()
    {
        using var fixture = new LandingFixture();
        var lane = new Lane(Orders, null!, new RangePlaces(1), new Keyring(new Dictionary<string, byte[]>()), new AcceptAll());
        await using var file = fixture.Zone.Create(Orders);
        foreach (var chunk in new[] { Rows((1, "bad"), (2, "old"), (3, "bad")), Rows((1, "good"), (2, "bad")) })
            await file.AppendAsync(chunk, default);
        await file.CompleteAsync(default);
        var rows = new RefusedRows(lane, file, default);
        rows.Refuse([new(0, Bad), new(2, Bad), new(4, Bad)]);

        var parts = rows.Parted(default).ToArray();

        Assert.Equal(5, rows.Count);
        Assert.Equal(["[\"1\"]", "[\"3\"]", "[\"2\"]"], parts.SelectMany(p => p.Rejected).Select(r => r.Key));
        Assert.Equal(["[\"1\"]"], parts.SelectMany(p => p.Superseded));
        Assert.Equal(2, parts.Sum(p => p.Accepted.Length));
        Assert.Equal([2, 1], rows.Only(RowSet.Of([1, 2, 3]), default).Select(c => c.Length));
    }

    private static readonly Refusal Bad = new("value", "constraint 'no_bad'", DependsOnOthers: false);

    private static async Task<bool> HoldsAsync(string[] read)
    {
        using var world = new World();
        await world.SyncAsync();
        world.Warehouse.Constraint = tables => tables[Orders.Id].ContainsValue("bad") ? Bad
            : tables[Orders.Id].Values.Where(v => v!.StartsWith("once", StringComparison.Ordinal)).GroupBy(v => v).Any(g => g.Count() > 1) ? new Refusal("", "index 'once'", true)
            : null;
        for (var key = 0; key < read.Length; key++)
            world.Source[Orders.Id].Put(key, read[key]);
        await world.SyncAsync();
        var (merged, quarantined) = (world.Warehouse.Rows(Orders.Id), world.Warehouse.Quarantine);
        return merged.Keys.Concat(quarantined.Select(q => long.Parse(q.Row.Key[2..^2], System.Globalization.CultureInfo.InvariantCulture))).Order().SequenceEqual(Enumerable.Range(0, read.Length).Select(k => (long)k))
            && quarantined.Count == read.Count(v => v == "bad") + read.Where(v => v.StartsWith("once", StringComparison.Ordinal)).GroupBy(v => v).Sum(g => g.Count() - 1)
            && world.Warehouse.Ledger[^1].Draft is { } ledger && ledger.RowsRead == merged.Count + ledger.RowsQuarantined;
    }

    private static World Guarded(World world)
    {
        world.Warehouse.Constraint = tables => tables.TryGetValue(Orders.Id, out var rows) && rows.ContainsValue("bad") ? Bad : null;
        return world;
    }

    private static void Put(World world, int rows, string value = "v")
    {
        for (var key = 0; key < rows; key++)
            world.Source[Orders.Id].Put(key, $"{value}{key}");
    }

    private static ChangeChunk Rows(params (long Key, string Value)[] rows)
    {
        var builder = new RecordBatchBuilder(Orders.TargetSchema);
        foreach (var (key, value) in rows)
        {
            ((FixedWidthBuilder<long>)builder[0]).Append(key);
            ((VarLengthBuilder)builder[1]).Append(value);
        }

        return ChangeChunk.Upserts(builder.Build());
    }

    private sealed class AcceptAll : Core.Gates.IRowGate
    {
        public IReadOnlyList<Core.Gates.RowRejection> Inspect(ChangeChunk chunk) => [];
    }
}
