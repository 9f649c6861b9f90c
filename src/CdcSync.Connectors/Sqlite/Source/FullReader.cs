using System.Security.Cryptography;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>
/// Reads a whole object, each time. Its position is a digest of the content: an object that holds the same rows in the same order is unchanged, for the price of
/// one reading that goes nowhere, where publishing the same again would cost the warehouse a comparison of every row.
/// </summary>
internal sealed class FullReader : DatasetReader
{
    /// <summary>The kind of position.</summary>
    public const string Kind = "sqlite-full";

    private readonly SourceConnection _connection;
    private readonly Dataset _dataset;
    private readonly Position _content;

    private FullReader(SourceConnection connection, Dataset dataset, Position content, Reading reading)
    {
        (_connection, _dataset, _content) = (connection, dataset, content);
        Reading = reading;
    }

    public override Reading Reading { get; }

    /// <summary>Takes the digest.</summary>
    /// <param name="connection">In the session's transaction.</param>
    /// <param name="request">The dataset and where it goes on from.</param>
    /// <param name="identity">The file.</param>
    public static DatasetReader Open(SourceConnection connection, ReadRequest request, SourceIdentity identity)
    {
        if (request.From is { } from && CheckpointFit.Misfit(request.Dataset, from, Kind, identity) is { } misfit)
            return new UnreadableDataset(misfit);
        var content = new Position(Kind, Digest(connection, request.Dataset));
        return new FullReader(connection, request.Dataset, content,
            request.From?.Stream == content ? Reading.Unchanged(identity, content) : Reading.Changed(identity, content));
    }

    public override IEnumerable<ReadEvent> Read()
    {
        using var rows = _connection.Prepare(SourceSql.All(_dataset), $"reading dataset {_dataset.Id}");
        foreach (var chunk in Upserts(_dataset, rows, new RowChunks(_dataset, _connection.IsUtf16)))
            yield return chunk;
        yield return new WindowEnd(_dataset.Id, _content, null);
    }

    private static string Digest(SourceConnection connection, Dataset dataset)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var rows = connection.Prepare(SourceSql.All(dataset), $"reading dataset {dataset.Id}");
        var bytes = new RowBytes();
        while (rows.Step())
        {
            bytes.Add(rows, 0, dataset.Columns.Count);
            if (bytes.Written.Length < FlushAt) continue;
            digest.AppendData(bytes.Written);
            bytes.Clear();
        }
        digest.AppendData(bytes.Written);
        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }

    private const int FlushAt = 64 << 10;
}
