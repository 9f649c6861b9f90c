using System.CommandLine;
using System.Text.Json;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary><c>checkpoint show</c>: how far every dataset has come, as the warehouse has it. <c>export</c> and <c>set</c>: positions that are kept, and gone back to.</summary>
internal static class CheckpointCommand
{
    private static readonly Argument<string> One = new("DATASET") { Description = "The dataset." };

    private static readonly Option<string?> At = new("--position") { Description = "Go on from this position, as 'checkpoint show' writes it: KIND:POSITION.", HelpName = "POSITION" };

    private static readonly Option<FileInfo?> From = new("--from") { Description = "Go on from the dataset's position in this file, as 'checkpoint export' wrote it.", HelpName = "FILE" };

    public static Command Create(Terminal terminal)
    {
        var show = new Command("show", "Show the checkpoints.") { CommonOptions.Datasets, CommonOptions.Dataset, CommonOptions.Json };
        show.SetAction((parsed, ct) => ShowAsync(parsed, parsed.GetValue(CommonOptions.Json), terminal, ct));
        var export = new Command("export", "Write the checkpoints as a JSON document, to be kept.") { CommonOptions.Datasets, CommonOptions.Dataset, CommonOptions.Json };
        export.SetAction((parsed, ct) => ShowAsync(parsed, isJson: true, terminal, ct));
        var set = new Command("set", "Have a dataset go on from another position of its source.") { One, At, From, CommonOptions.Yes, CommonOptions.Json };
        set.SetAction((parsed, ct) => SetAsync(parsed, terminal, ct));
        return new Command("checkpoint", "Look at checkpoints, keep them, go back to one.") { show, export, set };
    }

    private static async Task<int> ShowAsync(ParseResult parsed, bool isJson, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var chosen = PipelineFile.Chosen(parsed, config.Pipeline);
        await using var composition = new Composition(config, terminal.Scrubber);
        var control = composition.Warehouse.Control;
        await control.CheckSchemaAsync(ct);
        var document = CheckpointView.Document(config.Pipeline, await control.ReadCheckpointsAsync([.. chosen ?? config.Pipeline.Datasets.Select(d => d.Id).ToHashSet()], ct));
        terminal.Data(isJson ? JsonOutput.Write(document) : CheckpointView.Text(document));
        return (int)ExitCode.Ok;
    }

    private static async Task<int> SetAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var dataset = PipelineFile.Find(config.Pipeline, parsed.GetRequiredValue(One)).Id;
        var (source, position) = (parsed.GetValue(At), parsed.GetValue(From)) switch
        {
            ({ } text, null) => (null, Parse(text)),
            (null, { } file) => Exported(file, dataset),
            _ => throw new CdcSyncException(ErrorCodes.WrongUsage, "expected either --position or --from.", "Run: cdcsync checkpoint set --help"),
        };
        if (!parsed.GetValue(CommonOptions.Yes) && !terminal.Confirm($"Have {dataset} go on from {position}? Changes after it are read again; changes before it that are not in the warehouse are never read."))
            throw new CdcSyncException(ErrorCodes.WrongUsage, "nothing was done: it was not confirmed.", $"To confirm beforehand, add --yes. Run: cdcsync checkpoint show {dataset}");
        await using var composition = new Composition(config, terminal.Scrubber);
        await using var observed = new ObservedPass(config.Pipeline, composition, terminal);
        var (before, after) = await observed.Engine.SetPositionAsync(dataset, source, position, ct);
        await observed.EndAsync();
        terminal.Data(parsed.GetValue(CommonOptions.Json)
            ? JsonOutput.Write(CheckpointView.Document(config.Pipeline, new Dictionary<DatasetId, Checkpoint> { [dataset] = after }))
            : $"{dataset}: was at {before.Stream}, goes on from {after.Stream}.\nAfter the next sync, to see what it lacks: cdcsync reconcile {dataset}");
        return (int)ExitCode.Ok;
    }

    private static Position Parse(string text) => text.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && colon < text.Length - 1 ? new Position(text[..colon], text[(colon + 1)..])
        : throw new CdcSyncException(ErrorCodes.WrongUsage, $"'{text}' is no position: expected KIND:POSITION.", "Run: cdcsync checkpoint show");

    private static (SourceIdentity? Source, Position Position) Exported(FileInfo file, DatasetId dataset)
    {
        var document = Read(file);
        if (document.Checkpoints.FirstOrDefault(c => c.Dataset == dataset.Value) is not { } found)
            throw new CdcSyncException(ErrorCodes.WrongUsage, $"{file}: there is no dataset '{dataset}' in it.{Core.Yaml.Suggestion.For(dataset.Value, document.Checkpoints.Select(c => c.Dataset))}", "Run: cdcsync checkpoint export");
        if (found.Snapshot is not null)
            throw new CdcSyncException(ErrorCodes.WrongUsage, $"{file}: the first load of '{dataset}' was not done then; its position alone says nothing.", "Run: cdcsync checkpoint export");
        var source = Parse(found.Source);
        return (new SourceIdentity(source.Kind, source.Canonical), new Position(found.PositionKind, found.Position));
    }

    private static CheckpointsDocument Read(FileInfo file)
    {
        try
        {
            using var stream = file.OpenRead();
            return JsonOutput.ReadCheckpoints(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CdcSyncException(ErrorCodes.WrongUsage, $"{file}: is no export of checkpoints: {e.Message}", "Write one while all is well. Run: cdcsync checkpoint export", e);
        }
    }
}
