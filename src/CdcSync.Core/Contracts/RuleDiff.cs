namespace CdcSync.Core.Contracts;

/// <summary>What changed in the quality rules of a table or a column, for those who rely on them. A rule that is new, or asks for more, takes nothing back.</summary>
internal static class RuleDiff
{
    /// <summary>Compares rules.</summary>
    /// <returns>Each rule that says something else, in words; breaking if it promises less, or other things.</returns>
    public static IEnumerable<(bool IsBreaking, string What)> Of(IReadOnlyList<QualityRule> old, IReadOnlyList<QualityRule> now)
    {
        var left = now.Where(r => r is not TextRule).ToList();
        foreach (var before in old.Where(r => r is not TextRule))
        {
            // One without an id is known by what it says: said otherwise it is another rule.
            var after = left.FirstOrDefault(r => before.Head.Id is { } id ? r.Head.Id == id : r.Head.Id is null && Subject(r) == Subject(before) && Condition(r) == Condition(before));
            if (after is null)
            {
                yield return (true, $"the rule '{Name(before)}' is no longer promised");
                continue;
            }

            left.Remove(after);
            if (Subject(before) != Subject(after))
                yield return (true, $"the rule '{Name(before)}' says something else: it was {Subject(before)}, and is {Subject(after)}");
            else if (Condition(before) is { } was && Condition(after) is { } asked && was != asked)
                yield return (!IsWithin(asked, was), $"the rule '{Name(before)}' asked for {was}, and asks for {asked}");
        }
    }

    private static string Name(QualityRule rule) => rule.Head.Id ?? rule.Head.Name ?? Subject(rule);

    private static RuleCondition? Condition(QualityRule rule) => rule switch { LibraryRule library => library.Condition, SqlRule sql => sql.Condition, _ => null };

    /// <summary>What is counted or asked, how bad a failure is, and what becomes of rows: all but the number that is asked for.</summary>
    private static string Subject(QualityRule rule)
    {
        var what = rule switch
        {
            LibraryRule l => $"{l.Metric}{(l.IsPercent ? " in percent" : "")}{List(" of valid", l.ValidValues)}{(l.Pattern is null ? "" : $" of pattern {l.Pattern}")}{List(" of missing", l.MissingValues)}{List(" of", l.Properties)}",
            SqlRule s => $"{s.Query}{(s.Dialect is null ? "" : $" ({s.Dialect})")}",
            CustomRule c => $"a rule for {c.Engine}",
            _ => "",
        };
        return $"{what}, severity {rule.Head.Severity ?? "error"}{(rule.Head.Policy is { } policy ? $", policy {policy}" : "")}";
    }

    private static string List(string word, IReadOnlyList<string?>? values) => values is null ? "" : $"{word} ({string.Join(", ", values.Select(v => v is null ? "null" : $"'{v}'"))})";

    /// <summary>True if every number that one allows the other allows too: between their ends nothing changes, so that the ends and one number between each two tell.</summary>
    private static bool IsWithin(RuleCondition one, RuleCondition other)
    {
        decimal[] ends = [.. new[] { one.Operand, one.Upper ?? one.Operand, other.Operand, other.Upper ?? other.Operand }.Distinct().Order()];
        decimal[] between = [ends[0] - 1, .. ends.Zip(ends.Skip(1), (a, b) => (a + b) / 2), ends[^1] + 1];
        return ends.Concat(between).All(number => !one.Holds(number) || other.Holds(number));
    }
}
