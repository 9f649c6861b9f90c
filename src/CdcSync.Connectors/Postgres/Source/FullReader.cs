using System.Globalization;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Sql;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>Reads a whole object, each time. Its position is the source's clock: whether the content is the same is for the warehouse to see, which publishes the difference.</summary>
internal sealed class FullReader : DatasetReader
{
    /// <summary>The kind of position.</summary>
    public const string Kind = "postgres-full";

    private readonly ReadTransaction _transaction;
    private readonly Dataset _dataset;
    private readonly PostgresObject _source;
    private readonly Position _upTo;

    private FullReader(ReadTransaction transaction, Dataset dataset, PostgresObject source)
    {
        (_transaction, _dataset, _source) = (transaction, dataset, source);
        _upTo = new Position(Kind, transaction.Facts.Clock.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        Reading = Reading.Changed(transaction.Facts.Identity, _upTo);
    }

    public override Reading Reading { get; }

    /// <summary>Looks at the checkpoint only.</summary>
    public static DatasetReader Open(ReadTransaction transaction, ReadRequest request, PostgresObject source) =>
        request.From is { } from && CheckpointFit.Misfit(request.Dataset, from, Kind, transaction.Facts.Identity) is { } misfit ? new NothingToRead(misfit)
            : new FullReader(transaction, request.Dataset, source);

    public override IEnumerable<ReadEvent> Read()
    {
        foreach (var chunk in _transaction.Rows(_dataset, _source, RowsSql.All(_dataset, _source))) yield return new ChunkRead(_dataset.Id, chunk);
        yield return new WindowEnd(_dataset.Id, _upTo, null);
    }
}
