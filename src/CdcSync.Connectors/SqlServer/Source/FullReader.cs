using System.Globalization;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>Reads a whole object, each time. Its position is the source's clock: whether the content is the same is for the warehouse to see, which publishes the difference.</summary>
internal sealed class FullReader : DatasetReader
{
    /// <summary>The kind of position.</summary>
    public const string Kind = "sqlserver-full";

    private readonly SessionContext _session;
    private readonly Dataset _dataset;
    private readonly SqlServerObject _source;
    private readonly Position _upTo;

    private FullReader(SessionContext session, Dataset dataset, SqlServerObject source)
    {
        (_session, _dataset, _source) = (session, dataset, source);
        _upTo = new Position(Kind, session.Facts.Clock.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        Reading = Reading.Changed(session.Identity, _upTo);
    }

    public override Reading Reading { get; }

    /// <summary>Looks at the checkpoint only.</summary>
    public static DatasetReader Open(SessionContext session, ReadRequest request, SqlServerObject source) =>
        request.From is { } from && CheckpointFit.Misfit(request.Dataset, from, Kind, session.Identity) is { } misfit ? new NothingToRead(misfit) : new FullReader(session, request.Dataset, source);

    public override IEnumerable<ReadEvent> Read()
    {
        using var rows = _session.Database.Rows(_dataset, _source);
        foreach (var chunk in Upserts(_dataset, rows)) yield return chunk;
        yield return new WindowEnd(_dataset.Id, _upTo, null);
    }
}
