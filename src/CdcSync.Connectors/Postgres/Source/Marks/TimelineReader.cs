using System.Globalization;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Postgres.Source.Marks;

/// <summary>
/// Holds a dataset's marks to the timeline they were read on. A server that was restored to a point in time, or a standby that took over, may give numbers and stamps again that
/// were read before, for rows the warehouse will never be told of. As text the timeline stands behind the mark: <c>1204#1</c>. A standby's is not known: read there, a mark keeps
/// the one it has.
/// </summary>
/// <param name="marks">Reads by the mark alone.</param>
/// <param name="timeline">What its positions are of; null = not known yet.</param>
internal sealed class TimelineReader(DatasetReader marks, uint? timeline) : DatasetReader
{
    private const char Sign = '#';

    public override Reading Reading { get; } = marks.Reading is { UpTo: { } upTo } reading ? reading with { UpTo = With(upTo, timeline) } : marks.Reading;

    /// <summary>Opens it where the checkpoint is of this timeline.</summary>
    /// <param name="facts">The server.</param>
    /// <param name="request">The dataset and where it goes on from.</param>
    /// <param name="open">Opens the reader of marks, from a position without a timeline.</param>
    public static DatasetReader Open(ServerFacts facts, ReadRequest request, Func<ReadRequest, DatasetReader> open)
    {
        if (request.From is not { } checkpoint) return new TimelineReader(open(request), facts.Timeline);
        var (mark, last) = Split(checkpoint.Stream);
        return last is { } then && facts.Timeline is { } now && then != now
            ? new NothingToRead(CheckpointFaults.Rewound(request.Dataset, $"the server is on timeline {now}, the checkpoint on {then}"))
            : new TimelineReader(open(request with { From = checkpoint with { Stream = mark } }), facts.Timeline ?? last);
    }

    public override IEnumerable<ReadEvent> Read() => marks.Read().Select(found => found is WindowEnd end ? end with { UpTo = With(end.UpTo, timeline) } : found);

    /// <summary>The position without its timeline, and the timeline; null = it has none.</summary>
    public static (Position Mark, uint? Timeline) Split(Position position) =>
        position.Canonical.LastIndexOf(Sign) is >= 0 and var at && uint.TryParse(position.Canonical.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var timeline)
            ? (position with { Canonical = position.Canonical[..at] }, timeline) : (position, null);

    private static Position With(Position position, uint? timeline) =>
        timeline is { } known ? position with { Canonical = string.Create(CultureInfo.InvariantCulture, $"{position.Canonical}{Sign}{known}") } : position;
}
