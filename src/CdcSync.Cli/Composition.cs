using CdcSync.Cli.Config;
using CdcSync.Cli.Output;
using CdcSync.Connectors.Postgres.Source;
using CdcSync.Connectors.Postgres.Source.Replication;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Connectors.Sqlite.Warehouse;
using CdcSync.Connectors.SqlServer.Source;
using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Core.Datasets;
using CdcSync.Core.Landing;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Pacing;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;
using CdcSync.Core.Yaml;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace CdcSync.Cli;

/// <summary>Puts together what a pipeline file asks for: the one place that knows which connector a word in the file means. Disposes what it made.</summary>
internal sealed class Composition : IAsyncDisposable
{
    private readonly PipelineConfig _config;
    private readonly Dictionary<string, IChangeSource> _sources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ConnectionBudget> _connections = new(StringComparer.Ordinal);

    /// <summary>Opens nothing yet; the passwords it knows are scrubbed from all output from now on.</summary>
    public Composition(PipelineConfig config, SecretScrubber scrubber)
    {
        _config = config;
        if (config.Warehouse is SystemConfig.Postgres postgres)
            scrubber.Add(postgres.Connection.Reveal());
        if (config.Warehouse is SystemConfig.SqlServer server)
            scrubber.Add(server.Connection.Reveal());
        foreach (var source in config.Sources.Values.OfType<SystemConfig.SqlServer>())
            scrubber.Add(source.Connection.Reveal());
        foreach (var source in config.Sources.Values.OfType<SystemConfig.Postgres>())
            scrubber.Add(source.Connection.Reveal());
        foreach (var token in new[] { config.Http.Token, config.Http.MetricsToken }.OfType<SecretString>())
            scrubber.Add(token.Reveal());
        foreach (var webhook in config.Webhooks)
        {
            scrubber.Add(webhook.Key.Reveal());
            scrubber.Add(webhook.Url.OriginalString);
        }

        Warehouse = OpenWarehouse(config);
    }

    /// <summary>The warehouse.</summary>
    public IWarehouse Warehouse { get; }

    /// <summary>A source of the pipeline.</summary>
    /// <param name="name">Its name in the file; it must be there.</param>
    public IChangeSource Source(string name)
    {
        if (!_sources.TryGetValue(name, out var source))
            _sources.Add(name, source = OpenSource(_config.Name, name, _config.Sources[name]));
        return source;
    }

    /// <summary>The engine over all sources.</summary>
    public SyncEngine Engine(ISyncObserver observer)
    {
        return new SyncEngine(_config.Pipeline, Sources(), Warehouse, Landing(), _config.Keys, observer, TimeProvider.System, _config.Engine);
    }

    /// <summary>The sources of the pipeline by name, each under its read budget.</summary>
    public IReadOnlyDictionary<string, IChangeSource> Sources() => _config.Sources.Keys.ToDictionary(name => name, Paced, StringComparer.Ordinal);

    /// <summary>The connections that this process may have to a source.</summary>
    /// <param name="name">Its name in the file; it must be there.</param>
    public ConnectionBudget Connections(string name)
    {
        if (!_connections.TryGetValue(name, out var connections))
            _connections.Add(name, connections = new ConnectionBudget(_config.Sources[name].Budget?.Connections, Source(name).ConnectionsFor([.. _config.Pipeline.Datasets.Where(d => d.SourceName == name)])));
        return connections;
    }

    /// <summary>How many connections a source opens at once for its datasets. Opens none.</summary>
    public static ConnectionNeed ConnectionsOf(SystemConfig source, IReadOnlyCollection<Dataset> datasets) => source is SystemConfig.Postgres ? PostgresSource.ConnectionsOf(datasets) : ConnectionNeed.One;

    private IChangeSource Paced(string name)
    {
        var source = new BudgetedSource(Source(name), Connections(name));
        return _config.Sources[name].Budget is { } budget ? new PacedSource(source, budget, TimeProvider.System) : source;
    }

    /// <summary>What the pipeline has landed.</summary>
    public LandedHistory History() => new(Warehouse.Control, Landing());

    private LandingZone Landing() => new(new LandingOptions(_config.Landing.Path, _config.Landing.Keep, _config.Landing.Limit), _config.Name, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        foreach (var source in _sources.Values)
            await source.DisposeAsync();
        await Warehouse.DisposeAsync();
    }

    /// <summary>A source by what the file says of it; the caller disposes it.</summary>
    public static IChangeSource OpenSource(string pipeline, string name, SystemConfig system) => system switch
    {
        SystemConfig.Sqlite sqlite => new SqliteSource(name, new SqliteSourceOptions { Path = sqlite.Path }),
        SystemConfig.SqlServer server => new SqlServerSource(name, new SqlServerSourceOptions { ConnectionString = server.Connection.Reveal, Application = $"cdcsync/{name}" }),
        SystemConfig.Postgres server => new PostgresSource(name, LogOptions(pipeline, name, server.Log) with { ConnectionString = server.Connection.Reveal, Application = $"cdcsync/{name}" }),
        _ => throw new InvalidOperationException($"no source of kind {system.Kind}"),
    };

    private static PostgresSourceOptions LogOptions(string pipeline, string name, PostgresLogConfig log)
    {
        var options = new PostgresSourceOptions { ConnectionString = () => "", Slot = log.Slot ?? SlotNames.Of(pipeline, name), Publication = log.Publication ?? SlotNames.Of(pipeline, name) };
        return log.Retain is { } bytes ? options with { RetainLimit = bytes } : options;
    }

    private static IWarehouse OpenWarehouse(PipelineConfig config) => config.Warehouse switch
    {
        SystemConfig.Sqlite sqlite => new SqliteWarehouse(new SqliteConnectionStringBuilder { DataSource = sqlite.Path }.ToString(), config.Name),
        SystemConfig.Postgres postgres => new PostgresWarehouse(OptionsOf(postgres, config), TimeProvider.System),
        SystemConfig.SqlServer server => new SqlServerWarehouse(new SqlServerWarehouseOptions { Connection = server.Connection.Reveal, Pipeline = config.Name, MaxSessions = config.Engine.MaxParallel + SessionsBesidePublications }),
        _ => throw new InvalidOperationException($"no warehouse of kind {config.Warehouse.Kind}"),
    };

    // A publication may hold its session while it waits for rows; lease, checkpoints and states must never wait for one of those.
    private const int SessionsBesidePublications = 6;

    private static PostgresWarehouseOptions OptionsOf(SystemConfig.Postgres postgres, PipelineConfig config)
    {
        var options = new PostgresWarehouseOptions { ConnectionString = postgres.Connection.Reveal(), Pipeline = config.Name, MaxSessions = config.Engine.MaxParallel + SessionsBesidePublications };
        NpgsqlConnectionStringBuilder connection;
        try
        {
            connection = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            return options;                                              // the warehouse says so, without repeating any of it
        }

        var hasPassword = connection.Password is not null;
        connection.Remove(nameof(connection.Password));
        return options with
        {
            ConnectionString = connection.ConnectionString,
            // Asked for anew at each connection, so that a rotated password is found.
            Password = hasPassword ? _ => new(new NpgsqlConnectionStringBuilder(postgres.Connection.Reveal()).Password ?? "") : null,
        };
    }
}
