using CdcSync.Core.Sync;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Crash;

/// <summary>kill -9 at each step of the flow, under live writes, in the first load and in the stream: after a restart the warehouse is equal, and no reader ever saw half a batch.</summary>
public abstract class KillTests(WarehouseKind kind, ITestOutputHelper output)
{
    public static TheoryData<string, int> Steps
    {
        get
        {
            var steps = new TheoryData<string, int>();
            foreach (var point in Failpoints.All)
            {
                for (var hit = 1; hit <= 3; hit++)
                    steps.Add(point, hit);
            }

            return steps;
        }
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Killed_at_a_step_of_the_flow_and_restarted_the_warehouse_is_equal(string point, int hit)
    {
        var seed = Random.Shared.Next(1_000);
        output.WriteLine($"seed {seed}");
        await using var pipeline = await CrashPipeline.CreateAsync(kind, seed);
        await using var reader = new ReaderProbe(pipeline.Warehouse);

        await pipeline.RunUntilKilledAsync($"{point}:{hit}");                       // in the first load
        await pipeline.AssertEqualAfterSyncAsync();
        reader.GroupIsLoaded();
        await pipeline.RunUntilKilledAsync($"{point}:{hit}");                       // in the stream
        await pipeline.AssertEqualAfterSyncAsync();

        Assert.True(reader.Readings > 0, "the reader never read");
    }
}

public sealed class SqliteKillTests(ITestOutputHelper output) : KillTests(WarehouseKind.Sqlite, output);

public sealed class PostgresKillTests(ITestOutputHelper output) : KillTests(WarehouseKind.Postgres, output);
