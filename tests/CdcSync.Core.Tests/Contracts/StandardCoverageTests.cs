using System.Text.Json;
using System.Text.RegularExpressions;
using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;
using CdcSync.Core.Gates.Rules;

namespace CdcSync.Core.Tests.Contracts;

/// <summary>Each key by which the standard says something of data is executed, or listed by <c>contract lint</c>, or is for people: none is skipped in silence, also none that the standard gets later.</summary>
public sealed class StandardCoverageTests
{
    private const string Rule = "quality: [{RULE}]";
    private const string Value = "properties: [{name: p, TYPE, logicalTypeOptions: {OPTIONS}}]";

    /// <summary>Keys that describe: people read them.</summary>
    private static readonly Dictionary<string, string[]> ForPeople = new()
    {
        ["rule"] = ["description", "businessImpact", "method", "dimension", "tags", "authoritativeDefinitions", "rule"],
        ["property"] = ["description", "businessName", "classification", "criticalDataElement", "examples", "tags", "authoritativeDefinitions", "transformLogic", "transformDescription", "partitioned", "partitionKeyPosition"],
        ["table"] = ["description", "businessName", "dataGranularityDescription", "tags", "authoritativeDefinitions", "physicalType", "logicalType"],
        ["promise"] = ["description", "driver", "id", "valueExt", "scheduler"],
        ["relationship"] = ["type"],
    };

    /// <summary>Keys that say what data is read and where it goes, which other tests hold.</summary>
    private static readonly Dictionary<string, string[]> Flow = new()
    {
        ["property"] = ["id", "name", "physicalName", "physicalType", "logicalType", "primaryKey", "primaryKeyPosition", "required", "encryptedName", "transformSourceObjects", "customProperties", "logicalTypeOptions", "quality", "relationships", "unique"],
        ["table"] = ["id", "name", "physicalName", "properties", "customProperties", "quality", "relationships"],
        ["relationship"] = ["from", "to", "customProperties"],
    };

    /// <summary>Keys that are executed: two contracts that differ in the key alone are executed differently.</summary>
    private static readonly (string Of, string Key, string One, string Other)[] Executed =
    [
        ("rule", "id", "id: a, metric: rowCount, mustBe: 1", "id: b, metric: rowCount, mustBe: 1"),
        ("rule", "name", "name: a, metric: rowCount, mustBe: 1", "name: b, metric: rowCount, mustBe: 1"),
        ("rule", "type", "type: sql, query: SELECT 1, mustBe: 1", "type: library, metric: rowCount, mustBe: 1"),
        ("rule", "metric", "metric: rowCount, mustBe: 1", "metric: duplicateValues, arguments: {properties: [p]}, mustBe: 1"),
        ("rule", "arguments", "metric: duplicateValues, arguments: {properties: [p]}, mustBe: 1", "metric: duplicateValues, arguments: {properties: [p, q]}, mustBe: 1"),
        ("rule", "mustBe", "metric: rowCount, mustBe: 1", "metric: rowCount, mustBe: 2"),
        ("rule", "mustNotBe", "metric: rowCount, mustNotBe: 1", "metric: rowCount, mustNotBe: 2"),
        ("rule", "mustBeGreaterThan", "metric: rowCount, mustBeGreaterThan: 1", "metric: rowCount, mustBeGreaterThan: 2"),
        ("rule", "mustBeGreaterOrEqualTo", "metric: rowCount, mustBeGreaterOrEqualTo: 1", "metric: rowCount, mustBeGreaterOrEqualTo: 2"),
        ("rule", "mustBeLessThan", "metric: rowCount, mustBeLessThan: 1", "metric: rowCount, mustBeLessThan: 2"),
        ("rule", "mustBeLessOrEqualTo", "metric: rowCount, mustBeLessOrEqualTo: 1", "metric: rowCount, mustBeLessOrEqualTo: 2"),
        ("rule", "mustBeBetween", "metric: rowCount, mustBeBetween: [1, 2]", "metric: rowCount, mustBeBetween: [1, 3]"),
        ("rule", "mustNotBeBetween", "metric: rowCount, mustNotBeBetween: [1, 2]", "metric: rowCount, mustNotBeBetween: [1, 3]"),
        ("rule", "unit", "metric: duplicateValues, arguments: {properties: [p]}, mustBeLessThan: 2, unit: rows", "metric: duplicateValues, arguments: {properties: [p]}, mustBeLessThan: 2, unit: percent"),
        ("rule", "query", "type: sql, query: SELECT 1, mustBe: 1", "type: sql, query: SELECT 2, mustBe: 1"),
        ("rule", "customProperties", "type: sql, query: SELECT 1, mustBe: 1, customProperties: [{property: dialect, value: sqlite}]", "type: sql, query: SELECT 1, mustBe: 1, customProperties: [{property: dialect, value: sqlserver}]"),
        ("rule", "severity", "metric: rowCount, mustBe: 1, severity: error", "metric: rowCount, mustBe: 1, severity: info"),
        ("rule", "schedule", "metric: rowCount, mustBe: 1, scheduler: cron, schedule: 0 6 * * *", "metric: rowCount, mustBe: 1, scheduler: cron, schedule: 0 7 * * *"),
        ("string", "minLength", "minLength: 1", "minLength: 2"),
        ("string", "maxLength", "maxLength: 1", "maxLength: 2"),
        ("string", "pattern", "pattern: a", "pattern: b"),
        ("string", "format", "format: uuid", "format: email"),
        .. from type in (string[])["integer", "number"]
           from key in (string[])["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]
           select (type, key, $"{key}: 1", $"{key}: 2"),
        .. from type in (string[])["date", "timestamp"]
           from key in (string[])["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
           select (type, key, $"{key}: \"2026-01-01\"", $"{key}: \"2026-01-02\""),
        .. from key in (string[])["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] select ("time", key, $"{key}: \"01:00:00\"", $"{key}: \"02:00:00\""),
        ("promise", "property", "property: freshness, value: 1, unit: d", "property: latency, value: 1, unit: d"),
        ("promise", "value", "property: freshness, value: 1, unit: d", "property: freshness, value: 2, unit: d"),
        ("promise", "unit", "property: freshness, value: 1, unit: d", "property: freshness, value: 1, unit: h"),
        ("promise", "element", "property: freshness, value: 1, unit: d", "property: freshness, value: 1, unit: d, element: t"),
    ];

    /// <summary>Keys that nothing executes, with what lint says.</summary>
    private static readonly (string Of, string Key, string Keys, string Says)[] Listed =
    [
        ("rule", "scheduler", "metric: rowCount, mustBe: 1, scheduler: airflow, schedule: daily", "its schedule for airflow"),
        ("rule", "engine", "type: custom, engine: soda, implementation: x", "another engine is named"),
        ("rule", "implementation", "type: custom, engine: soda, implementation: {a: b}", "another engine is named"),
        ("rule", "type", "type: text, description: nice", "it is for people"),
        ("rule", "unit", "metric: rowCount, mustBe: 1, unit: percent", "of all rows, all are there"),
        ("string", "format", "format: postcode", "the format postcode"),
        ("integer", "format", "format: i32", "the format i32, for it is int64"),
        ("number", "format", "format: f32", "the format f32, for it is decimal128(12, 2)"),
        ("date", "format", "format: yyyy", "the format yyyy, for it is date32"),
        ("time", "format", "format: HH", "the format HH, for it is "),
        ("timestamp", "format", "format: yyyy", "the format yyyy, for it is timestamp"),
        ("time", "defaultTimezone", "defaultTimezone: Etc/UTC", "times without a zone are taken as they are"),
        ("timestamp", "defaultTimezone", "defaultTimezone: Etc/UTC", "times without a zone are taken as they are"),
        ("time", "timezone", "timezone: true", "timezone: true, for it is time64"),
        .. from key in (string[])["maxProperties: 1", "minProperties: 1", "required: [a]"] select ("object", key.Split(':')[0], key, "nothing looks inside of nested values"),
        .. from key in (string[])["maxItems: 1", "minItems: 1", "uniqueItems: true"] select ("array", key.Split(':')[0], key, "nothing looks inside of nested values"),
        ("promise", "schedule", "property: freshness, value: 1, unit: d, scheduler: cron, schedule: 0 6 * * *", "'schedule of freshness' is for people"),
        ("promise", "property", "property: availability, value: 99", "'availability' is for people"),
        ("nested", "properties", "logicalType: object, physicalType: text, properties: [{name: a, logicalType: string, required: true}]", "'p': properties: nothing looks inside"),
        ("nested", "items", "logicalType: array, physicalType: text, items: {logicalType: string, quality: [{metric: nullValues, mustBe: 0}]}", "'p': items: nothing looks inside"),
    ];

    public static TheoryData<string, string, string, string> ExecutedKeys => new(Executed);

    public static TheoryData<string, string, string, string> ListedKeys => new(Listed);

    [Theory]
    [MemberData(nameof(ExecutedKeys))]
    public void What_is_executed_changes_what_is_done(string of, string key, string one, string other)
    {
        Assert.NotEmpty(key);
        Assert.NotEqual(Done(Contract(of, one)), Done(Contract(of, other)));
        Assert.Empty(NotExecuted(Contract(of, one)));
    }

    [Theory]
    [MemberData(nameof(ListedKeys))]
    public void What_is_not_executed_is_listed(string of, string key, string keys, string says)
    {
        Assert.NotEmpty(key);
        Assert.Contains(says, Assert.Single(NotExecuted(Contract(of, keys))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_schedule_of_a_rule_that_judges_each_row_is_listed() =>
        Assert.Contains("its schedule, for each row is judged as it comes", Assert.Single(NotExecuted(ContractText.Property("logicalType: string, quality: [{metric: nullValues, mustBe: 0, schedule: 0 6 * * *}]").OrThrow())), StringComparison.Ordinal);

    [Fact]
    public void A_severity_that_nobody_knows_is_told()
    {
        var read = ContractText.Object("quality: [{metric: rowCount, mustBe: 1, severity: critcal}]");
        Assert.Contains("'critcal' is taken for error; known are error, warning and info.", Assert.Single(read.Messages()), StringComparison.Ordinal);
        Assert.Equal(CheckSeverity.Error, Assert.Single(TableChecks.Of(read.OrThrow(), read.OrThrow().Objects[0]).Checks).Severity);
    }

    [Fact]
    public void No_key_of_the_standard_is_unknown_here()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(SchemaFile()));
        var defs = schema.RootElement.GetProperty("$defs");
        Same("rule", [.. from def in (string[])["DataQuality", "DataQualityLibrary", "DataQualitySql", "DataQualityCustom"] from key in Keys(defs.GetProperty(def)) select key,
            .. defs.GetProperty("DataQualityOperators").GetProperty("oneOf").EnumerateArray().SelectMany(Keys)]);
        Same("table", [.. Keys(defs.GetProperty("SchemaElement")), .. Keys(defs.GetProperty("SchemaObject"))]);
        Same("property", [.. Keys(defs.GetProperty("SchemaElement")), .. Keys(defs.GetProperty("SchemaBaseProperty"))]);
        Same("promise", Keys(defs.GetProperty("ServiceLevelAgreementProperty")));
        Same("relationship", Keys(defs.GetProperty("RelationshipBase")));
        var types = defs.GetProperty("SchemaBaseProperty").GetProperty("properties").GetProperty("logicalType").GetProperty("enum").EnumerateArray().Select(t => t.GetString()!).ToHashSet();
        var branches = defs.GetProperty("SchemaBaseProperty").GetProperty("allOf").EnumerateArray().Where(a => a.TryGetProperty("if", out _)).ToArray();
        foreach (var branch in branches)
        {
            var named = Regex.Matches(branch.GetProperty("if").GetRawText(), "\"const\":\\s*\"(\\w+)\"").Select(m => m.Groups[1].Value).ToArray();
            foreach (var type in named)
            {
                Same(type, Keys(branch.GetProperty("then").GetProperty("properties").GetProperty("logicalTypeOptions")));
                types.Remove(type);
            }
        }
        // The one that has no options.
        Assert.Equal(["boolean"], types);
    }

    private static void Same(string of, IEnumerable<string> standard)
    {
        IEnumerable<string> known = [.. Executed.Where(e => e.Of == of).Select(e => e.Key), .. Listed.Where(l => l.Of == of).Select(l => l.Key), .. ForPeople.GetValueOrDefault(of, []), .. Flow.GetValueOrDefault(of, [])];
        // The zone of a timestamp without a physical type says its type, which the types' own test holds.
        if (of == "timestamp") known = known.Append("timezone");
        Assert.Equal(standard.Distinct().Order(StringComparer.Ordinal), known.Distinct().Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Keys(JsonElement definition) => definition.GetProperty("properties").EnumerateObject().Select(p => p.Name);

    private static DataContract Contract(string of, string keys)
    {
        var read = of switch
        {
            "rule" => ContractText.Object($"properties: [{{name: p, logicalType: string}}, {{name: q, logicalType: string}}], {Rule.Replace("RULE", keys, StringComparison.Ordinal)}"),
            "promise" => ContractText.Root($"schema:\n- {{name: t, properties: [{{name: p, logicalType: string}}]}}\n- {{name: u, properties: [{{name: p, logicalType: string}}]}}\nslaProperties: [{{{keys}}}]"),
            "nested" => ContractText.Property(keys),
            _ => ContractText.Object(Value.Replace("TYPE", TypeOf(of), StringComparison.Ordinal).Replace("OPTIONS", keys, StringComparison.Ordinal)),
        };
        return read.OrThrow();
    }

    private static string TypeOf(string logical) => logical switch
    {
        "number" => "logicalType: number, physicalType: \"numeric(12,2)\"",
        "integer" => "logicalType: integer, physicalType: bigint",
        "object" or "array" => $"logicalType: {logical}, physicalType: text",
        _ => $"logicalType: {logical}",
    };

    /// <summary>All that is done because of a contract, as text.</summary>
    private static string Done(DataContract contract) => string.Join('\n',
    [
        .. contract.Objects.SelectMany(o => RowRules.Of(o).Executed).Select(r => r.ToString()),
        .. contract.Objects.SelectMany(o => TableChecks.Of(contract, o).Checks).Select(c => $"{c.Id} {c.Severity} {c.Expected} {c.Occasion} {c.Schedule?.Next(DateTimeOffset.UnixEpoch, TimeZoneInfo.Utc)} {c.Measure} {string.Join(',', (c.Measure as DuplicateMeasure)?.Columns ?? [])}"),
        .. contract.ServiceLevels.Select(s => $"{s.Kind} {s.Within} {string.Join(',', s.Elements)}"),
    ]);

    private static string[] NotExecuted(DataContract contract) =>
        [.. contract.Objects.SelectMany(o => RowRules.Of(o).NotExecuted.Concat(TableChecks.Of(contract, o).NotExecuted)).Concat(UnmeasuredPromises.Of(contract)).Select(r => r.What)];

    private static string SchemaFile()
    {
        var path = Path.Combine(ContractText.Root(), "..", "shared", "data", "odcs", "odcs-json-schema-v3.1.0.json");
        if (!File.Exists(path)) Assert.Skip("no ../shared/data/odcs beside the repository");
        return path;
    }
}
