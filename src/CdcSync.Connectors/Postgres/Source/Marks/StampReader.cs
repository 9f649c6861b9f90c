using System.Globalization;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Sql;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Marks;

namespace CdcSync.Connectors.Postgres.Source.Marks;

/// <summary>Reads rows by a timestamp; the rules are <see cref="MarkWindow"/>'s, and <see cref="MarkWay"/> says whether it needs the overlap.</summary>
internal sealed class StampReader : DatasetReader
{
    private const string System = "postgres";
    private const long NanosecondsPerMicrosecond = 1_000;

    private readonly Dataset _dataset;
    private readonly MarkWindow _window;

    private StampReader(ReadTransaction transaction, Dataset dataset, MarkWindow window)
    {
        (_dataset, _window) = (dataset, window);
        var identity = transaction.Facts.Identity;
        Reading = window.HasNews ? Reading.Changed(identity, window.UpTo) : Reading.Unchanged(identity, window.UpTo);
    }

    public override Reading Reading { get; }

    /// <summary>Looks at the rows from the bound on.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="request">The dataset and where it goes on from; it was inspected.</param>
    /// <param name="source">Its object.</param>
    /// <param name="memory">What was delivered before.</param>
    /// <param name="clock">The source's clock.</param>
    /// <param name="open">The transactions that were open before the snapshot; null = not asked, as no dataset needs to know.</param>
    public static DatasetReader Open(ReadTransaction transaction, ReadRequest request, PostgresObject source, MarkMemory memory, SessionClock clock, OpenTransactions? open)
    {
        var (dataset, identity) = (request.Dataset, transaction.Facts.Identity);
        var capture = (Capture.HighWaterMark)dataset.Capture;
        var mark = source.Column(capture.Column)!;
        var way = MarkWay.Of(capture, mark, transaction.Facts, open);
        if (request.From is null)
        {
            memory.Clear();
            var start = way.Nanoseconds is { } settled ? new MarkPosition(settled, null) { IsSettled = true } : new MarkPosition(Highest(transaction, dataset, source, mark, clock), null);
            return new NothingToRead(Reading.Start(identity, start.ToPosition(System, capture.Kind)));
        }
        if (CheckpointFit.Misfit(dataset, request.From, MarkPosition.KindOf(System, capture.Kind), identity) is { } misfit) return new NothingToRead(misfit);
        if (MarkPosition.Parse(capture.Kind, request.From.Stream.Canonical) is not { } after) return new NothingToRead(CheckpointFit.Unreadable(dataset, identity));
        return new StampReader(transaction, dataset, new MarkWindow(System, request, after, memory, clock, from => Rows(transaction, dataset, source, mark, from), way.Nanoseconds));
    }

    public override IEnumerable<ReadEvent> Read()
    {
        foreach (var chunk in _window.Read()) yield return new ChunkRead(_dataset.Id, chunk);
        yield return new WindowEnd(_dataset.Id, _window.UpTo, _window.Newest);
    }

    private static IEnumerable<ChangeChunk> Rows(ReadTransaction transaction, Dataset dataset, PostgresObject source, PostgresColumn mark, Int128? from) => from is { } bound
        ? transaction.Rows(dataset, source, MarksSql.From(dataset, source, mark), Text(bound))
        : transaction.Rows(dataset, source, RowsSql.All(dataset, source));

    private static Int128? Highest(ReadTransaction transaction, Dataset dataset, PostgresObject source, PostgresColumn mark, SessionClock clock) =>
        transaction.Connection.Ask([Parameter.Statement(MarksSql.HighestStamp(dataset, source, mark), Parameter.Text(Text(MarkWindow.Nanoseconds(clock.Now))))], $"looking for the last mark of dataset {dataset.Id}",
            rows => rows.Read() && !rows.IsDBNull(0) ? (Int128?)((Int128)rows.GetInt64(0) * NanosecondsPerMicrosecond) : null);

    /// <summary>An instant in UTC as the server reads it, rounded down to its microseconds.</summary>
    private static string Text(Int128 nanoseconds)
    {
        var (seconds, rest) = MarkPosition.Split(nanoseconds);
        return string.Create(CultureInfo.InvariantCulture, $"{DateTime.UnixEpoch.AddSeconds(seconds):yyyy-MM-dd HH:mm:ss}.{rest / NanosecondsPerMicrosecond:D6}+00");
    }
}
