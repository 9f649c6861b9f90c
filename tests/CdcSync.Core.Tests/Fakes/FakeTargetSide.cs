using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Core.Tests.Fakes;

/// <summary>A table of (id, value) as one side of a comparison.</summary>
internal sealed class FakeTargetSide(Dataset dataset, Func<IReadOnlyList<KeyValuePair<long, string?>>> rows) : IRowSide
{
    public ValueTask<Survey> SurveyAsync(CancellationToken ct)
    {
        var now = rows();
        return new(now.Count == 0 ? default : new Survey(now[0].Key, now[^1].Key, 0));
    }

    public IAsyncEnumerable<ChangeChunk> ReadAsync(IReadOnlyList<PlaceSpan>? places, CancellationToken ct) => AllAsync(null, ct);

    public IAsyncEnumerable<ChangeChunk> FindAsync(RecordBatch keys, CancellationToken ct) => AllAsync(((FixedWidthArray<long>)keys.Column(0)).Values.ToArray().ToHashSet(), ct);

    private async IAsyncEnumerable<ChangeChunk> AllAsync(IReadOnlySet<long>? keys, [EnumeratorCancellation] CancellationToken ct)
    {
        await Task.Yield();
        ct.ThrowIfCancellationRequested();
        var builder = new RecordBatchBuilder(dataset.TargetSchema);
        foreach (var (key, value) in rows().Where(r => keys?.Contains(r.Key) != false))
        {
            ((FixedWidthBuilder<long>)builder[0]).Append(key);
            if (value is null)
                builder[1].AppendNull();
            else
                ((VarLengthBuilder)builder[1]).Append(value);
        }

        yield return ChangeChunk.Upserts(builder.Build());
    }
}
