using CdcSync.Cli.Http;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Shaping;
using CdcSync.Core.Sources.Pacing;
using CdcSync.Core.Sync;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>A pipeline file with the contracts it names, read, checked and bound. docs/configuration.md has every key.</summary>
internal sealed record PipelineConfig
{
    /// <summary>The file.</summary>
    public required string File { get; init; }

    /// <summary>What is synced: the engine's own form of the datasets.</summary>
    public required Pipeline Pipeline { get; init; }

    /// <summary>The sources by name.</summary>
    public required IReadOnlyDictionary<string, SystemConfig> Sources { get; init; }

    /// <summary>The warehouse.</summary>
    public required SystemConfig Warehouse { get; init; }

    /// <summary>Where batches are kept as files.</summary>
    public required LandingConfig Landing { get; init; }

    /// <summary>The keys of masks.</summary>
    public required Keyring Keys { get; init; }

    /// <summary>What the daemon serves.</summary>
    public required HttpConfig Http { get; init; }

    /// <summary>How <c>run</c> logs.</summary>
    public required LogConfig Log { get; init; }

    /// <summary>Whom <c>run</c> tells what happens.</summary>
    public required IReadOnlyList<WebhookConfig> Webhooks { get; init; }

    /// <summary>What the engine may use and how patient it is.</summary>
    public required EngineOptions Engine { get; init; }

    /// <summary>The pipeline's name.</summary>
    public string Name => Pipeline.Name;

    /// <summary>Reads a pipeline file and its contracts. Touches no database.</summary>
    /// <param name="path">The file.</param>
    /// <param name="environment">Gives the variables of <c>${env:X}</c>; null = the process's own.</param>
    /// <param name="need">Whether it must have datasets.</param>
    /// <returns>The configuration, or all that is wrong with it and its contracts.</returns>
    public static LoadResult<PipelineConfig> Load(string path, Func<string, string?>? environment = null, DatasetNeed need = DatasetNeed.AtLeastOne)
    {
        var diagnostics = new Diagnostics(ErrorCodes.ConfigInvalid);
        var root = YamlReader.ReadFile(path, diagnostics);
        if (root is null) return new(null, diagnostics.Items);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var context = new ReadContext(diagnostics, new References(folder, environment));
        var config = root is YamlMap map ? new PipelineReader(path, folder, context, need).Read(new FieldReader(map, context, "")) : null;
        if (config is null) diagnostics.Error(root.At, $"expected a mapping with pipeline, sources, warehouse and datasets, found {root.Describe()}.");
        return new(diagnostics.HasErrors ? null : config, diagnostics.Items);
    }
}

/// <summary>A database, as source or warehouse.</summary>
internal abstract record SystemConfig
{
    /// <summary>The word in the file.</summary>
    public abstract string Kind { get; }

    /// <summary>As a source: when it is not read; null = it always may be.</summary>
    public BlackoutHours? Blackout { get; init; }

    /// <summary>As a source: how much of it whole tables may be read; null = there is no limit.</summary>
    public ReadBudget? Budget { get; init; }

    /// <summary>As a source: how many key ranges of its first loads are read side by side.</summary>
    public int ParallelRanges { get; init; } = 1;

    /// <summary>A SQLite file.</summary>
    /// <param name="Path">Its full path.</param>
    public sealed record Sqlite(string Path) : SystemConfig
    {
        /// <inheritdoc/>
        public override string Kind => "sqlite";
    }

    /// <summary>A PostgreSQL database.</summary>
    /// <param name="Connection">The connection string; resolved anew at each <see cref="SecretString.Reveal"/>, so that a rotated password is found.</param>
    /// <param name="Schema">The schema of targets that name none; null = the connection's default.</param>
    public sealed record Postgres(SecretString Connection, string? Schema) : SystemConfig
    {
        /// <summary>As a source: how change tracking uses its log.</summary>
        public PostgresLogConfig Log { get; init; } = new(null, null, null);

        /// <inheritdoc/>
        public override string Kind => "postgres";
    }

    /// <summary>A SQL Server database.</summary>
    /// <param name="Connection">The connection string; resolved anew at each <see cref="SecretString.Reveal"/>, so that a rotated password is found.</param>
    /// <param name="Schema">The schema of targets that name none; null = the login's default.</param>
    public sealed record SqlServer(SecretString Connection, string? Schema) : SystemConfig
    {
        /// <inheritdoc/>
        public override string Kind => "sqlserver";
    }
}

/// <summary>Where batches are kept as files.</summary>
/// <param name="Path">The folder's full path.</param>
/// <param name="Keep">How long committed files are kept.</param>
/// <param name="Limit">The bytes of all files at the most.</param>
internal sealed record LandingConfig(string Path, TimeSpan Keep, long Limit);

/// <summary>What the daemon serves, and to whom.</summary>
/// <param name="Listen">Address and port, as in <c>127.0.0.1:9464</c>.</param>
/// <param name="Token">Asked for everywhere but on /healthz, /readyz and /metrics; null = none.</param>
/// <param name="MetricsToken">Asked for on /metrics; null = <paramref name="Token"/> is.</param>
/// <param name="Hosts">Names that the Host header may have, beside loopback's and the address itself.</param>
/// <param name="Certificate">What it encrypts with; null = it does not.</param>
/// <param name="BehindProxy">True if a proxy in front of it ends TLS.</param>
internal sealed record HttpConfig(string Listen, SecretString? Token, SecretString? MetricsToken, IReadOnlyList<string> Hosts, CertificateFiles? Certificate, bool BehindProxy)
{
    /// <summary>Where the file says where it listens, or that there is an endpoint at all.</summary>
    public required FileLocation At { get; init; }
}

/// <summary>How change tracking uses a PostgreSQL source's log; null = by default.</summary>
/// <param name="Slot">The replication slot's name.</param>
/// <param name="Publication">The publication's name.</param>
/// <param name="Retain">Bytes of log a dataset may hold back behind the others.</param>
internal sealed record PostgresLogConfig(string? Slot, string? Publication, long? Retain);
