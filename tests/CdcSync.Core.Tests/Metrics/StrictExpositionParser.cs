using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CdcSync.Core.Tests.Metrics;

/// <summary>Reads an exposition and refuses whatever the formats forbid, also what scrapers let pass.</summary>
internal sealed partial class StrictExpositionParser
{
    private readonly bool _open;
    private readonly Dictionary<string, ParsedFamily> _families = new(StringComparer.Ordinal);
    private readonly HashSet<string> _series = new(StringComparer.Ordinal);
    private ParsedFamily? _current;

    private StrictExpositionParser(bool open) => _open = open;

    public static IReadOnlyDictionary<string, ParsedFamily> ParsePrometheusText(string text) => new StrictExpositionParser(open: false).Parse(text);

    public static IReadOnlyDictionary<string, ParsedFamily> ParseOpenMetrics(string text) => new StrictExpositionParser(open: true).Parse(text);

    private IReadOnlyDictionary<string, ParsedFamily> Parse(string text)
    {
        Require(!text.Contains('\r'), "a carriage return");
        Require(text.EndsWith('\n'), "no final line feed");
        Require(!text.StartsWith('\uFEFF'), "a byte order mark");
        var lines = text[..^1].Split('\n');
        if (_open)
        {
            Require(lines[^1] == "# EOF", "no # EOF at the end");
            lines = lines[..^1];
        }
        foreach (var line in lines)
        {
            Require(line.Length > 0, "an empty line");
            if (line[0] == '#')
                ParseComment(line);
            else
                ParseSample(line);
        }
        foreach (var family in _families.Values)
            Check(family);
        return _families;
    }

    private void ParseComment(string line)
    {
        var match = Comment().Match(line);
        Require(match.Success, $"a comment that is neither HELP, TYPE nor UNIT: {line}");
        var (keyword, name, rest) = (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value);
        if (_current?.Name != name)
        {
            Require(!_families.ContainsKey(name), $"the lines of {name} are not together");
            _families.Add(name, _current = new ParsedFamily(name));
        }
        Require(_current.Samples.Count == 0, $"{keyword} after a sample of {name}");
        switch (keyword)
        {
            case "HELP":
                Require(_current.Help is null, $"a second HELP of {name}");
                Require(!Regex.IsMatch(rest, _open ? @"(?<!\\)(\\\\)*\\[^\\n""]" : @"(?<!\\)(\\\\)*\\[^\\n]"), $"a wrong escape in the HELP of {name}");
                _current.Help = rest;
                break;
            case "TYPE":
                Require(_current.Type is null, $"a second TYPE of {name}");
                Require(rest is "counter" or "gauge" or "histogram" || (_open && rest is "info"), $"the type {rest}");
                _current.Type = rest;
                break;
            default:
                Require(_open && _current.Unit is null && name.EndsWith("_" + rest, StringComparison.Ordinal), $"the unit of {name}");
                _current.Unit = rest;
                break;
        }
    }

    private void ParseSample(string line)
    {
        var at = line.IndexOfAny([' ', '{']);
        Require(at > 0, $"no value: {line}");
        var name = line[..at];
        Require(MetricName().IsMatch(name), $"the name {name}");
        var labels = new List<KeyValuePair<string, string>>();
        if (line[at] == '{')
            at = ParseLabels(line, at + 1, labels);
        Require(line[at] == ' ', $"no space before the value: {line}");
        var value = line[(at + 1)..];
        Require(Value().IsMatch(value), $"the value {value}");
        var family = _current;
        Require(family is { Help: not null, Type: not null }, $"{name} before its HELP and TYPE");
        Require(SuffixesOf(family!).Contains(name), $"{name} among the lines of {family!.Name}");
        Require(labels.Select(l => l.Key).Distinct().Count() == labels.Count, $"a label twice: {line}");
        Require(_series.Add(name + "\0" + string.Join('\0', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}\0{l.Value}"))), $"a series twice: {line}");
        family.Samples.Add(new ParsedSample(name, labels, Number(value)));
    }

    private static int ParseLabels(string line, int at, List<KeyValuePair<string, string>> labels)
    {
        while (true)
        {
            var match = LabelStart().Match(line, at);
            Require(match.Success && match.Index == at, $"the labels at {at}: {line}");
            at += match.Length;
            var value = new StringBuilder();
            for (; ; at++)
            {
                Require(at < line.Length, $"an open label value: {line}");
                if (line[at] == '"')
                    break;
                if (line[at] != '\\')
                {
                    value.Append(line[at]);
                    continue;
                }
                at++;
                Require(at < line.Length && line[at] is '\\' or '"' or 'n', $"a wrong escape at {at}: {line}");
                value.Append(line[at] == 'n' ? '\n' : line[at]);
            }
            labels.Add(new(match.Groups[1].Value, value.ToString()));
            at++;
            Require(at < line.Length && line[at] is ',' or '}', $"neither , nor }} at {at}: {line}");
            if (line[at++] == '}')
                return at;
        }
    }

    private IReadOnlyList<string> SuffixesOf(ParsedFamily family) => family.Type switch
    {
        "histogram" => [family.Name + "_bucket", family.Name + "_sum", family.Name + "_count"],
        "counter" when _open => [family.Name + "_total"],
        "info" => [family.Name + "_info"],
        _ => [family.Name],
    };

    private void Check(ParsedFamily family)
    {
        Require(family is { Help: not null, Type: not null }, $"{family.Name} has no HELP or no TYPE");
        if (family.Type == "counter")
        {
            Require(_open ? !family.Name.EndsWith("_total", StringComparison.Ordinal) : family.Name.EndsWith("_total", StringComparison.Ordinal), $"the counter's name {family.Name}");
            Require(family.Samples.All(s => s.Value >= 0), $"{family.Name} is negative or NaN");
        }
        if (family.Type == "info")
            Require(family.Samples.All(s => s.Value == 1), $"{family.Name} is not 1");
        if (family.Type == "histogram")
        {
            foreach (var group in family.Samples.GroupBy(s => string.Join('\0', s.Labels.Where(l => l.Key != "le").OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}\0{l.Value}"))))
                CheckHistogram(family.Name, [.. group]);
        }
        else
        {
            Require(family.Samples.All(s => s.Labels.All(l => l.Key != "le")), $"{family.Name} has a label le");
        }
    }

    private static void CheckHistogram(string name, IReadOnlyList<ParsedSample> samples)
    {
        var buckets = samples.Where(s => s.Name == name + "_bucket").ToArray();
        Require(buckets.All(b => b.Labels.Count(l => l.Key == "le") == 1), $"a bucket of {name} without le");
        var bounds = buckets.Select(b => b.Labels.Single(l => l.Key == "le").Value).ToArray();
        Require(bounds.All(b => b == "+Inf" || Regex.IsMatch(b, @"^\d+\.\d+(e[+-]\d+)?$")), $"a bound of {name} is not canonical");
        Require(bounds.Select(Number).Zip(bounds.Skip(1).Select(Number)).All(p => p.First < p.Second), $"the bounds of {name} do not ascend");
        Require(buckets.Zip(buckets.Skip(1)).All(p => p.First.Value <= p.Second.Value), $"the buckets of {name} are not cumulative");
        Require(bounds.LastOrDefault() == "+Inf", $"{name} has no +Inf");
        var counts = samples.Where(s => s.Name == name + "_count").ToArray();
        Require(counts is [var count] && count.Value == buckets[^1].Value, $"the +Inf of {name} is not its count");
        Require(samples.Count(s => s.Name == name + "_sum") == 1, $"{name} has no sum");
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    private static void Require([System.Diagnostics.CodeAnalysis.DoesNotReturnIf(false)] bool rule, string found)
    {
        if (!rule)
            throw new FormatException(found);
    }

    [GeneratedRegex("^# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$")]
    private static partial Regex Comment();

    [GeneratedRegex("^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
    private static partial Regex MetricName();

    [GeneratedRegex("([a-zA-Z_][a-zA-Z0-9_]*)=\"")]
    private static partial Regex LabelStart();

    [GeneratedRegex(@"^([+-]?\d+(\.\d+)?([eE][+-]?\d+)?|[+-]Inf|NaN)$")]
    private static partial Regex Value();
}

internal sealed class ParsedFamily(string name)
{
    public string Name { get; } = name;

    public string? Help { get; set; }

    public string? Type { get; set; }

    public string? Unit { get; set; }

    public List<ParsedSample> Samples { get; } = [];
}

internal sealed record ParsedSample(string Name, IReadOnlyList<KeyValuePair<string, string>> Labels, double Value)
{
    public string? this[string label] => Labels.FirstOrDefault(l => l.Key == label).Value;
}
