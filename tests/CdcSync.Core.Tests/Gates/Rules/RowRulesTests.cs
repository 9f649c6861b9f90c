using System.Globalization;
using System.Numerics;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Contracts;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Tests.Contracts;
using CdcSync.Core.Tests.Shaping;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Gates.Rules;

/// <summary>Each rule of a contract about single values: what passes, what does not, and the values at the bound.</summary>
public sealed class RowRulesTests
{
    [Theory]
    [InlineData("logicalType: string, logicalTypeOptions: {maxLength: 3}", "abc", null)]
    [InlineData("logicalType: string, logicalTypeOptions: {maxLength: 3}", "abcd", "maxLength")]
    [InlineData("logicalType: string, logicalTypeOptions: {maxLength: 3}", "žšč", null)]
    [InlineData("logicalType: string, logicalTypeOptions: {maxLength: 3}", "🎉🎉🎉", null)]
    [InlineData("logicalType: string, logicalTypeOptions: {maxLength: 3}", "🎉🎉🎉🎉", "maxLength")]
    [InlineData("logicalType: string, logicalTypeOptions: {minLength: 2}", "🎉", "minLength")]
    [InlineData("logicalType: string, logicalTypeOptions: {minLength: 2}", "žš", null)]
    [InlineData("logicalType: string, logicalTypeOptions: {minLength: 1}", "", "minLength")]
    [InlineData("logicalType: string, logicalTypeOptions: {minLength: 2, maxLength: 3}", "abcd", "length")]
    [InlineData("logicalType: string, logicalTypeOptions: {minLength: 2, maxLength: 3}", null, null)]
    [InlineData("logicalType: string, logicalTypeOptions: {pattern: \"^[A-Z]{2}$\"}", "DE", null)]
    [InlineData("logicalType: string, logicalTypeOptions: {pattern: \"^[A-Z]{2}$\"}", "DE\n", "pattern")]
    [InlineData("logicalType: string, logicalTypeOptions: {pattern: \"a|b\"}", "b", null)]
    [InlineData("logicalType: string, logicalTypeOptions: {pattern: \"a|b\"}", "ab", "pattern")]
    [InlineData("logicalType: string, logicalTypeOptions: {pattern: \"(a)\\\\1\"}", "aa", null)]
    [InlineData("logicalType: string, logicalTypeOptions: {pattern: \"(a)\\\\1\"}", "a", "pattern")]
    [InlineData("logicalType: string, logicalTypeOptions: {format: email}", "anna.o'neil+x@mail.example.com", null)]
    [InlineData("logicalType: string, logicalTypeOptions: {format: email}", "anna@", "format")]
    [InlineData("logicalType: string, logicalTypeOptions: {format: uuid}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", null)]
    [InlineData("logicalType: string, logicalTypeOptions: {format: uuid}", "a0eebc999c0b4ef8bb6d6bb9bd380a11", "format")]
    [InlineData("logicalType: string, logicalTypeOptions: {format: ipv4}", "255.0.1.99", null)]
    [InlineData("logicalType: string, logicalTypeOptions: {format: ipv4}", "256.0.1.99", "format")]
    [InlineData("logicalType: string, logicalTypeOptions: {format: uri}", "https://example.com/a?b#c", null)]
    [InlineData("logicalType: string, logicalTypeOptions: {format: uri}", "example", "format")]
    [InlineData("logicalType: string, logicalTypeOptions: {format: hostname}", "a-b.example", null)]
    [InlineData("logicalType: string, logicalTypeOptions: {format: hostname}", "-a.example", "format")]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {minimum: 0}", 0L, null)]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {minimum: 0}", -1L, "minimum")]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {exclusiveMinimum: 0}", 0L, "exclusiveMinimum")]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {exclusiveMinimum: 1.5}", 2L, null)]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {exclusiveMinimum: 1.5}", 1L, "exclusiveMinimum")]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {exclusiveMaximum: 1.5}", 1L, null)]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {exclusiveMaximum: 1.5}", 2L, "exclusiveMaximum")]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {maximum: -1.5}", -2L, null)]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {maximum: -1.5}", -1L, "maximum")]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {maximum: 9223372036854775807}", long.MaxValue, null)]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {maximum: 99999999999999999999}", long.MaxValue, null)]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {minimum: 99999999999999999999}", long.MaxValue, "minimum")]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {maximum: -99999999999999999999}", long.MinValue, "maximum")]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {multipleOf: 5}", -15L, null)]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {multipleOf: 5}", 16L, "multipleOf")]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {multipleOf: 2.5}", 5L, null)]
    [InlineData("logicalType: integer, physicalType: bigint, logicalTypeOptions: {multipleOf: 2.5}", 2L, "multipleOf")]
    [InlineData("logicalType: number, physicalType: double, logicalTypeOptions: {minimum: 0, maximum: 1}", -0.0, null)]
    [InlineData("logicalType: number, physicalType: double, logicalTypeOptions: {minimum: 0, maximum: 1}", 1.0000000000000002, "maximum")]
    [InlineData("logicalType: number, physicalType: double, logicalTypeOptions: {minimum: 0, maximum: 1}", double.NaN, "minimum")]
    [InlineData("logicalType: number, physicalType: double, logicalTypeOptions: {maximum: 1}", double.NegativeInfinity, null)]
    [InlineData("logicalType: number, physicalType: double, logicalTypeOptions: {exclusiveMaximum: 1}", 1.0, "exclusiveMaximum")]
    [InlineData("logicalType: string, quality: [{metric: nullValues, mustBe: 0}]", null, "nullValues")]
    [InlineData("logicalType: string, quality: [{metric: nullValues, mustBe: 0}]", "", null)]
    [InlineData("logicalType: string, quality: [{metric: nullValues, mustBeLessThan: 1}]", null, "nullValues")]
    [InlineData("logicalType: string, quality: [{id: given, metric: missingValues, arguments: {missingValues: [null, \"\", n/a]}, mustBe: 0}]", "n/a", "given")]
    [InlineData("logicalType: string, quality: [{id: given, metric: missingValues, arguments: {missingValues: [null, \"\", n/a]}, mustBe: 0}]", null, "given")]
    [InlineData("logicalType: string, quality: [{id: given, metric: missingValues, arguments: {missingValues: [null, \"\", n/a]}, mustBe: 0}]", "N/A", null)]
    [InlineData("physicalType: bigint, quality: [{id: given, metric: missingValues, arguments: {missingValues: [-1, n/a]}, mustBe: 0}]", -1L, "given")]
    [InlineData("physicalType: bigint, quality: [{id: given, metric: missingValues, arguments: {missingValues: [-1, n/a]}, mustBe: 0}]", 1L, null)]
    [InlineData("logicalType: string, quality: [{id: valid, metric: invalidValues, arguments: {validValues: [new, \"ž\"]}, mustBe: 0}]", "ž", null)]
    [InlineData("logicalType: string, quality: [{id: valid, metric: invalidValues, arguments: {validValues: [new, \"ž\"]}, mustBe: 0}]", "old", "valid")]
    [InlineData("logicalType: string, quality: [{id: valid, metric: invalidValues, arguments: {validValues: [new]}, mustBe: 0}]", null, null)]
    [InlineData("logicalType: string, quality: [{id: valid, metric: invalidValues, arguments: {pattern: \"[a-z]+\"}, mustBe: 0}]", "a1", "valid")]
    [InlineData("physicalType: bigint, quality: [{metric: invalidValues, arguments: {validValues: [1, 2.0]}, mustBe: 0}]", 2L, null)]
    [InlineData("physicalType: bigint, quality: [{metric: invalidValues, arguments: {validValues: [1, 2.0]}, mustBe: 0}]", 3L, "invalidValues")]
    [InlineData("physicalType: boolean, quality: [{metric: invalidValues, arguments: {validValues: [true]}, mustBe: 0}]", false, "invalidValues")]
    [InlineData("physicalType: boolean, quality: [{metric: invalidValues, arguments: {validValues: [true]}, mustBe: 0}]", true, null)]
    public void A_value_passes_or_breaks_the_rule(string keys, object? value, string? broken) => Assert.Equal(broken, Broken(keys, value));

    [Theory]
    [InlineData("logicalType: number, physicalType: \"numeric(12,2)\", logicalTypeOptions: {minimum: 0.005}", 0, "minimum")]
    [InlineData("logicalType: number, physicalType: \"numeric(12,2)\", logicalTypeOptions: {minimum: 0.005}", 1, null)]
    [InlineData("logicalType: number, physicalType: \"numeric(12,2)\", logicalTypeOptions: {maximum: 10.559}", 1055, null)]
    [InlineData("logicalType: number, physicalType: \"numeric(12,2)\", logicalTypeOptions: {maximum: 10.559}", 1056, "maximum")]
    [InlineData("logicalType: number, physicalType: \"numeric(12,2)\", logicalTypeOptions: {exclusiveMaximum: 10.55}", 1055, "exclusiveMaximum")]
    [InlineData("logicalType: number, physicalType: \"numeric(12,2)\", logicalTypeOptions: {multipleOf: 0.25}", 175, null)]
    [InlineData("logicalType: number, physicalType: \"numeric(12,2)\", logicalTypeOptions: {multipleOf: 0.25}", 130, "multipleOf")]
    [InlineData("logicalType: number, physicalType: \"numeric(12,2)\", logicalTypeOptions: {multipleOf: 0.125}", 25, null)]
    [InlineData("logicalType: number, physicalType: \"numeric(12,2)\", logicalTypeOptions: {multipleOf: 0.125}", 13, "multipleOf")]
    [InlineData("physicalType: \"numeric(12,2)\", quality: [{metric: invalidValues, arguments: {validValues: [0.5, 1]}, mustBe: 0}]", 50, null)]
    [InlineData("physicalType: \"numeric(12,2)\", quality: [{metric: invalidValues, arguments: {validValues: [0.5, 1]}, mustBe: 0}]", 51, "invalidValues")]
    public void A_decimal_in_its_digits_passes_or_breaks_the_rule(string keys, int units, string? broken) => Assert.Equal(broken, Broken(keys, (Int128)units));

    [Theory]
    [InlineData("physicalType: timestamp(3), logicalTypeOptions: {minimum: \"1970-01-01T00:00:00.0005\"}", 0L, "minimum")]
    [InlineData("physicalType: timestamp(3), logicalTypeOptions: {minimum: \"1970-01-01T00:00:00.0005\"}", 1L, null)]
    [InlineData("physicalType: timestamp(3), logicalTypeOptions: {maximum: \"1969-12-31T23:59:59.9995\"}", 0L, "maximum")]
    [InlineData("physicalType: timestamp(3), logicalTypeOptions: {maximum: \"1969-12-31T23:59:59.9995\"}", -1L, null)]
    [InlineData("physicalType: timestamp(3), logicalTypeOptions: {exclusiveMaximum: \"1970-01-01\"}", 0L, "exclusiveMaximum")]
    [InlineData("physicalType: timestamp(3), logicalTypeOptions: {exclusiveMaximum: \"1970-01-01\"}", -1L, null)]
    [InlineData("physicalType: timestamp(9), logicalTypeOptions: {exclusiveMinimum: \"1970-01-01\"}", 0L, "exclusiveMinimum")]
    [InlineData("physicalType: timestamp(9), logicalTypeOptions: {exclusiveMinimum: \"1970-01-01\"}", 1L, null)]
    [InlineData("physicalType: timestamptz, logicalTypeOptions: {minimum: \"1970-01-01T01:00:00+01:00\"}", -1L, "minimum")]
    [InlineData("physicalType: timestamptz, logicalTypeOptions: {minimum: \"1970-01-01T01:00:00+01:00\"}", 0L, null)]
    [InlineData("physicalType: time, logicalTypeOptions: {maximum: \"12:00:00\"}", 43_200_000_001L, "maximum")]
    [InlineData("physicalType: time, logicalTypeOptions: {maximum: \"12:00:00\"}", 43_200_000_000L, null)]
    public void A_time_passes_or_breaks_the_rule(string keys, long units, string? broken) => Assert.Equal(broken, Broken($"logicalType: {(keys.Contains("time,", StringComparison.Ordinal) ? "time" : "timestamp")}, {keys}", units));

    [Theory]
    [InlineData("minimum: \"2026-01-31\"", 20484, null)]
    [InlineData("minimum: \"2026-01-31\"", 20483, "minimum")]
    [InlineData("exclusiveMaximum: \"2026-01-31\"", 20484, "exclusiveMaximum")]
    public void A_date_passes_or_breaks_the_rule(string options, int days, string? broken) => Assert.Equal(broken, Broken($"logicalType: date, physicalType: date, logicalTypeOptions: {{{options}}}", days));

    [Fact]
    public void Exact_bounds_agree_with_arithmetic_without_limits()
    {
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), seed =>
        {
            var random = new Random(seed);
            var (scale, digits) = (random.Next(0, 7), random.Next(0, 7));
            var bound = new BigInteger(random.NextInt64(-2_000_000, 2_000_000));
            var option = random.Next(4) switch { 0 => "minimum", 1 => "maximum", 2 => "exclusiveMinimum", _ => "exclusiveMaximum" };
            var text = Decimal(bound, digits);
            // Values about the bound, in the column's digits.
            var near = BigInteger.Divide(bound * BigInteger.Pow(10, scale), BigInteger.Pow(10, digits));
            var value = near + random.Next(-2, 3);
            var order = BigInteger.Compare(value * BigInteger.Pow(10, digits), bound * BigInteger.Pow(10, scale));
            var allowed = option switch { "minimum" => order >= 0, "maximum" => order <= 0, "exclusiveMinimum" => order > 0, _ => order < 0 };
            var broken = Broken($"logicalType: number, physicalType: \"numeric(38,{scale})\", logicalTypeOptions: {{{option}: {text}}}", (Int128)value);
            return broken == (allowed ? null : option);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void Deletes_and_erases_are_not_asked()
    {
        var (gate, schema) = Gate("logicalType: integer, physicalType: bigint, logicalTypeOptions: {minimum: 1}");
        var chunk = new ChangeChunk(TestColumns.Batch(schema, [[0L], [0L], [0L]]), new[] { ChangeKind.Delete, ChangeKind.Erase, ChangeKind.Upsert }, []);
        Assert.Equal([2], gate.Inspect(chunk).Select(r => r.Row));
    }

    [Fact]
    public void Of_several_rules_the_first_stands_and_its_reason_tells_no_value()
    {
        var (gate, schema) = Gate("logicalType: string, logicalTypeOptions: {maxLength: 3, pattern: \"[a-z]*\"}");
        var rejection = Assert.Single(gate.Inspect(ChangeChunk.Upserts(TestColumns.Batch(schema, [["SECRET"]]))));
        Assert.Equal(("maxLength", "p", "found a text of another length, expected at most 3 characters"), (rejection.Rule, rejection.Column, rejection.Reason));
    }

    [Fact]
    public void A_pattern_that_takes_for_ever_is_not_waited_for()
    {
        Assert.Equal("pattern", Broken("logicalType: string, logicalTypeOptions: {pattern: \"(?=x*)(a+)+b\"}", new string('a', 60)));
    }

    [Theory]
    [InlineData("logicalType: string, logicalTypeOptions: {pattern: \"[a\"}", "'p': pattern: '[a' is no regular expression.")]
    [InlineData("logicalType: string, logicalTypeOptions: {pattern: \"a)(?:b\"}", "'p': pattern: 'a)(?:b' is no regular expression.")]
    [InlineData("logicalType: string, logicalTypeOptions: {minLength: 4, maxLength: 3}", "'p': minLength is above maxLength.")]
    [InlineData("logicalType: date, physicalType: date, logicalTypeOptions: {minimum: yesterday}", "'p': minimum: 'yesterday' is no date, as 2026-01-31.")]
    [InlineData("logicalType: timestamp, physicalType: timestamp, logicalTypeOptions: {minimum: \"2026-01-31T25:00:00\"}", "'p': minimum: '2026-01-31T25:00:00' is no time, as 2026-01-31T13:05:00.")]
    [InlineData("physicalType: bigint, quality: [{id: valid, metric: invalidValues, arguments: {validValues: [1, two]}, mustBe: 0}]", "'p': valid: 'two' is no value of int64.")]
    public void What_can_not_be_understood_is_a_fault(string keys, string fault) => Assert.Equal(fault, Assert.Single(Rules(keys).Faults).What);

    [Theory]
    [InlineData("logicalType: string, unique: true")]
    [InlineData("logicalType: string, relationships: [{to: a.b}]")]
    [InlineData("logicalType: string, quality: [{id: some, metric: nullValues, mustBeLessThan: 1, unit: percent}]")]
    [InlineData("logicalType: string, quality: [{metric: nullValues, mustBe: 0, severity: warning}]")]
    [InlineData("logicalType: string, quality: [{metric: duplicateValues, mustBe: 0}]")]
    [InlineData("logicalType: string, quality: [{id: s, type: sql, query: \"SELECT 1\", mustBe: 0}]")]
    [InlineData("logicalType: string, quality: [{type: custom, engine: soda, implementation: x}]")]
    public void What_is_about_the_whole_table_is_none_of_the_row_gates(string keys)
    {
        var rules = Rules(keys);
        Assert.Empty(rules.Executed);
        Assert.Empty(rules.NotExecuted);
    }

    [Theory]
    [InlineData("logicalType: string, logicalTypeOptions: {format: postcode}", "'p': the format postcode")]
    [InlineData("logicalType: string, logicalTypeOptions: {maxLength: 3}, customProperties: [{property: mask, value: {algorithm: hmac-sha256, key: k}}]", "'p': logicalTypeOptions, for it is masked before anything looks at it")]
    public void What_nothing_checks_is_listed(string keys, string what)
    {
        var rules = Rules(keys);
        Assert.Equal(what, Assert.Single(rules.NotExecuted).What);
        Assert.Empty(rules.Executed);
    }

    [Fact]
    public void A_rule_for_people_is_neither_executed_nor_missed()
    {
        var rules = Rules("logicalType: string, quality: [{type: text, description: nice}]");
        Assert.Empty(rules.NotExecuted);
        Assert.Empty(rules.Executed);
    }

    private static string Decimal(BigInteger units, int digits)
    {
        var text = BigInteger.Abs(units).ToString(CultureInfo.InvariantCulture).PadLeft(digits + 1, '0');
        return (units.Sign < 0 ? "-" : "") + (digits == 0 ? text : $"{text[..^digits]}.{text[^digits..]}");
    }

    private static RowRules Rules(string keys) => RowRules.Of(ContractText.Property(keys).OrThrow().Objects[0]);

    private static (RuleRowGate Gate, Schema Schema) Gate(string keys)
    {
        var table = ContractText.Property(keys).OrThrow().Objects[0];
        var rules = RowRules.Of(table);
        Assert.Empty(rules.Faults);
        var dataset = TestDatasets.With([.. table.Columns()]) with { Rules = rules.Executed };
        return (new RuleRowGate(dataset), dataset.TargetSchema);
    }

    private static string? Broken(string keys, object? value)
    {
        var (gate, schema) = Gate(keys);
        return gate.Inspect(ChangeChunk.Upserts(TestColumns.Batch(schema, [[value]]))).SingleOrDefault()?.Rule;
    }
}
