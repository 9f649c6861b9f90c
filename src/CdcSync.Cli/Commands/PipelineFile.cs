using System.CommandLine;
using CdcSync.Cli.Config;
using CdcSync.Cli.Output;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Commands;

/// <summary>Opens the pipeline file that a command line names.</summary>
internal static class PipelineFile
{
    /// <summary>Reads and checks it; its warnings become notes.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.ConfigInvalid"/> or a kin of it: there is no such file, or it is wrong; all findings are in it.</exception>
    public static PipelineConfig Open(ParseResult parsed, Terminal terminal, DatasetNeed need = DatasetNeed.AtLeastOne) =>
        Open(parsed.GetRequiredValue(CommonOptions.Config), terminal, need);

    /// <summary>Reads and checks another file than the one that <c>--config</c> names.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.ConfigInvalid"/> or a kin of it.</exception>
    public static PipelineConfig Open(string path, Terminal terminal, DatasetNeed need = DatasetNeed.AtLeastOne)
    {
        var loaded = Load(path, need);
        foreach (var warning in loaded.Findings.Where(f => f.Severity == DiagnosticSeverity.Warning))
            terminal.Note(terminal.Yellow(warning.ToString()));
        return loaded.OrThrow();
    }

    /// <summary>Reads and checks it.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.ConfigInvalid"/>: there is no such file.</exception>
    public static LoadResult<PipelineConfig> Load(ParseResult parsed, DatasetNeed need = DatasetNeed.AtLeastOne) => Load(parsed.GetRequiredValue(CommonOptions.Config), need);

    private static LoadResult<PipelineConfig> Load(string path, DatasetNeed need) => File.Exists(path) ? PipelineConfig.Load(path, need: need)
        : throw new CdcSyncException(ErrorCodes.ConfigInvalid, $"there is no pipeline file '{path}'.", "Name one with --config, or write a first one. Run: cdcsync init");

    /// <summary>The datasets named, as words or by <c>--dataset</c>; null = all.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.UnknownDataset"/>: there is none of that name.</exception>
    public static IReadOnlySet<DatasetId>? Chosen(ParseResult parsed, Pipeline pipeline)
    {
        string[] names = [.. parsed.GetValue(CommonOptions.Datasets) ?? [], .. parsed.GetValue(CommonOptions.Dataset) ?? []];
        return names is [] ? null : names.Select(name => Find(pipeline, name).Id).ToHashSet();
    }

    /// <summary>A dataset by name.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.UnknownDataset"/>: there is none of that name.</exception>
    public static Dataset Find(Pipeline pipeline, string name) => pipeline.Datasets.FirstOrDefault(d => d.Id.Value == name)
        ?? throw new CdcSyncException(ErrorCodes.UnknownDataset, $"pipeline '{pipeline.Name}' has no dataset '{name}'.{Suggestion.For(name, pipeline.Datasets.Select(d => d.Id.Value))}", "Run: cdcsync status");
}
