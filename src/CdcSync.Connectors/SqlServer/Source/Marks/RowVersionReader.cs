using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Tracking;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.SqlServer.Source.Marks;

/// <summary>
/// Reads the rows whose rowversion is above the last one read and below the ceiling: the lowest that an open transaction may still write, taken before the read
/// transaction. What is below it is committed and visible; what is not comes with a later reading. Exact, but for deletes.
/// </summary>
internal sealed class RowVersionReader : DatasetReader
{
    private readonly SessionContext _session;
    private readonly Dataset _dataset;
    private readonly SqlServerObject _source;
    private readonly RowVersionWindow _window;
    private readonly RowVersionPosition _upTo;

    private RowVersionReader(SessionContext session, Dataset dataset, SqlServerObject source, RowVersionWindow window, RowVersionPosition upTo)
    {
        (_session, _dataset, _source, _window, _upTo) = (session, dataset, source, window, upTo);
        Reading = session.Database.HasRowVersions(dataset, source, window) ? Reading.Changed(session.Identity, upTo.ToPosition()) : Reading.Unchanged(session.Identity, upTo.ToPosition());
    }

    public override Reading Reading { get; }

    /// <summary>Looks for rows in the window.</summary>
    /// <param name="session">The session.</param>
    /// <param name="request">The dataset and where it goes on from; it was inspected.</param>
    /// <param name="source">Its object.</param>
    public static DatasetReader Open(SessionContext session, ReadRequest request, SqlServerObject source)
    {
        var (dataset, identity, facts) = (request.Dataset, session.Identity, session.Facts);
        if (facts.IsReadOnly) return NothingToRead.Denied(TrackingFaults.NotPrimary($"dataset {dataset.Id}: the database is read-only"), identity);
        var upTo = new RowVersionPosition(Math.Max(session.Ceiling, 1) - 1, facts.Fork);
        if (request.From is null) return new NothingToRead(Reading.Start(identity, upTo.ToPosition()));
        if (CheckpointFit.Misfit(dataset, request.From, RowVersionPosition.Kind, identity) is { } misfit) return new NothingToRead(misfit);
        if (RowVersionPosition.Parse(request.From.Stream.Canonical) is not { } after) return new NothingToRead(CheckpointFit.Unreadable(dataset, identity));
        if (after.Last > upTo.Last)
            return new NothingToRead(Reading.Failed(ReadingState.Rewound, TrackingFaults.Rewound(dataset, "the source's rowversions are below the checkpoint's"), identity));
        if (after.Fork is { } fork && facts.Fork is { } now && fork != now)
            return new NothingToRead(Reading.Failed(ReadingState.Rewound, TrackingFaults.Rewound(dataset, "the database is on another recovery fork than the checkpoint"), identity));
        var capture = (Capture.HighWaterMark)dataset.Capture;
        return new RowVersionReader(session, dataset, source, new RowVersionWindow(capture.Column, after.Last, session.Ceiling), upTo);
    }

    public override IEnumerable<ReadEvent> Read()
    {
        using var rows = _session.Database.RowVersions(_dataset, _source, _window);
        foreach (var chunk in Upserts(_dataset, rows)) yield return chunk;
        yield return new WindowEnd(_dataset.Id, _upTo.ToPosition(), null);
    }
}
