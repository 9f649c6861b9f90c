using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CdcSync.Cli.Output;
using Microsoft.Extensions.Logging;

namespace CdcSync.Cli.Observing;

/// <summary>
/// Writes log events as lines of JSON on stderr: <c>at</c>, <c>level</c>, <c>event</c>, <c>name</c>, <c>message</c>, <c>pipeline</c>, then the fields of the event's scopes and its own. Exceptions are named, not quoted.
/// </summary>
internal sealed class JsonLog(Terminal terminal, TimeProvider time, string pipeline) : ILogger, ILoggerProvider
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly LoggerExternalScopeProvider _scopes = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => _scopes.Push(state);

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal);
        _scopes.ForEachScope(Collect, fields);
        Collect(state, fields);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            json.WriteString("at", Words.Of(time.GetUtcNow()));
            json.WriteString("level", Level(logLevel));
            json.WriteNumber("event", eventId.Id);
            json.WriteString("name", eventId.Name);
            json.WriteString("message", terminal.Scrubber.Scrub(formatter(state, null)));
            json.WriteString("pipeline", pipeline);
            foreach (var (name, value) in fields)
                Write(json, name, value);
            if (exception is not null)
                json.WriteString("exception", exception.GetType().Name);
            json.WriteEndObject();
        }

        terminal.Line(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    public void Dispose()
    {
        // The terminal lives as long as the process.
    }

    private static string Level(LogLevel level) => level switch
    {
        >= LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        _ => "info",
    };

    private static void Collect(object? state, Dictionary<string, object?> fields)
    {
        foreach (var (name, value) in state as IEnumerable<KeyValuePair<string, object?>> ?? [])
        {
            if (name is not ("{OriginalFormat}" or "tail"))
                fields[name] = value;
        }
    }

    private void Write(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null: json.WriteNull(name); break;
            case long number: json.WriteNumber(name, number); break;
            case int number: json.WriteNumber(name, number); break;
            default: json.WriteString(name, terminal.Scrubber.Scrub(value.ToString() ?? "")); break;
        }
    }
}
