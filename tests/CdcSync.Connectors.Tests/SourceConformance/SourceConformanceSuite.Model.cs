using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Connectors.Tests.SourceConformance;

/// <content>Random writes, reads and restarts against a dictionary.</content>
public abstract partial class SourceConformanceSuite<TFixture>
{
    /// <summary>One step, as numbers that any state of the table can make sense of; so a failing run can be made smaller.</summary>
    public sealed record Step(int Action, int Key, int Other, int Name);

    [Fact]
    public void Whatever_is_written_and_whenever_it_is_read_the_copy_equals_the_table()
    {
        Assert.SkipWhen(_fixture.SkipReason is not null, _fixture.SkipReason ?? "");
        var steps = (from action in Gen.Choose(0, 99)
                     from key in Gen.Choose(0, 12)
                     from other in Gen.Choose(0, 12)
                     from name in Gen.Choose(0, 8)
                     select new Step(action, key, other, name)).ListOf().Resize(60);
        var run = 0;
        Prop.ForAll(steps.ToArbitrary(), list => RunAsync($"model{++run}", list).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    private async Task RunAsync(string name, IEnumerable<Step> steps)
    {
        var shape = name[^1] % 2 == 0 ? TableShape.Numbered : TableShape.Composite;
        var table = await _fixture.CreateAsync(name, shape);
        var model = new TableModel(table);
        var follower = new Follower(table);
        var source = _fixture.Open();
        var pending = new List<Write>();
        var isLoaded = false;
        foreach (var step in steps)
        {
            if (step.Action < 70)
            {
                if (WriteOf(table, shape, step, model) is not { } write) continue;
                model.Apply(write);
                pending.Add(write);
                continue;
            }
            if (step.Action < 85)
            {
                await FlushAsync(pending);
                continue;
            }
            await FlushAsync(pending);
            if (!isLoaded) await follower.LoadAsync(source, 5);
            else Assert.NotEqual(ReadingState.Denied, (await follower.CatchUpAsync(source)).State);
            isLoaded = true;
            AssertSame(model, follower);
            if (step.Action >= 95) source = _fixture.Open();
        }
        await FlushAsync(pending);
        if (!isLoaded) await follower.LoadAsync(source, 5);
        await follower.CatchUpAsync(source);
        AssertSame(model, follower);
    }

    private async Task FlushAsync(List<Write> pending)
    {
        await _fixture.CommitAsync(pending);
        pending.Clear();
    }

    // Null where the step would break a constraint: the model knows nothing of those.
    private static Write? WriteOf(Dataset table, TableShape shape, Step step, TableModel model)
    {
        var name = step.Name == 0 ? null : $"n{step.Name}";
        object?[] RowOf(int key) => shape == TableShape.Numbered
            ? [(long)key, name, step.Other / 4m, null, step.Other % 2 == 0, null]
            : [$"t{key % 3}", (long)(key / 3), name];
        var (row, moved) = (RowOf(step.Key), RowOf(step.Other));
        var (key, movedKey) = (model.KeyOf(row), model.KeyOf(moved));
        return (step.Action % 7) switch
        {
            0 or 1 => model.Has(key) || model.IsNameTaken(row[1], key) ? null : new Write.Insert(table, row),
            2 => model.Has(key) && !model.IsNameTaken(row[1], key) ? new Write.Update(table, key, row) : null,
            3 => model.Has(key) && !model.Has(movedKey) && !model.IsNameTaken(moved[1], key) ? new Write.Update(table, key, moved) : null,
            4 => new Write.Delete(table, key),
            5 => new Write.Replace(table, row),
            _ => model.IsNameTaken(row[1], key) ? null : new Write.Upsert(table, row),
        };
    }
}
