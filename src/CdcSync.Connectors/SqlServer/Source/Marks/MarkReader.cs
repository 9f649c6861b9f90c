using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Marks;

namespace CdcSync.Connectors.SqlServer.Source.Marks;

/// <summary>Reads rows by a timestamp or a number; the rules are <see cref="MarkWindow"/>'s.</summary>
internal sealed class MarkReader : DatasetReader
{
    private const string System = "sqlserver";

    private readonly Dataset _dataset;
    private readonly MarkWindow _window;

    private MarkReader(SessionContext session, Dataset dataset, MarkWindow window)
    {
        (_dataset, _window) = (dataset, window);
        Reading = window.HasNews ? Reading.Changed(session.Identity, window.UpTo) : Reading.Unchanged(session.Identity, window.UpTo);
    }

    public override Reading Reading { get; }

    /// <summary>Looks at the rows from the bound on.</summary>
    /// <param name="session">The session.</param>
    /// <param name="request">The dataset and where it goes on from; it was inspected.</param>
    /// <param name="source">Its object.</param>
    /// <param name="memory">What was delivered before.</param>
    /// <param name="clock">The source's clock.</param>
    public static DatasetReader Open(SessionContext session, ReadRequest request, SqlServerObject source, MarkMemory memory, SessionClock clock)
    {
        var (dataset, identity) = (request.Dataset, session.Identity);
        var capture = (Capture.HighWaterMark)dataset.Capture;
        var mark = source.Column(capture.Column)!;
        if (request.From is null)
        {
            memory.Clear();
            var start = new MarkPosition(session.Database.HighestMark(dataset, source, mark, capture.Kind == MarkKind.Timestamp ? MarkWindow.Nanoseconds(clock.Now) : null), null);
            return new NothingToRead(Reading.Start(identity, start.ToPosition(System, capture.Kind)));
        }
        if (CheckpointFit.Misfit(dataset, request.From, MarkPosition.KindOf(System, capture.Kind), identity) is { } misfit) return new NothingToRead(misfit);
        if (MarkPosition.Parse(capture.Kind, request.From.Stream.Canonical) is not { } after) return new NothingToRead(CheckpointFit.Unreadable(dataset, identity));
        return new MarkReader(session, dataset, new MarkWindow(System, request, after, memory, clock, from => Chunks(session, dataset, source, mark, from)));
    }

    public override IEnumerable<ReadEvent> Read()
    {
        foreach (var chunk in _window.Read()) yield return new ChunkRead(_dataset.Id, chunk);
        yield return new WindowEnd(_dataset.Id, _window.UpTo, _window.Newest);
    }

    private static IEnumerable<ChangeChunk> Chunks(SessionContext session, Dataset dataset, SqlServerObject source, SqlServerColumn mark, Int128? from)
    {
        using var rows = session.Database.Marks(dataset, source, mark, from);
        var chunks = new RowChunks(dataset);
        while (rows.Read())
        {
            rows.AddTo(chunks);
            if (chunks.IsFull) yield return chunks.Take();
        }
        if (!chunks.IsEmpty) yield return chunks.Take();
    }
}
