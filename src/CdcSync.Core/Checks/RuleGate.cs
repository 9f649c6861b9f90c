using System.Globalization;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;

namespace CdcSync.Core.Checks;

/// <summary>The sql rules of a contract that a batch must not break. Each publication has one of its own.</summary>
/// <param name="rules">Checks of <see cref="CheckOccasion.Publication"/>.</param>
/// <param name="time">The clock of results.</param>
internal sealed class RuleGate(IReadOnlyList<ContractCheck> rules, TimeProvider time) : IMergedGate
{
    private readonly List<CheckResult> _results = [];

    /// <summary>What was found, up to the first that blocked.</summary>
    public IReadOnlyList<CheckResult> Results => _results;

    /// <inheritdoc/>
    public async ValueTask<CdcSyncException?> InspectAsync(IMergedView merged, CancellationToken ct)
    {
        _results.Clear();
        foreach (var rule in rules)
        {
            var where = $"{merged.Dataset.Id}: rule '{rule.Id}' of the contract";
            try
            {
                var value = await merged.AskAsync((SqlMeasure)rule.Measure, ct);
                var holds = rule.Condition.Holds(value);
                Add(rule, holds ? CheckVerdict.Passed : CheckVerdict.Failed, value, null);
                if (!holds)
                {
                    return new CdcSyncException(ErrorCodes.RuleBroken, string.Create(CultureInfo.InvariantCulture, $"{where} would find {value}, expected {rule.Expected}; nothing of the batch was committed."),
                        "Mend the source, and it goes on by itself; or mend the rule, or make its severity warning. Run: cdcsync status");
                }
            }
            catch (CdcSyncException fault) when (fault.Code == ErrorCodes.RuleUnanswered)
            {
                Add(rule, CheckVerdict.Unanswered, null, fault.Message);
                return new CdcSyncException(fault.Code, $"{where}: {fault.Message} Nothing of the batch was committed.", $"{fault.Remedy} {merged.Dataset.Id}", fault);
            }
        }
        return null;
    }

    private void Add(ContractCheck rule, CheckVerdict verdict, decimal? value, string? detail) => _results.Add(new CheckResult(rule.Id, rule.Severity, verdict, value, rule.Expected, detail, time.GetUtcNow()));
}
