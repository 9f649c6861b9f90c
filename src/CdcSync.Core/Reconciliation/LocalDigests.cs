using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Core.Batches;

namespace CdcSync.Core.Reconciliation;

/// <summary>
/// Digests computed from the rows themselves: for an engine that runs in this process, and for any other that has no SQL for it; then its rows travel.
/// </summary>
public sealed class LocalDigests(IRowSide side) : IDigestReader
{
    /// <inheritdoc/>
    public ValueTask<Survey> SurveyAsync(DigestScope scope, CancellationToken ct) => side.SurveyAsync(ct);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<long, PartDigest>> DigestAsync(DigestScope scope, IReadOnlyList<Part>? parts, int shift, CancellationToken ct)
    {
        var digests = new Dictionary<long, PartDigest>();
        await foreach (var (rows, row) in WithinAsync(scope, parts, ct))
        {
            var prefix = rows.Place(row) >> shift;
            digests[prefix] = digests.GetValueOrDefault(prefix).With(rows.Hash(row));
        }

        return digests;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<RowDigest> RowsAsync(DigestScope scope, IReadOnlyList<Part> parts, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var (rows, row) in WithinAsync(scope, parts, ct))
            yield return rows.Digest(row);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<RowDigest> FindAsync(DigestScope scope, RecordBatch keys, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var chunk in side.FindAsync(keys, ct))
        {
            var rows = new HashedRows(scope, chunk);
            for (var row = 0; row < chunk.Length; row++)
                yield return rows.Digest(row);
        }
    }

    private async IAsyncEnumerable<(HashedRows Rows, int Row)> WithinAsync(DigestScope scope, IReadOnlyList<Part>? parts, [EnumeratorCancellation] CancellationToken ct)
    {
        var shift = parts is [var first, ..] ? first.Shift : 0;
        var wanted = parts?.Select(p => p.Prefix).ToHashSet();
        await foreach (var chunk in side.ReadAsync(PlaceSpan.Of(scope, parts), ct))
        {
            var rows = new HashedRows(scope, chunk);
            var isWithin = scope.Range?.Over(chunk.Rows);
            for (var row = 0; row < chunk.Length; row++)
                if ((wanted is null || wanted.Contains(rows.Place(row) >> shift)) && isWithin?.Invoke(row) != false) yield return (rows, row);
        }
    }

    /// <summary>A chunk's keys and hashes. A value that could not be read stands as null, so that its row gets a hash that no other has.</summary>
    private sealed class HashedRows(DigestScope scope, ChangeChunk chunk)
    {
        private readonly CanonicalRows _keys = new(chunk.Rows, scope.Dataset.TargetKey), _values = new(chunk.Rows, scope.Columns);
        private readonly HashSet<int>? _faulty = chunk.Faults.Count == 0 ? null : [.. chunk.Faults.Select(f => f.Row)];

        public long Place(int row) => scope.Places.Of(_keys.Bytes(row));

        public RowDigest Digest(int row) => new(_keys.Key(row), Hash(row));

        public RowHash Hash(int row) => _faulty?.Contains(row) == true ? RowHash.Of([.. _values.Bytes(row), Unreadable]) : _values.Hash(row);

        private const byte Unreadable = 0xff;
    }
}

/// <summary>A side that hands over its rows, in the dataset's target schema.</summary>
public interface IRowSide
{
    /// <summary>The places of the first and last row where that is cheap to learn; else nothing.</summary>
    ValueTask<Survey> SurveyAsync(CancellationToken ct);

    /// <summary>The rows of some places, or more than those; null = all.</summary>
    /// <param name="places">Ascending; only of places that are ordered.</param>
    /// <param name="ct">Cancels.</param>
    IAsyncEnumerable<ChangeChunk> ReadAsync(IReadOnlyList<PlaceSpan>? places, CancellationToken ct);

    /// <summary>The rows with these keys, or more than those.</summary>
    /// <param name="keys">Key columns alone.</param>
    /// <param name="ct">Cancels.</param>
    IAsyncEnumerable<ChangeChunk> FindAsync(RecordBatch keys, CancellationToken ct);
}
