using System.CommandLine;
using CdcSync.Arrow;
using CdcSync.Cli.Config;
using CdcSync.Cli.Output;
using CdcSync.Core.Contracts;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Commands;

/// <summary>What <c>discover</c> looks into: a source of the pipeline file, or a file that is to become one.</summary>
/// <param name="Name">The source's name.</param>
/// <param name="Source">The source; the caller disposes it.</param>
/// <param name="PipelineFile">The pipeline file, there or not.</param>
/// <param name="Database">The database file, where no source of the pipeline file is meant.</param>
internal sealed record DiscoveryTarget(string Name, IChangeSource Source, string PipelineFile, string? Database)
{
    /// <summary>What the warehouse holds of a second.</summary>
    private TimeUnit FinestTime { get; init; } = TimeUnit.Nanosecond;

    /// <summary>Finds out what is meant.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.WrongUsage"/>: neither a source of the pipeline file nor a file.</exception>
    public static DiscoveryTarget Open(ParseResult parsed, string meant, Terminal terminal)
    {
        var file = parsed.GetRequiredValue(CommonOptions.Config);
        var config = File.Exists(file) ? Commands.PipelineFile.Open(parsed, terminal, DatasetNeed.None) : null;
        if (config?.Sources.TryGetValue(meant, out var system) == true)
            return new DiscoveryTarget(meant, Composition.OpenSource(config.Name, meant, system), file, null) { FinestTime = config.Warehouse is SystemConfig.Postgres ? TimeUnit.Microsecond : TimeUnit.Nanosecond };
        if (File.Exists(meant))
        {
            var name = NameOf(meant);
            return new DiscoveryTarget(name, Composition.OpenSource("", name, new SystemConfig.Sqlite(Path.GetFullPath(meant))), file, meant);
        }

        throw new CdcSyncException(ErrorCodes.WrongUsage, config is null ? $"there is neither a pipeline file '{file}' nor a database file '{meant}'."
            : $"'{meant}' is neither a source of {file} nor a file.{Suggestion.For(meant, config.Sources.Keys)}", "Run: cdcsync discover --help");
    }

    /// <summary>Writes the contract, and the datasets: to stdout, or into a new pipeline file where there is none.</summary>
    public void WriteContract(IReadOnlyList<DiscoveredObject> found, string folder, Terminal terminal)
    {
        var root = Path.GetDirectoryName(Path.GetFullPath(PipelineFile))!;
        var contract = Path.Combine(folder, $"{Name}.odcs.yaml");
        var datasets = PipelineText.Datasets(Name, contract.Replace('\\', '/'), found);
        var isFirst = !File.Exists(PipelineFile);
        List<(string, Action<string>)> files = [(contract, path => File.WriteAllText(path, ContractWriter.Write(new ContractTitle(Name, Name, "you@example.com"), found, FinestTime)))];
        if (isFirst)
            files.Add((Path.GetFileName(PipelineFile), path => File.WriteAllText(path, FirstPipeline(root) + datasets)));
        NewFiles.Write(root, files, "Name another folder for the contract. Run: cdcsync discover --help");
        terminal.Note($"Written: {contract}{(isFirst ? $", {PipelineFile}" : "")}. Look through what the contract says, above all its owner, keys and types.");
        if (isFirst)
        {
            var isUntracked = Source is ITrackingSetup && found.Any(o => o is { IsView: false, IsTracked: false, Key.Count: > 0 });
            terminal.Note($"Next: {(isUntracked ? $"cdcsync discover {Name} --enable-tracking --apply && " : "")}cdcsync migrate && cdcsync sync");
            return;
        }

        terminal.Note($"The lines on stdout belong under datasets: in {PipelineFile}{(Database is null ? "" : $", with sources: {{ {Name}: {SourceEntry(root)} }}")}.");
        terminal.Data(datasets.TrimEnd());
    }

    private string FirstPipeline(string root) => $"""
        # Written by cdcsync discover. docs/configuration.md has every key.
        pipeline: {YamlText.Write(Name)}

        sources:
          {YamlText.Write(Name)}: {SourceEntry(root)}

        # Or: kind: postgres, connection: ${"{env:WAREHOUSE}"}
        warehouse: {"{ kind: sqlite, path: ./warehouse.db }"}

        defaults: {"{ interval: 10s }"}

        datasets:

        """;

    // A relative path stays in the folder of the pipeline file.
    private string SourceEntry(string root)
    {
        var relative = Path.GetRelativePath(root, Path.GetFullPath(Database!));
        var path = Path.IsPathRooted(relative) || relative.StartsWith("..", StringComparison.Ordinal) ? Path.GetFullPath(Database!) : $"./{relative.Replace('\\', '/')}";
        return $"{{ kind: sqlite, path: {YamlText.Write(path)} }}";
    }

    private static string NameOf(string file)
    {
        var name = string.Concat(Path.GetFileNameWithoutExtension(file).ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-' ? c : '-')).Trim('-', '_');
        return name.Length switch { 0 => "source", > 40 => name[..40], _ => name };
    }
}
