namespace CdcSync.Cli.Output;

/// <summary>Writes events to stdout as they happen, a line of JSON each.</summary>
internal sealed class JsonFeed(Terminal terminal, TimeProvider time)
{
    /// <summary>Tells an event, now.</summary>
    public void Tell<TLine>(TLine line)
        where TLine : JsonLine => terminal.Data(JsonLines.Write(line with { At = Words.Of(time.GetUtcNow()) }));
}
