using System.Text.Json;
using System.Text.RegularExpressions;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>Every example of docs/cli.md, run in its order by the real process; the documents shown have the fields of those written.</summary>
public sealed partial class CliDocumentTests
{
    [Fact]
    public async Task Every_example_works_as_it_is_shown()
    {
        using var folder = new TempFolder();
        var text = Documents.Read("docs/cli.md");
        var last = new ProcessResult(0, "", "");
        var ran = 0;
        foreach (Match block in Blocks().Matches(text))
        {
            var (kind, body) = (block.Groups[1].Value, block.Groups[2].Value);
            if (kind == "json")
                AssertSameFields(JsonDocument.Parse(body).RootElement, JsonDocument.Parse(last.Out).RootElement, "$");
            else if (kind == "jsonl")
                AssertSameEvents(body, last);
            else
            {
                foreach (var line in body.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    last = await RunAsync(line, folder);
                    ran++;
                }
            }
        }

        Assert.True(ran > 15, $"{ran} examples");
    }

    [Fact]
    public async Task Every_command_has_a_section()
    {
        using var folder = new TempFolder();
        var help = await CdcsyncProcess.RunAsync(folder.Root, ["--help"]);
        var verbs = Verbs().Matches(help.Out[help.Out.IndexOf("Commands:", StringComparison.Ordinal)..help.Out.IndexOf("Examples:", StringComparison.Ordinal)]).Select(m => m.Groups[1].Value).ToArray();
        var sections = Sections().Matches(Documents.Read("docs/cli.md")).Select(m => m.Groups[1].Value).ToArray();
        Assert.True(verbs.Length >= 11, help.ToString());
        Assert.Empty(verbs.Except(sections));
    }

    private static async Task<ProcessResult> RunAsync(string line, TempFolder folder)
    {
        var (words, comment) = line.Split('#') is [var before, var after] ? (before, after) : (line, "");
        var arguments = words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(w => w.Trim('\''));
        var expected = Exit().Match(comment) is { Success: true } exit ? int.Parse(exit.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) : 0;
        await using var process = CdcsyncProcess.Start(Directory.Exists(folder["notes"]) ? folder["notes"] : folder.Root, arguments);
        if (comment.Contains("until SIGTERM", StringComparison.Ordinal))
        {
            await process.WaitForLineAsync("\"event\":\"state\"");
            await Task.Delay(500);
            process.Send(Signal.Terminate);
        }

        var result = await process.WaitForExitAsync();
        Assert.True(result.ExitCode == expected, $"{line}\n{result}");
        return result;
    }

    /// <summary>Each line shown has a line written of the same event with the same fields; the last line written is the end.</summary>
    private static void AssertSameEvents(string shown, ProcessResult result)
    {
        var written = result.Out.Split('\n').Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        foreach (var line in shown.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement))
        {
            var same = written.Where(w => w.GetProperty("event").GetString() == line.GetProperty("event").GetString()).ToArray();
            Assert.True(same.Length > 0, $"no such event: {line}\n{result}");
            AssertSameFields(line, same[0], line.GetProperty("event").GetString()!);
        }

        Assert.Equal("end", written[^1].GetProperty("event").GetString());
        Assert.Equal(result.ExitCode, written[^1].GetProperty("exitCode").GetInt32());
        Assert.Single(written, w => w.GetProperty("event").GetString() == "end");
    }

    private static void AssertSameFields(JsonElement shown, JsonElement written, string path)
    {
        if (shown.ValueKind == JsonValueKind.Null || written.ValueKind == JsonValueKind.Null)
            return;
        Assert.True(Kind(shown) == Kind(written), $"{path}: {shown} / {written}");
        if (shown.ValueKind == JsonValueKind.Object)
        {
            Assert.Equal(written.EnumerateObject().Select(p => $"{path}.{p.Name}"), shown.EnumerateObject().Select(p => $"{path}.{p.Name}"));
            foreach (var property in shown.EnumerateObject())
                AssertSameFields(property.Value, written.GetProperty(property.Name), $"{path}.{property.Name}");
        }
        else if (shown.ValueKind == JsonValueKind.Array && shown.GetArrayLength() > 0)
        {
            Assert.True(written.GetArrayLength() > 0, $"{path}: nothing was written");
            AssertSameFields(shown[0], written[0], $"{path}[]");
        }
    }

    private static JsonValueKind Kind(JsonElement element) => element.ValueKind == JsonValueKind.False ? JsonValueKind.True : element.ValueKind;

    [GeneratedRegex(@"^```(sh|json|jsonl)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex(@"exit (\d+)")]
    private static partial Regex Exit();

    [GeneratedRegex(@"^  (\w+) ", RegexOptions.Multiline)]
    private static partial Regex Verbs();

    [GeneratedRegex(@"^## (\w+)", RegexOptions.Multiline)]
    private static partial Regex Sections();
}
