using CdcSync.Core.Sources.Pacing;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Sources;

/// <summary>Who may have connections to a source, and when.</summary>
public sealed class ConnectionBudgetTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_session_finds_its_connections_whatever_tables_are_being_read()
    {
        var budget = new ConnectionBudget(6, new ConnectionNeed(Session: 3, Kept: 1, Acknowledgement: 1));
        var tables = Enumerable.Range(0, 5).Select(_ => budget.ForTableAsync(default).AsTask()).ToList();
        Assert.Equal((2, 3), (tables.Count(t => t.IsCompleted), budget.Waiting));
        using (await budget.ForSessionAsync(3, default).AsTask().WaitAsync(Patience))
            Assert.Equal((6, 3), (budget.InUse, budget.Waiting));
        Assert.Equal((3, 3), (budget.InUse, budget.Waiting));            // two tables, and what is kept since
        foreach (var table in tables)
            (await table.WaitAsync(Patience)).Dispose();
        Assert.Equal((1, 0), (budget.InUse, budget.Waiting));
    }

    [Fact]
    public async Task A_session_that_waits_comes_before_tables_and_one_that_needs_less_does_not_pass_it()
    {
        var budget = new ConnectionBudget(3, new ConnectionNeed(Session: 2, Kept: 0, Acknowledgement: 1));
        var first = await budget.ForSessionAsync(2, default);
        var second = budget.ForSessionAsync(2, default).AsTask();
        var acknowledgement = budget.ForSessionAsync(1, default).AsTask();
        var table = budget.ForTableAsync(default).AsTask();
        Assert.Equal((2, 3), (budget.InUse, budget.Waiting));
        first.Dispose();
        first.Dispose();                                                 // once is enough
        var held = await second.WaitAsync(Patience);
        using (await acknowledgement.WaitAsync(Patience))
            Assert.Equal((3, 1, false), (budget.InUse, budget.Waiting, table.IsCompleted));
        held.Dispose();
        (await table.WaitAsync(Patience)).Dispose();
        Assert.Equal((0, 0), (budget.InUse, budget.Waiting));
    }

    [Fact]
    public async Task Who_gives_up_waiting_lets_those_behind_it_go_on()
    {
        var budget = new ConnectionBudget(3, new ConnectionNeed(Session: 2, Kept: 0, Acknowledgement: 1));
        using var table = await budget.ForTableAsync(default);
        using var one = await budget.ForSessionAsync(1, default);
        using var stop = new CancellationTokenSource();
        var two = budget.ForSessionAsync(2, stop.Token).AsTask();
        var behind = budget.ForSessionAsync(1, default).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two);
        using var held = await behind.WaitAsync(Patience);
        Assert.Equal((3, 0), (budget.InUse, budget.Waiting));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => budget.ForTableAsync(stop.Token).AsTask());
        Assert.Equal(0, budget.Waiting);
    }

    [Fact]
    public async Task Without_a_limit_nobody_waits_and_a_limit_below_the_need_is_refused()
    {
        var need = new ConnectionNeed(Session: 3, Kept: 1, Acknowledgement: 1);
        var budget = new ConnectionBudget(null, need);
        for (var i = 0; i < 1_000; i++)
            await (i % 2 == 0 ? budget.ForTableAsync(default) : budget.ForSessionAsync(3, default));
        Assert.Equal((2_001, 0), (budget.InUse, budget.Waiting));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConnectionBudget(need.Least - 1, need));
        Assert.Equal(need.Least, new ConnectionBudget(need.Least, need).Limit);
    }

    /// <summary>What the engine does, by any number of lanes: sessions, tables, tables whose reader asks for sessions while it reads, acknowledgements; and now and then somebody gives up.</summary>
    [Fact]
    public void However_many_work_side_by_side_all_come_to_their_end_and_the_limit_holds()
    {
        var shapes = (from session in Gen.Choose(1, 3)
                      from kept in Gen.Choose(0, 1)
                      from room in Gen.Choose(0, 3)
                      from workers in Gen.Choose(2, 12).SelectMany(n => Gen.ListOf(Gen.ListOf(Gen.Elements(Enum.GetValues<Deed>()), 8), n))
                      select (Need: new ConnectionNeed(session, kept, 1), Room: room, Workers: workers.Select(w => w.ToArray()).ToArray())).ToArbitrary();
        Prop.ForAll(shapes, shape => RunAsync(shape.Need, shape.Need.Least + shape.Room, shape.Workers).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    public enum Deed
    {
        Session,
        Table,
        TableWithSessions,
        Acknowledgement,
        GivesUp,
    }

    private static async Task RunAsync(ConnectionNeed need, int limit, Deed[][] workers)
    {
        var (budget, open, most) = (new ConnectionBudget(limit, need), 0, 0);
        await Task.WhenAll(workers.Select(deeds => Task.Run(async () =>
        {
            foreach (var deed in deeds)
                await DoAsync(deed);
        }))).WaitAsync(Patience);
        Assert.InRange(most, 1, limit - need.Kept);
        Assert.Equal((0, 0), (open, budget.Waiting));

        async Task DoAsync(Deed deed)
        {
            switch (deed)
            {
                case Deed.Session:
                    await HoldAsync(await budget.ForSessionAsync(need.Session, default), need.Session, () => Task.CompletedTask);
                    break;
                case Deed.Table:
                    await HoldAsync(await budget.ForTableAsync(default), 1, () => Task.CompletedTask);
                    break;
                case Deed.TableWithSessions:
                    await HoldAsync(await budget.ForTableAsync(default), 1, async () =>
                    {
                        await DoAsync(Deed.Session);
                        await DoAsync(Deed.Acknowledgement);
                    });
                    break;
                case Deed.Acknowledgement:
                    await HoldAsync(await budget.ForSessionAsync(need.Acknowledgement, default), need.Acknowledgement, () => Task.CompletedTask);
                    break;
                default:
                    using (var stop = new CancellationTokenSource())
                    {
                        var waiting = budget.ForSessionAsync(need.Session, stop.Token).AsTask();
                        await stop.CancelAsync();
                        await waiting.ContinueWith(t => t.IsCompletedSuccessfully ? HoldAsync(t.Result, need.Session, () => Task.CompletedTask) : Task.CompletedTask, TaskScheduler.Default).Unwrap();
                    }

                    break;
            }
        }

        async Task HoldAsync(IDisposable held, int connections, Func<Task> meanwhile)
        {
            var now = Interlocked.Add(ref open, connections);
            for (var seen = most; now > seen; seen = most)
                Interlocked.CompareExchange(ref most, now, seen);
            await Task.Yield();
            await meanwhile();
            Interlocked.Add(ref open, -connections);
            held.Dispose();
        }
    }
}
