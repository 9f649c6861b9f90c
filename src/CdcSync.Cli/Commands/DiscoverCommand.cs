using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Commands;

/// <summary><c>discover</c>: what a source holds; contracts and datasets for it; what capture needs there.</summary>
internal static class DiscoverCommand
{
    private static readonly Argument<string> Source = new("SOURCE") { Description = "A source of the pipeline file, or a SQLite file." };

    private static readonly Argument<string[]> Patterns = new("PATTERN")
    {
        Description = "Tables and views, such as orders or 'sales*'; default all.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<string?> Contract = new("--contract")
    {
        Description = "Write their contract into DIR (default contracts), and the datasets to stdout, or into a new pipeline file where there is none.",
        HelpName = "DIR",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> EnableTracking = new("--enable-tracking") { Description = "Print the statements that switch change tracking on." };

    private static readonly Option<bool> Apply = new("--apply") { Description = "With --enable-tracking: run them. Writes to the source." };

    private static readonly Option<string> Retention = new("--retention")
    {
        Description = "With --enable-tracking: how long the source keeps changes, longer than any pause of the pipeline.",
        HelpName = "TIME",
        DefaultValueFactory = _ => "7d",
    };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("discover", "Show a source's tables; write contracts for them; switch change tracking on.") { Source, Patterns, Contract, EnableTracking, Apply, Retention, CommonOptions.Json };
        command.Validators.Add(result =>
        {
            var (tracking, apply) = (result.GetValue(EnableTracking), result.GetValue(Apply));
            if (apply && !tracking)
                result.AddError("--apply needs --enable-tracking.");
            if (tracking && !apply && result.GetResult(Contract) is not null)
                result.AddError("--contract and --enable-tracking both write to stdout: give --apply too, or one after the other.");
            if (result.GetResult(Contract) is not null && result.GetValue(CommonOptions.Json))
                result.AddError("--contract writes YAML: leave --json out.");
        });
        command.SetAction((parsed, ct) => RunAsync(parsed, terminal, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var retention = Quantity.Duration(parsed.GetRequiredValue(Retention)) is { } time && time > TimeSpan.Zero ? time
            : throw new CdcSyncException(ErrorCodes.WrongUsage, "--retention: expected a duration such as 12h or 7d.", "Run: cdcsync discover --help");
        var target = DiscoveryTarget.Open(parsed, parsed.GetRequiredValue(Source), terminal);
        await using var source = target.Source;
        var patterns = parsed.GetValue(Patterns) ?? [];
        var found = await FindAsync(source, target.Name, patterns, ct);
        var script = "";
        if (parsed.GetValue(EnableTracking))
        {
            script = await TrackAsync(source, found, retention, parsed.GetValue(Apply) ? TrackingUse.Run : TrackingUse.Print, terminal, ct);
            if (parsed.GetValue(Apply))
                found = await FindAsync(source, target.Name, patterns, ct);
        }

        if (parsed.GetResult(Contract) is not null)
            target.WriteContract(found, parsed.GetValue(Contract) ?? "contracts", terminal);
        else if (parsed.GetValue(CommonOptions.Json))
            terminal.Data(JsonOutput.Write(new DiscoverDocument(target.Name, [.. found.Select(DiscoverView.Document)], script, parsed.GetValue(Apply))));
        else if (!parsed.GetValue(EnableTracking))
            terminal.Data(DiscoverView.Text(found));
        else if (!parsed.GetValue(Apply) && script.Length > 0)
            terminal.Data(script);
        return (int)ExitCode.Ok;
    }

    private static async Task<IReadOnlyList<DiscoveredObject>> FindAsync(IChangeSource source, string name, IReadOnlyList<string> patterns, CancellationToken ct)
    {
        var found = await source.DiscoverAsync(patterns, ct);
        return found.Count > 0 ? found : throw new CdcSyncException(ErrorCodes.SourceObjectMissing,
            $"source '{name}' has no table or view{(patterns.Count == 0 ? "" : $" like {string.Join(", ", patterns)}")}.", $"Run: cdcsync discover {name}");
    }

    /// <summary>Prints or runs what change tracking needs for the tables that can have it.</summary>
    private static async Task<string> TrackAsync(IChangeSource source, IReadOnlyList<DiscoveredObject> found, TimeSpan retention, TrackingUse use, Terminal terminal, CancellationToken ct)
    {
        if (source is not ITrackingSetup setup)
            throw new CdcSyncException(ErrorCodes.WrongUsage, $"source '{source.Name}' has no change tracking that could be switched on from here.", "Run: cdcsync discover --help");
        foreach (var without in found.Where(o => !o.IsView && o.Key.Count == 0))
            terminal.Note($"{without} has no key and can't be tracked: capture: full-refresh takes it all each time.");
        SourceObject.Table[] tables = [.. found.Where(o => !o.IsView && o.Key.Count > 0).Select(o => new SourceObject.Table(o.Schema, o.Name))];
        var script = await setup.TrackingScriptAsync(tables, retention, ct);
        if (use == TrackingUse.Run)
            await setup.EnableTrackingAsync(tables, retention, ct);
        terminal.Note(script.Length == 0 ? $"Change tracking is on for all {tables.Length} tables that can have it."
            : use == TrackingUse.Run ? $"Change tracking is on now for {tables.Length} tables; the source keeps changes {(setup.KeepsByAge ? $"for {Words.Of(retention)}" : "until the pipeline has them")}."
            : "Nothing was changed. To run it, add --apply.");
        return script;
    }

    private enum TrackingUse
    {
        Print,
        Run,
    }
}
