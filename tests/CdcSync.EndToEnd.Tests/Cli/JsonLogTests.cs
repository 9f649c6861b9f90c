using System.Text.Json;
using CdcSync.Cli.Observing;
using CdcSync.Cli.Output;
using CdcSync.Core.Errors;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

public sealed class JsonLogTests
{
    [Fact]
    public async Task Every_line_of_a_daemon_is_a_document_from_the_first_to_the_last()
    {
        using var pipeline = new PipelineFolder(more: "log: { format: json }\nhttp: { listen: \"127.0.0.1:0\" }\n");
        await pipeline.TrackAsync();
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate"]);
        await daemon.WaitForLineAsync("\"name\":\"BatchCommitted\".*\"dataset\":\"orders\"");
        daemon.Send(Signal.Terminate);
        var result = await daemon.WaitForExitAsync();
        var lines = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.All(lines, l => Assert.Equal(["at", "level"], l.EnumerateObject().Take(2).Select(p => p.Name)));

        var batch = lines.First(l => l.TryGetProperty("name", out var name) && name.GetString() == "BatchCommitted");
        Assert.Equal((1001, "shop"), (batch.GetProperty("event").GetInt32(), batch.GetProperty("pipeline").GetString()));
        Assert.True(batch.GetProperty("landedBytes").GetInt64() > 0);
        Assert.NotEqual(0, batch.GetProperty("inserted").GetInt64());
        var history = JsonDocument.Parse((await pipeline.RunAsync("history", "--json")).Out).RootElement.GetProperty("entries").EnumerateArray();
        Assert.Contains(batch.GetProperty("publication").GetString(), history.Select(e => e.GetProperty("publication").GetString()));
    }

    [Fact]
    public void Every_event_has_a_number_of_its_own()
    {
        var numbers = typeof(LogEvents).GetMethods().SelectMany(m => m.GetCustomAttributes(typeof(Microsoft.Extensions.Logging.LoggerMessageAttribute), false)).Cast<Microsoft.Extensions.Logging.LoggerMessageAttribute>().Select(a => a.EventId).ToArray();
        Assert.NotEmpty(numbers);
        Assert.Equal(numbers.Distinct(), numbers);
    }

    [Fact]
    public void A_secret_is_taken_out_also_where_a_document_would_escape_it()
    {
        using var notes = new StringWriter();
        using var data = new StringWriter();
        var terminal = new Terminal(data, notes, new TerminalAbilities(Colors: true, IsInteractive: true));
        terminal.Scrubber.Add("pass\"word\\1");
        terminal.NoteAsJson(TimeProvider.System);
        terminal.Note("said pass\"word\\1");
        terminal.Fault(new CdcSyncException(ErrorCodes.SourceUnavailable, "the driver said pass\"word\\1", "Run: cdcsync status"));
        var log = new LogObserver(new JsonLog(terminal, TimeProvider.System, "shop"), new Repetitions(TimeProvider.System, TimeSpan.FromMinutes(5)));
        log.WorkerFailed("source", new CdcSyncException(ErrorCodes.SourceUnavailable, "again pass\"word\\1", "Run: cdcsync status"), TimeSpan.Zero);
        terminal.Data(JsonSerializer.Serialize("pass\"word\\1", new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        var lines = notes.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("message").GetString()!).ToArray();
        Assert.Equal(["said ***", "the driver said ***", "source failed, again in 0ms: CDC2001 again *** Run: cdcsync status"], lines);
        Assert.DoesNotContain("word", notes + data.ToString(), StringComparison.Ordinal);
    }
}
