using System.Globalization;
using CdcSync.Benchmarks;
using CdcSync.Benchmarks.Measuring;
using CdcSync.Benchmarks.Reconcile;
using CdcSync.Benchmarks.Sync;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
Dictionary<string, Func<Options, Task<IReadOnlyList<Verdict>>>> benchmarks = new()
{
    ["first-load"] = FirstLoadAgainstPgloader.RunAsync,
    ["stages"] = FirstLoadStages.RunAsync,
    ["digest"] = DigestAgainstSum.RunAsync,
    ["edits"] = RandomEdits.RunAsync,
    ["false-alarms"] = FalseAlarms.RunAsync,
    ["snapshot"] = SnapshotAgainstCopy.RunAsync,
    ["ranges"] = RangesSideBySide.RunAsync,
    ["small-batch"] = _ => SmallBatchOnLargeTable.RunAsync(),
    ["rules"] = RowRulesCost.RunAsync,
    ["gates"] = GatesCost.RunAsync,
    ["replication"] = ReplicationAgainstSubscription.RunAsync,
    ["arrow"] = _ => Task.FromResult<IReadOnlyList<Verdict>>([Verdict.AtLeast("Arrow columns to IPC and back, against memcpy", IpcAgainstMemcpy.Run(Console.Out), 0.5)]),
};
if (Options.Parse(args, benchmarks.Keys) is not { } options)
    return 2;

Console.WriteLine($"# {Environment.ProcessorCount} processors, load {Machine.Load()}, {options.Runs} runs each, medians; ratios pair by pair");
var verdicts = new List<Verdict>();
foreach (var name in options.Names)
{
    Console.WriteLine($"\n## {name}");
    verdicts.AddRange(await benchmarks[name](options));
}

Console.WriteLine("\n## Against what was aimed at");
foreach (var verdict in verdicts)
    Console.WriteLine(verdict);
return 0;
