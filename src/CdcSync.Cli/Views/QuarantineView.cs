using CdcSync.Cli.Output;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Views;

/// <summary>Shows the quarantine.</summary>
internal static class QuarantineView
{
    /// <summary>Reads entries, those that were kept out last first.</summary>
    public static async Task<QuarantineDocument> ReadAsync(IControlStore control, string pipeline, IReadOnlySet<DatasetId>? chosen, string? key, int limit, CancellationToken ct)
    {
        await control.CheckSchemaAsync(ct);
        var entries = new List<QuarantineEntry>();
        foreach (var dataset in chosen?.Select(id => (DatasetId?)id) ?? [null])
            entries.AddRange(await control.ReadQuarantineAsync(pipeline, dataset, key, limit, ct));
        var counts = await control.CountQuarantinedAsync(pipeline, ct);
        return new QuarantineDocument(pipeline, counts.Where(c => chosen is null || chosen.Contains(c.Key)).Sum(c => c.Value), [.. entries.OrderByDescending(e => e.LastSeenAt).Take(limit).Select(Of)]);
    }

    /// <summary>A line per row.</summary>
    public static string Text(QuarantineDocument document)
    {
        if (document.Entries is [])
            return "Nothing is in quarantine.";
        var table = new TextTable("KEPT OUT", "DATASET", "KEY", "RULE", "COLUMN", "REASON");
        foreach (var e in document.Entries)
            table.Add(e.LastSeenAt, e.Dataset, e.Key, e.Rule, e.Column, e.Reason);
        return document.Rows > document.Entries.Count ? $"{table}\n{Words.Of(document.Entries.Count)} of {Words.Of(document.Rows)} rows." : table.ToString();
    }

    /// <summary>All that is known of one.</summary>
    public static string Whole(QuarantineEntryDocument e) => $"""
        dataset     {e.Dataset}
        key         {e.Key}
        rule        {e.Rule}
        column      {e.Column}
        reason      {e.Reason}
        first seen  {e.FirstSeenAt}
        last seen   {e.LastSeenAt}, at generation {e.Generation}, position {e.Position}
        row         {(e.Payload == QuarantineEntry.Expired ? "(expired: quarantine.keep; cdcsync quarantine retry reads it again)" : e.Payload)}
        """;

    /// <summary>What became of the rows that were read again. Rows that are left ask for exit code 8, as after a sync.</summary>
    public static QuarantineRetryDocument Retried(string pipeline, IEnumerable<DatasetId> datasets, IReadOnlyDictionary<DatasetId, long> before, IReadOnlyDictionary<DatasetId, long> after)
    {
        QuarantineRetriedDocument[] retried = [.. datasets.Where(before.ContainsKey).Select(d => new QuarantineRetriedDocument(d.Value, before[d], after.GetValueOrDefault(d)))];
        return new QuarantineRetryDocument(pipeline, retried) { ExitCode = (int)(retried.Any(r => r.Left > 0) ? ExitCode.Partial : ExitCode.Ok) };
    }

    public static string Text(QuarantineRetryDocument document)
    {
        if (document.Datasets is [])
            return "Nothing is in quarantine.";
        var table = new TextTable("DATASET", "WERE", "ARE LEFT");
        foreach (var d in document.Datasets)
            table.Add(d.Dataset, Words.Of(d.Were), Words.Of(d.Left));
        return table.ToString();
    }

    private static QuarantineEntryDocument Of(QuarantineEntry e) => new(e.Dataset.Value, e.Row.Key, e.Row.Rule, e.Row.Column, e.Row.Reason, e.Row.Payload, e.Generation, e.Position, Words.Of(e.FirstSeenAt), Words.Of(e.LastSeenAt));
}
