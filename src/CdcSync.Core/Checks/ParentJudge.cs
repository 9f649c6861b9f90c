using System.Globalization;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Checks;

/// <summary>Judges the rows of one check that lack their parent. Remembers which parents were missing, so that it can say later whether they came.</summary>
internal sealed class ParentJudge(ParentLookup lookup)
{
    // Whether a parent is missing is known by how far the warehouse has come; of one that a filter may leave out, by when the source was asked.
    private readonly MissingParents _inWarehouse = new(), _inSource = new();

    /// <summary>Judges what was found.</summary>
    /// <returns>The verdict, the rows it is about, and what else is to be said.</returns>
    public async Task<(CheckVerdict Verdict, long Rows, string? Detail)> JudgeAsync(Dataset parent, OrphanMeasure measure, RuleCondition condition, Orphans found, CancellationToken ct)
    {
        if (parent.Filter is null)
        {
            var (rows, pending) = _inWarehouse.Judge(found);
            return Verdict(parent, condition, rows, pending, 0);
        }

        try
        {
            var sought = found.Missing.Count == 0 ? null : await lookup.FindAsync(parent, measure.ParentColumns, [.. found.Missing.Keys], ct);
            return sought is null ? Verdict(parent, condition, 0, found.Rows, 0) : Judge(parent, condition, found, sought);
        }
        catch (CdcSyncException fault)
        {
            return (CheckVerdict.Waiting, found.Rows, $"rows whose row in {parent.Id} is missing; whether its filter leaves it out only the source knows: {fault.Code} {fault.Message}");
        }
    }

    private (CheckVerdict, long, string?) Judge(Dataset parent, RuleCondition condition, Orphans found, SoughtParents sought)
    {
        var withheld = found.Missing.Where(m => sought.Withheld.Contains(m.Key)).Sum(m => m.Value);
        var gone = _inSource.Judge(Part(found, sought.Gone.Contains) with { ParentCompleteUpTo = sought.At });
        var there = _inWarehouse.Judge(Part(found, key => !sought.Gone.Contains(key) && !sought.Withheld.Contains(key)));
        var rows = gone.Rows + there.Rows;
        return Verdict(parent, condition, rows, found.Rows - withheld - rows, withheld);
    }

    private static Orphans Part(Orphans found, Func<string, bool> isOf)
    {
        var missing = found.Missing.Where(m => isOf(m.Key)).ToDictionary(StringComparer.Ordinal);
        return found with { Missing = missing, Rows = missing.Values.Sum() };
    }

    private static (CheckVerdict, long, string?) Verdict(Dataset parent, RuleCondition condition, long rows, long pending, long withheld)
    {
        var also = withheld == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{withheld} refer to rows that the filter of {parent.Id} leaves out");
        return (condition.Holds(rows), pending) switch
        {
            (false, _) => (CheckVerdict.Failed, rows, Sentence($"rows whose row in {parent.Id} is missing", also)),
            (true, 0) => (CheckVerdict.Passed, rows, withheld == 0 ? null : $"{also}, and are no orphans"),
            _ => (CheckVerdict.Waiting, pending, Sentence($"rows whose row in {parent.Id} may still be on its way", also)),
        };
    }

    private static string Sentence(string text, string also) => also.Length == 0 ? text : $"{text}; {also}";
}
