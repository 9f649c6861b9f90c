using CdcSync.Cli.Http;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Shaping;
using CdcSync.Core.Sync;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>Reads the root of a pipeline file.</summary>
internal sealed class PipelineReader(string file, string folder, ReadContext context, DatasetNeed need)
{
    private static readonly TimeSpan DefaultKeep = TimeSpan.FromDays(7);
    private const long DefaultLimit = 10L << 30;

    internal PipelineConfig? Read(FieldReader root)
    {
        var name = root.RequiredText("pipeline");
        if (name.Length > 0) CheckName(name, root.AtOf("pipeline"), "pipeline");
        var secrets = new SecretReader(context, root.Flag("allowInlineSecrets") is true ? InlineSecrets.Allowed : InlineSecrets.Refused);
        var systems = new SystemReader(folder, secrets);
        var sources = Sources(root, systems);
        var warehouse = root.RequiredNode("warehouse") is null || root.Map("warehouse") is not { } reader ? null : systems.Warehouse(reader);
        var landing = Landing(root);
        var keys = Keys(root, secrets);
        var http = Http(root, secrets);
        var engine = Engine(root);
        var log = Log(root);
        var datasets = Datasets(root, sources, warehouse, keys);
        CheckConnections(root, sources, datasets);
        var webhooks = Webhooks(root, secrets, [.. datasets.Select(d => d.Id.Value)]);
        root.End();
        return new PipelineConfig
        {
            File = file,
            Pipeline = new Pipeline(name, datasets)
            {
                Blackouts = sources.Where(s => s.Value?.Blackout is not null).ToDictionary(s => s.Key, s => s.Value!.Blackout!, StringComparer.Ordinal),
                ParallelRanges = sources.Where(s => s.Value is not null).ToDictionary(s => s.Key, s => s.Value!.ParallelRanges, StringComparer.Ordinal),
            },
            Sources = sources.Where(s => s.Value is not null).ToDictionary(s => s.Key, s => s.Value!, StringComparer.Ordinal),
            Warehouse = warehouse!,
            Landing = landing,
            Keys = keys,
            Http = http,
            Engine = engine,
            Log = log,
            Webhooks = webhooks,
        };
    }

    private Dictionary<string, SystemConfig?> Sources(FieldReader root, SystemReader systems)
    {
        var sources = new Dictionary<string, SystemConfig?>(StringComparer.Ordinal);
        root.RequiredNode("sources");
        foreach (var (key, value) in root.Names("sources"))
        {
            CheckName(key.Value, key.At, "source");
            // One that is wrong is there all the same: datasets that name it are not wrong too.
            sources[key.Value] = context.Map(value, $"sources.{key.Value}") is { } reader ? systems.Source(reader) : null;
        }
        return sources;
    }

    /// <summary>With fewer connections than one session and one table need, nothing could be read.</summary>
    private void CheckConnections(FieldReader root, Dictionary<string, SystemConfig?> sources, IReadOnlyList<Dataset> datasets)
    {
        foreach (var (key, value) in root.Names("sources"))
        {
            if (sources[key.Value] is not { Budget.Connections: { } most } source) continue;
            var least = Composition.ConnectionsOf(source, [.. datasets.Where(d => d.SourceName == key.Value)]).Least;
            if (most < least && context.Map(value, $"sources.{key.Value}")?.Map("budget") is { } budget)
                budget.Error("connections", $"{most} are too few: reading the log of PostgreSQL, and a table beside it, takes {least}.");
        }
    }

    private LandingConfig Landing(FieldReader root)
    {
        var reader = root.Map("landing") ?? Empty("landing");
        var path = reader.Text("path") ?? "./landing";
        var landing = new LandingConfig(Confined(reader, "path", path), reader.Duration("keep") ?? DefaultKeep, reader.Size("limit") ?? DefaultLimit);
        reader.End();
        return landing;
    }

    private string Confined(FieldReader reader, string key, string path)
    {
        var full = ConfinedPath.Resolve(folder, path);
        if (full is null) reader.Error(key, $"'{path}' leaves the folder of the pipeline file: write an absolute path.");
        return full ?? path;
    }

    private Keyring Keys(FieldReader root, SecretReader secrets)
    {
        var keys = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (key, value) in root.Names("keys"))
        {
            var path = $"keys.{key.Value}";
            if (secrets.Token(value, path) is not { } secret) continue;
            var (bytes, problem) = KeyBytes.Decode(secret.Reveal());
            if (bytes is null) context.Diagnostics.Error(value.At, $"{path}: {problem}");
            else keys[key.Value] = bytes;
        }
        return new Keyring(keys);
    }

    private HttpConfig Http(FieldReader root, SecretReader secrets)
    {
        var reader = root.Map("http") ?? Empty("http");
        SecretString? Token(string key) => reader.Node(key) is { } node ? secrets.Token(node, reader.PathOf(key)) : null;
        var http = new HttpConfig(reader.Text("listen") ?? EndpointOptions.DefaultListen, Token("token"), Token("metricsToken"), reader.Texts("hosts") ?? [], Certificate(reader), reader.Flag("behindProxy") ?? false) { At = reader.AtOf("listen") };
        reader.End();
        return http;
    }

    private CertificateFiles? Certificate(FieldReader http)
    {
        var (certificate, key) = (http.Text("certificate"), http.Text("certificateKey"));
        if (certificate is null != key is null)
            http.Error(certificate is null ? "certificateKey" : "certificate", "certificate and certificateKey go together.");
        return certificate is not null && key is not null ? new CertificateFiles(Confined(http, "certificate", certificate), Confined(http, "certificateKey", key)) : null;
    }

    private IReadOnlyList<WebhookConfig> Webhooks(FieldReader root, SecretReader secrets, IReadOnlyList<string> datasets)
    {
        var reader = new WebhookReader(secrets, datasets);
        var webhooks = new List<WebhookConfig>();
        foreach (var (key, value) in root.Names("webhooks"))
        {
            CheckName(key.Value, key.At, "webhook");
            if (context.Map(value, $"webhooks.{key.Value}") is { } fields && reader.Read(key.Value, fields) is { } webhook) webhooks.Add(webhook);
        }
        return webhooks;
    }

    private LogConfig Log(FieldReader root)
    {
        var reader = root.Map("log") ?? Empty("log");
        var log = new LogConfig(reader.Choice("format", ("text", LogFormat.Text), ("json", LogFormat.Json)) ?? LogConfig.Default.Format, reader.Duration("repeatAfter") ?? LogConfig.Default.RepeatAfter);
        reader.End();
        return log;
    }

    private TimeSpan? QuarantineKeep(FieldReader root)
    {
        var reader = root.Map("quarantine") ?? Empty("quarantine");
        var keep = reader.Duration("keep");
        reader.End();
        return keep;
    }

    private EngineOptions Engine(FieldReader root)
    {
        var reader = root.Map("engine") ?? Empty("engine");
        var options = new EngineOptions();
        options = options with
        {
            QuarantineKeep = QuarantineKeep(root) ?? options.QuarantineKeep,
            LeaseDuration = reader.Duration("lease") ?? options.LeaseDuration,
            MaxParallel = (int)(reader.Integer("parallel", min: 1, max: 64) ?? options.MaxParallel),
            SnapshotRowsPerRange = reader.Integer("rowsPerRange", min: 1) ?? options.SnapshotRowsPerRange,
        };
        if (options.LeaseDuration < TimeSpan.FromSeconds(1)) reader.Error("lease", "expected at least 1s: it is renewed at a third of it.");
        reader.End();
        return options;
    }

    private IReadOnlyList<Dataset> Datasets(FieldReader root, Dictionary<string, SystemConfig?> sources, SystemConfig? warehouse, Keyring keys)
    {
        var defaults = root.Map("defaults") is { } given ? DatasetReader.Defaults(given) : DatasetDefaults.None;
        var reader = new DatasetReader(defaults, sources.Keys, warehouse, new ContractShelf(file, folder));
        var drafts = new List<DatasetDraft>();
        // Who is about to find out what a source holds has none yet.
        if (need == DatasetNeed.None && root.Node("datasets") is null) return [];
        if (root.RequiredNode("datasets") is YamlMap { Entries.Count: 0 } && need == DatasetNeed.AtLeastOne) root.Error("datasets", "expected at least one dataset.");
        foreach (var (key, value) in root.Names("datasets"))
        {
            CheckName(key.Value, key.At, "dataset");
            if (context.Map(value, $"datasets.{key.Value}") is { } fields) drafts.Add(reader.Read(key.Value, fields));
        }
        return new DatasetBinder(context.Diagnostics, keys, warehouse?.Kind).Bind(drafts);
    }

    // Names are metric labels, folder names and keys.
    private void CheckName(string name, FileLocation at, string what)
    {
        if (!DatasetId.IsValid(name)) context.Diagnostics.Error(at, $"{what} '{name}': expected 1 to 63 of a-z 0-9 _ - . starting with a letter or digit.", ErrorCodes.InvalidName);
    }

    private FieldReader Empty(string path) => new(new YamlMap(new FileLocation(file, 1, 1), []), context, path);
}

/// <summary>Whether a pipeline file must have datasets.</summary>
internal enum DatasetNeed
{
    /// <summary>At least one, to sync anything.</summary>
    AtLeastOne,

    /// <summary>None: its sources are looked into.</summary>
    None,
}
