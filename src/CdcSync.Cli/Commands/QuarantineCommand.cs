using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Cli.Commands;

/// <summary><c>quarantine list|show|retry|drop</c>: the rows that were kept out of the warehouse.</summary>
internal static class QuarantineCommand
{
    private const int DefaultLimit = 50;

    private static readonly Argument<string> Dataset = new("DATASET") { Description = "The dataset." };

    private static readonly Argument<string[]> Key = new("KEY") { Description = "The row's key; of several columns one word each, in key order.", Arity = ArgumentArity.OneOrMore };

    private static readonly Argument<string[]> KeyOrAll = new("KEY") { Description = "Only the row with this key; default all of the dataset.", Arity = ArgumentArity.ZeroOrMore };

    private static readonly Option<int?> Limit = CommonOptions.Number("--limit", "-n", "COUNT", $"At most so many entries; default {DefaultLimit}.", 1, 10_000);

    public static Command Create(Terminal terminal)
    {
        var list = new Command("list", "List the rows, those that were kept out last first.") { CommonOptions.Datasets, CommonOptions.Dataset, Limit, CommonOptions.Json };
        list.SetAction((parsed, ct) => ListAsync(parsed, terminal, ct));
        var show = new Command("show", "Show a row: what kept it out, and what it holds, masked as the contract says.") { Dataset, Key, CommonOptions.Json };
        show.SetAction((parsed, ct) => ShowAsync(parsed, terminal, ct));
        var retry = new Command("retry", "Read the rows again from the source, after the contract or the source was mended.") { CommonOptions.Datasets, CommonOptions.Dataset, CommonOptions.Json };
        retry.SetAction((parsed, ct) => RetryAsync(parsed, terminal, ct));
        var drop = new Command("drop", "Forget entries. Their rows stay out of the warehouse until they change.") { Dataset, KeyOrAll, CommonOptions.Yes, CommonOptions.Json };
        drop.SetAction((parsed, ct) => DropAsync(parsed, terminal, ct));
        return new Command("quarantine", "Look at the rows that were kept out, and let them in again.") { list, show, retry, drop };
    }

    private static async Task<int> ListAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var chosen = PipelineFile.Chosen(parsed, config.Pipeline);
        var limit = parsed.GetValue(Limit) ?? DefaultLimit;
        await using var composition = new Composition(config, terminal.Scrubber);
        var document = await QuarantineView.ReadAsync(composition.Warehouse.Control, config.Name, chosen, null, limit, ct);
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : QuarantineView.Text(document));
        return (int)ExitCode.Ok;
    }

    private static async Task<int> ShowAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var dataset = PipelineFile.Find(config.Pipeline, parsed.GetRequiredValue(Dataset));
        await using var composition = new Composition(config, terminal.Scrubber);
        var document = await QuarantineView.ReadAsync(composition.Warehouse.Control, config.Name, new HashSet<DatasetId> { dataset.Id }, KeyOf(parsed.GetRequiredValue(Key)), 1, ct);
        if (document.Entries is [])
            throw NotThere(dataset.Id);
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : QuarantineView.Whole(document.Entries[0]));
        return (int)ExitCode.Ok;
    }

    /// <summary>A comparison finds the rows, wherever they have gone meanwhile, and its repair takes those that pass now through the same gates.</summary>
    private static async Task<int> RetryAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var chosen = PipelineFile.Chosen(parsed, config.Pipeline);
        await using var composition = new Composition(config, terminal.Scrubber);
        var control = composition.Warehouse.Control;
        await control.CheckSchemaAsync(ct);
        var before = await control.CountQuarantinedAsync(config.Name, ct);
        await using var observed = new ObservedPass(config.Pipeline, composition, terminal);
        foreach (var dataset in config.Pipeline.Datasets.Where(d => before.ContainsKey(d.Id) && (chosen is null || chosen.Contains(d.Id))))
            await observed.Engine.ReconcileAsync(dataset.Id, new ReconcileRequest(ReconcileMode.Digest, IsRepair: true), ct);
        await observed.EndAsync();
        var document = QuarantineView.Retried(config.Name, config.Pipeline.Datasets.Select(d => d.Id).Where(d => chosen is null || chosen.Contains(d)), before, await control.CountQuarantinedAsync(config.Name, ct));
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(document) : QuarantineView.Text(document));
        return document.ExitCode;
    }

    private static async Task<int> DropAsync(ParseResult parsed, Terminal terminal, CancellationToken ct)
    {
        var config = PipelineFile.Open(parsed, terminal);
        var dataset = PipelineFile.Find(config.Pipeline, parsed.GetRequiredValue(Dataset)).Id;
        var key = parsed.GetValue(KeyOrAll) is [_, ..] parts ? KeyOf(parts) : null;
        if (!parsed.GetValue(CommonOptions.Yes) && !terminal.Confirm($"Forget {(key is null ? "all entries" : $"the entry {key}")} of {dataset}? The rows stay out of the warehouse until they change."))
            throw new CdcSyncException(ErrorCodes.WrongUsage, "nothing was done: it was not confirmed.", $"To confirm beforehand, run: cdcsync quarantine drop {dataset} --yes");
        await using var composition = new Composition(config, terminal.Scrubber);
        await composition.Warehouse.Control.CheckSchemaAsync(ct);
        var dropped = await composition.Warehouse.Control.DropQuarantinedAsync(config.Name, dataset, key, ct);
        if (dropped == 0 && key is not null)
            throw NotThere(dataset);
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(new QuarantineDropDocument(config.Name, dataset.Value, dropped)) : $"{Words.Of(dropped)} entries of {dataset} were forgotten.");
        return (int)ExitCode.Ok;
    }

    // As the quarantine writes it, so that who copies a key from the list may also give it whole.
    private static string KeyOf(string[] parts) => parts is [['[', .., ']'] whole] ? whole : QuarantineKeys.Of(parts);

    private static CdcSyncException NotThere(DatasetId dataset) => new(ErrorCodes.WrongUsage, $"dataset {dataset} has no row with that key in quarantine.", $"Run: cdcsync quarantine list {dataset}");
}
