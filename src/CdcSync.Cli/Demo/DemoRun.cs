using System.Data.Common;
using System.Globalization;
using System.Net;
using CdcSync.Cli.Config;
using CdcSync.Cli.Http;
using CdcSync.Cli.Http.Api;
using CdcSync.Cli.Live;
using CdcSync.Cli.Observing;
using CdcSync.Cli.Output;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Core.Errors;
using CdcSync.Core.Metrics;
using CdcSync.Core.Sync;
using Microsoft.Extensions.Logging;

namespace CdcSync.Cli.Demo;

/// <summary>The demo from beginning to end: a shop, a writer, the engine, a comparison.</summary>
internal sealed class DemoRun(DemoOptions options, Terminal terminal, TimeProvider time)
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(2);
    private static readonly TimeSpan CatchUpPatience = TimeSpan.FromSeconds(60);

    private readonly JsonFeed? _feed = options.IsJson ? new JsonFeed(terminal, time) : null;
    private string _caption = "";

    /// <summary>Runs it.</summary>
    /// <returns>Ok if all is equal, else differences.</returns>
    /// <exception cref="CdcSyncException">The folder can't be used, or the warehouse can't.</exception>
    public async Task<ExitCode> RunAsync(CancellationToken ct)
    {
        if (options.Warehouse is { } secret)
            terminal.Scrubber.Add(secret);
        await DemoSweep.RunAsync(terminal);
        var name = options.Warehouse is null ? "demo" : $"demo_{Guid.CreateVersion7().ToString("n", CultureInfo.InvariantCulture)[^8..]}";
        using var folder = DemoFolder.Create(options, name);
        DemoWarehouse warehouse = options.Warehouse is { } connection ? new DemoWarehouse.Postgres(connection, name) : new DemoWarehouse.Sqlite(folder.Warehouse);
        var config = PipelineConfig.Load(folder.Config).OrThrow();
        await using var composition = new Composition(config, terminal.Scrubber);
        await composition.Warehouse.Control.MigrateAsync(ct);
        try
        {
            await MakeShopAsync(folder, ct);
            return await SyncAsync(config, composition, new ShopSides(folder, warehouse), ct);
        }
        finally
        {
            if (!folder.Stays)
                await RemoveAsync(warehouse);
        }
    }

    private async Task MakeShopAsync(DemoFolder folder, CancellationToken ct)
    {
        var start = time.GetTimestamp();
        await ShopDatabase.CreateAsync(folder.Shop, options.Size, options.Seed, time.GetUtcNow(), ct);
        await using var source = new SqliteSource("shop", new SqliteSourceOptions { Path = folder.Shop });
        await source.EnableTrackingAsync(["customers", "orders", "order_lines"], Retention, ct);
        terminal.Note(string.Create(CultureInfo.InvariantCulture,
            $"Made a shop with {options.Size.Customers:N0} customers, {options.Size.Orders:N0} orders and their lines, {options.Size.Returns:N0} returns in {time.GetElapsedTime(start).TotalSeconds:F1} s (seed {options.Seed})."));
        _feed?.Tell(new ShopLine(folder.Path, options.Seed, options.Size.Customers, options.Size.Orders, options.Size.Returns));
    }

    private async Task<ExitCode> SyncAsync(PipelineConfig config, Composition composition, ShopSides sides, CancellationToken ct)
    {
        var board = new LiveBoard(config.Pipeline, time);
        using var metrics = new SyncMetrics(config.Pipeline, BuildVersion.Text, time);
        var batches = new RecentBatches(time);
        List<ISyncObserver> observers = [board, batches, new MetricsObserver(metrics, config.Pipeline), new LogObserver(new TerminalLog(terminal, time, LogLevel.Warning), new Repetitions(time, LogConfig.Default.RepeatAfter))];
        if (_feed is not null)
            observers.Add(new JsonObserver(_feed));
        var engine = composition.Engine(new Observers(observers));
        using var live = new LiveWorker(config, composition.Warehouse.Control, engine, metrics, board, batches, time);
        await using var endpoint = options.Keep ? await StartEndpointAsync(live, ct) : null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var working = engine.RunAsync(stop.Token);
        try
        {
            await UnlessEndedAsync(working, WatchAsync(board, sides, ct));
            var exit = await CompareAsync(sides, ct);
            if (sides.Folder.Stays)
                terminal.Note($"Everything stays in {sides.Folder.Path}. Try: cdcsync status --config {sides.Folder.Config}");
            if (endpoint is null)
                return exit;
            terminal.Note($"The engine goes on; metrics at {endpoint.Address}metrics. Ctrl-C ends it.");
            await working;
            ct.ThrowIfCancellationRequested();                           // the signal that ended it is the exit code
            return exit;
        }
        finally
        {
            metrics.SetState(WorkerState.Stopping);
            await stop.CancelAsync();
            await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Shows the board while the writer writes and the engine catches up.</summary>
    private async Task WatchAsync(LiveBoard board, ShopSides sides, CancellationToken ct)
    {
        await using var view = new LiveView(terminal, board, () => _caption, time);
        await WriteAsync(sides, ct);
        await CatchUpAsync(board, ct);
    }

    private async Task WriteAsync(ShopSides sides, CancellationToken ct)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        enough.CancelAfter(options.Writing);
        var writer = new ShopWriter(sides.Folder.Shop, options.Seed, options.RowsPerSecond, time);
        var writing = writer.RunAsync(enough.Token);
        while (!writing.IsCompleted)
        {
            _caption = $"the shop's writer: {Words(writer.Changes)}";
            await Task.WhenAny(writing, Task.Delay(TimeSpan.FromMilliseconds(200), time, ct));
        }

        await writing;
        _caption = $"the writer has stopped: {Words(writer.Changes)}; returns are complete once their overlap has passed";
        if (!terminal.Abilities.IsInteractive)
            terminal.Note(_caption);
    }

    private async Task CatchUpAsync(LiveBoard board, CancellationToken ct)
    {
        var stopped = time.GetUtcNow();
        while (!board.IsCompleteUpTo(stopped) && time.GetUtcNow() - stopped < CatchUpPatience)
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, ct);
        if (!board.IsCompleteUpTo(stopped))
            terminal.Note(terminal.Yellow($"Not caught up after {CatchUpPatience.TotalSeconds:F0} s; the comparison will tell what is missing."));
    }

    private async Task<ExitCode> CompareAsync(ShopSides sides, CancellationToken ct)
    {
        var results = new List<ComparisonResult>();
        await using var source = await ShopDatabase.OpenAsync(sides.Folder.Shop, ct);
        await using var warehouse = await sides.Warehouse.OpenAsync(ct);
        foreach (var table in ShopComparison.Tables(sides.Warehouse.Prefix))
            results.Add(await FullComparison.CompareAsync(table, source, warehouse, sides.Folder.MaskKey, ct));
        var isEqual = results.TrueForAll(r => r.IsEqual);
        if (_feed is not null)
            _feed.Tell(new ComparisonLine(isEqual, [.. results.Select(r => new ComparedDataset(r.Dataset, r.SourceRows, r.WarehouseRows, r.Missing, r.Different, r.Extra))]));
        else
            terminal.Data(DemoScreen.Draw(console => ComparisonView.Write(console, results), terminal.Abilities));
        return isEqual ? ExitCode.Ok : ExitCode.Differences;
    }

    /// <summary>Waits for a step, but not for ever if the engine ends before it: then its fault is the demo's.</summary>
    private static async Task UnlessEndedAsync(Task engine, Task step)
    {
        if (await Task.WhenAny(engine, step) == engine)
            await engine;
        await step;
    }

    private async Task RemoveAsync(DemoWarehouse warehouse)
    {
        try
        {
            await warehouse.RemoveAsync();
        }
        catch (DbException)
        {
            terminal.Note(terminal.Yellow($"The demo's schema {warehouse.Prefix.TrimEnd('.')} could not be removed from the warehouse; drop it by hand."));
        }
    }

    /// <summary>At the usual address, or at any free port where that is taken: a daemon may run beside the demo.</summary>
    private async Task<Endpoint> StartEndpointAsync(LiveWorker live, CancellationToken ct)
    {
        var log = new TerminalLog(terminal, time);
        var usual = new EndpointOptions(EndpointOptions.Parse(EndpointOptions.DefaultListen));
        try
        {
            return await Endpoint.StartAsync(usual, live, terminal.Scrubber, log, ct);
        }
        catch (CdcSyncException fault) when (fault.Code == ErrorCodes.EndpointUnavailable)
        {
            return await Endpoint.StartAsync(usual with { Address = new IPEndPoint(usual.Address.Address, 0) }, live, terminal.Scrubber, log, ct);
        }
    }

    private static string Words(IReadOnlyDictionary<string, long> changes) => string.Create(CultureInfo.InvariantCulture,
        $"{changes.Values.Sum():N0} rows changed ({string.Join(", ", changes.OrderBy(c => c.Key, StringComparer.Ordinal).Where(c => c.Value > 0).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key} {c.Value:N0}")))})");

    /// <summary>Both ends of the demo, for its own queries.</summary>
    private sealed record ShopSides(DemoFolder Folder, DemoWarehouse Warehouse);
}
