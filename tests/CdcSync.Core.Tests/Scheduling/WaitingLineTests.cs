using CdcSync.Core.Sync;

namespace CdcSync.Core.Tests.Scheduling;

public sealed class WaitingLineTests
{
    [Fact]
    public async Task The_most_important_goes_first_and_equals_in_their_order()
    {
        var line = new WaitingLine(1);
        await line.WaitAsync(0, CancellationToken.None);
        (string Name, Task Turn)[] waiting = [("late", line.WaitAsync(-1, default)), ("first", line.WaitAsync(0, default)), ("second", line.WaitAsync(0, default)), ("urgent", line.WaitAsync(5, default))];
        var went = new List<string>();
        while (went.Count < waiting.Length)
        {
            line.Release();
            var next = await Task.WhenAny(waiting.Where(w => !went.Contains(w.Name)).Select(w => w.Turn));
            went.Add(waiting.Single(w => w.Turn == next).Name);
        }

        Assert.Equal(["urgent", "first", "second", "late"], went);
    }

    [Fact]
    public async Task Who_leaves_the_line_takes_no_place_with_him()
    {
        var line = new WaitingLine(1);
        await line.WaitAsync(0, CancellationToken.None);
        using var leaving = new CancellationTokenSource();
        var left = line.WaitAsync(9, leaving.Token);
        var stays = line.WaitAsync(0, CancellationToken.None);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        line.Release();
        await stays;
        line.Release();
        await line.WaitAsync(0, CancellationToken.None);
    }
}
