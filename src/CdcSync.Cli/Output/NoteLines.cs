using System.Text.Encodings.Web;
using System.Text.Json;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Output;

/// <summary>The form of lines about what goes on: text for people, or a JSON document each for programs.</summary>
internal sealed class NoteLines
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private TimeProvider? _time;
    private Func<string, string> _scrub = text => text;

    /// <summary>True if each line is a JSON document.</summary>
    public bool IsJson => _time is not null;

    /// <summary>From now on each line is a JSON document.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="scrub">Takes secrets out of a value: inside a document they may be escaped.</param>
    public void BeginJson(TimeProvider time, Func<string, string> scrub) => (_time, _scrub) = (time, scrub);

    /// <summary>A text, which may have several lines.</summary>
    public string Of(string text) => _time is null ? text : string.Join('\n', text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Write(("level", "info"), ("message", line))));

    /// <summary>An error.</summary>
    public string Of(CdcSyncException fault) => Write(("level", "error"), ("message", fault.Message), ("code", fault.Code.Id), ("remedy", fault.Remedy));

    private string Write(params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var document = new Dictionary<string, string>(StringComparer.Ordinal) { ["at"] = Words.Of(_time!.GetUtcNow()) };
        foreach (var (name, value) in fields)
            document[name] = _scrub(value);
        return JsonSerializer.Serialize(document, Readable);
    }
}
