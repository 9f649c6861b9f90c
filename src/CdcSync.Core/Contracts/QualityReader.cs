using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>Reads <c>quality</c>: the rules of a table or a property.</summary>
internal static class QualityReader
{
    private static readonly (string Key, RuleOperator Operator)[] Operators =
    [
        ("mustBe", RuleOperator.Be), ("mustNotBe", RuleOperator.NotBe), ("mustBeGreaterThan", RuleOperator.BeGreaterThan),
        ("mustBeGreaterOrEqualTo", RuleOperator.BeGreaterOrEqualTo), ("mustBeLessThan", RuleOperator.BeLessThan), ("mustBeLessOrEqualTo", RuleOperator.BeLessOrEqualTo),
        ("mustBeBetween", RuleOperator.BeBetween), ("mustNotBeBetween", RuleOperator.NotBeBetween),
    ];

    internal static IReadOnlyList<QualityRule> Rules(FieldReader element)
    {
        var rules = new List<QualityRule>();
        foreach (var reader in element.Maps("quality"))
        {
            if (Rule(reader) is { } rule) rules.Add(rule);
            reader.End();
        }
        foreach (var twice in rules.Where(r => r.Head.Id is not null).GroupBy(r => r.Head.Id).SelectMany(g => g.Skip(1)))
            element.Context.Diagnostics.Error(twice.Head.At, $"{element.PathOf("quality")}: the id '{twice.Head.Id}' is there twice.");
        return rules;
    }

    private static QualityRule? Rule(FieldReader reader)
    {
        var head = new RuleHead(reader.At, reader.StableId(), reader.Text("name"), Severity(reader), Dimension(reader), reader.Text("scheduler"), reader.Text("schedule"));
        reader.CheckTexts("description", "businessImpact", "method");
        reader.CheckTags();
        reader.CheckAuthoritativeDefinitions();
        var custom = reader.CustomProperties(["dialect", "policy"]);
        if (custom.TryGetValue("policy", out var policy)) head = head with { Policy = Policy(reader.Context, policy) };
        return (reader.Choice("type", ("library", 'l'), ("sql", 's'), ("text", 't'), ("custom", 'c')) ?? 'l') switch
        {
            's' => Sql(reader, head, custom),
            't' => Text(reader, head),
            'c' => Custom(reader, head),
            _ => Library(reader, head),
        };
    }

    // The standard leaves the words open.
    private static string? Severity(FieldReader reader)
    {
        var severity = reader.Text("severity");
        if (severity is not (null or "error" or "warning" or "info"))
            reader.Context.Diagnostics.Warning(reader.AtOf("severity"), $"{reader.PathOf("severity")}: '{severity}' is taken for error; known are error, warning and info.{Suggestion.For(severity, ["error", "warning", "info"])}");
        return severity;
    }

    private static string? Dimension(FieldReader reader)
    {
        reader.Choice("dimension", ("accuracy", 1), ("completeness", 2), ("conformity", 3), ("consistency", 4), ("coverage", 5), ("timeliness", 6), ("uniqueness", 7));
        return (reader.Node("dimension") as YamlScalar)?.Value;
    }

    private static LibraryRule? Library(FieldReader reader, RuleHead head)
    {
        reader.RequiredNode("metric");
        var metric = reader.Choice("metric", ("nullValues", QualityMetric.NullValues), ("missingValues", QualityMetric.MissingValues), ("invalidValues", QualityMetric.InvalidValues),
            ("duplicateValues", QualityMetric.DuplicateValues), ("rowCount", QualityMetric.RowCount));
        if (reader.Text("rule") is not null) reader.Context.Diagnostics.Warning(reader.AtOf("rule"), $"{reader.PathOf("rule")}: deprecated by the standard; 'metric' counts.");
        var (condition, isPercent) = (Condition(reader), IsPercent(reader));
        var arguments = reader.Map("arguments");
        var valid = metric is QualityMetric.InvalidValues ? Values(arguments, "validValues")?.OfType<string>().ToList() : null;
        var pattern = metric is QualityMetric.InvalidValues ? arguments?.Text("pattern") : null;
        var missing = metric is QualityMetric.MissingValues ? Values(arguments, "missingValues") : null;
        var properties = metric is QualityMetric.DuplicateValues ? arguments?.Texts("properties") : null;
        if (metric is QualityMetric.InvalidValues && valid is null && pattern is null) reader.Error("arguments", "invalidValues needs validValues or a pattern.");
        if (metric is null || condition is null) return null;
        arguments?.End();
        return new LibraryRule(head)
        {
            Metric = metric.Value,
            Condition = condition,
            IsPercent = isPercent,
            ValidValues = valid,
            Pattern = pattern,
            MissingValues = missing,
            Properties = properties,
        };
    }

    private static bool IsPercent(FieldReader reader)
    {
        var unit = reader.Text("unit");
        if (unit is not (null or "rows" or "percent")) reader.Error("unit", $"expected rows or percent, found '{unit}'.");
        return unit is "percent";
    }

    // Values may be numbers and booleans too; they are compared as text. null stands for null.
    private static List<string?>? Values(FieldReader? arguments, string key)
    {
        if (arguments?.Node(key) is not { } node) return null;
        var values = new List<string?>();
        foreach (var item in arguments.Context.Items(node, arguments.PathOf(key)))
        {
            if (item is YamlScalar scalar) values.Add(scalar.Kind is YamlScalarKind.Null ? null : scalar.Value);
            else arguments.Context.Text(item, arguments.PathOf(key));
        }
        return values;
    }

    private static SqlRule? Sql(FieldReader reader, RuleHead head, IReadOnlyDictionary<string, CustomProperty> custom)
    {
        reader.CheckTexts("unit");
        var query = reader.RequiredText("query").Trim().TrimEnd(';').TrimEnd();
        var dialect = custom.TryGetValue("dialect", out var word) ? Dialect(reader.Context, word) : null;
        return Condition(reader) is { } condition ? new SqlRule(head) { Query = query, Condition = condition, Dialect = dialect } : null;
    }

    private static string? Dialect(ReadContext context, CustomProperty property) =>
        Word(context, property, ["postgresql", "sqlserver", "sqlite"]) is var word and not "postgresql" ? word : "postgres";

    private static RulePolicy? Policy(ReadContext context, CustomProperty property) => Word(context, property, ["block", "quarantine", "warn"]) switch
    {
        "block" => RulePolicy.Block,
        "quarantine" => RulePolicy.Quarantine,
        "warn" => RulePolicy.Warn,
        _ => null,
    };

    private static string? Word(ReadContext context, CustomProperty property, string[] known)
    {
        var word = context.Text(property.Value, property.Path);
        if (word is not null && !known.Contains(word)) context.Diagnostics.Error(property.Value.At, $"{property.Path}: expected one of {string.Join(", ", known)}, found '{word}'.{Suggestion.For(word, known)}");
        return word;
    }

    private static TextRule Text(FieldReader reader, RuleHead head)
    {
        reader.CheckTexts("unit");
        return new TextRule(head);
    }

    private static CustomRule Custom(FieldReader reader, RuleHead head)
    {
        reader.CheckTexts("unit");
        if (reader.RequiredNode("implementation") is YamlList list) reader.Context.Text(list, reader.PathOf("implementation"));
        return new CustomRule(head) { Engine = reader.RequiredText("engine") };
    }

    private static RuleCondition? Condition(FieldReader reader)
    {
        var given = Operators.Where(o => reader.Node(o.Key) is not null).ToList();
        if (given.Count is not 1)
        {
            reader.Context.Diagnostics.Error(reader.At, $"{reader.Path}: expected one of {string.Join(", ", Operators.Select(o => o.Key))}, found {(given.Count is 0 ? "none" : "several")}.");
            return null;
        }
        var (key, op) = given[0];
        if (op is not (RuleOperator.BeBetween or RuleOperator.NotBeBetween)) return Operand(reader, key, op) is { } operand ? new RuleCondition(op, operand) : null;
        var ends = reader.Items(key).Select((node, i) => reader.Context.Number(node, $"{reader.PathOf(key)}[{i}]")).ToList();
        if (ends is not [{ } low, { } high] || low >= high)
        {
            reader.Error(key, "expected two numbers, the lower one first.");
            return null;
        }
        var condition = new RuleCondition(op, low, high);
        if (op is RuleOperator.BeBetween)
            reader.Context.Diagnostics.Warning(reader.AtOf(key), $"{reader.PathOf(key)}: the standard leaves the ends out: it must be {condition}. Write mustBeGreaterOrEqualTo or mustBeLessOrEqualTo where an end is meant too.");
        return condition;
    }

    // What a query says is true is 1, what is not is 0.
    private static decimal? Operand(FieldReader reader, string key, RuleOperator op) =>
        op is RuleOperator.Be or RuleOperator.NotBe && reader.Node(key) is YamlScalar { Kind: YamlScalarKind.Boolean } ? reader.Flag(key) is true ? 1 : 0 : reader.Number(key);
}
