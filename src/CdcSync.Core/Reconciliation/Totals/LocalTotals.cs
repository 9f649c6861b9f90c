using System.Numerics;
using CdcSync.Arrow;

namespace CdcSync.Core.Reconciliation.Totals;

/// <summary>Totals computed from the rows themselves: the oracle for every engine that computes them in its own SQL.</summary>
public static class LocalTotals
{
    /// <summary>The totals of a side's rows, by the canonical form of their groups.</summary>
    public static async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>> OfAsync(IRowSide side, TotalScope scope, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(side);
        ArgumentNullException.ThrowIfNull(scope);
        var sums = new Dictionary<CanonicalKey, (long Rows, BigInteger? Sum)>();
        await foreach (var chunk in side.ReadAsync(null, ct))
        {
            var groups = new CanonicalRows(GroupsOf(chunk.Rows, scope), Enumerable.Range(0, scope.Groups.Count));
            var summand = scope.Sum is { } column ? Summand(chunk.Rows.Column(column)) : null;
            var isWithin = scope.Range?.Over(chunk.Rows);
            for (var row = 0; row < chunk.Length; row++)
            {
                if (isWithin?.Invoke(row) == false)
                    continue;
                var group = groups.Key(row);
                var (rows, sum) = sums.GetValueOrDefault(group);
                sums[group] = (rows + 1, summand?.Invoke(row) is { } value ? (sum ?? 0) + value : sum);
            }
        }

        var scale = scope.Sum is { } summed && scope.Dataset.TargetSchema.Fields[summed].DataType is Decimal128Type d ? d.Scale : 0;
        return sums.ToDictionary(s => s.Key, s => new GroupTotal(s.Value.Rows, s.Value.Sum is { } sum ? GroupTotal.Text(sum, scale) : null));
    }

    private static RecordBatch GroupsOf(RecordBatch rows, TotalScope scope) =>
        new(scope.GroupSchema, [.. scope.Groups.Select(i => rows.Column(i) is FixedWidthArray<long> { Type: TimestampType type } instants ? Days(instants, type.Unit) : rows.Column(i))], rows.Length);

    private static ArrowArray Days(FixedWidthArray<long> instants, TimeUnit unit)
    {
        var day = 86_400 * unit switch { TimeUnit.Second => 1L, TimeUnit.Millisecond => 1_000, TimeUnit.Microsecond => 1_000_000, _ => 1_000_000_000 };
        var days = new FixedWidthBuilder<int>(Date32Type.Default, instants.Length);
        for (var row = 0; row < instants.Length; row++)
        {
            if (instants.IsNull(row))
                days.AppendNull();
            else
                days.Append((int)((instants[row] / day) - (instants[row] % day < 0 ? 1 : 0)));
        }

        return days.Build();
    }

    private static Func<int, BigInteger?> Summand(ArrowArray column) => column switch
    {
        FixedWidthArray<Int128> a => Of(a),
        FixedWidthArray<long> a => Of(a),
        FixedWidthArray<int> a => Of(a),
        FixedWidthArray<short> a => Of(a),
        FixedWidthArray<sbyte> a => Of(a),
        FixedWidthArray<ulong> a => Of(a),
        FixedWidthArray<uint> a => Of(a),
        FixedWidthArray<ushort> a => Of(a),
        FixedWidthArray<byte> a => Of(a),
        _ => throw new ArgumentException($"no sum of {column.Type}", nameof(column)),
    };

    private static Func<int, BigInteger?> Of<T>(FixedWidthArray<T> values) where T : unmanaged, IBinaryInteger<T> => row => values.IsValid(row) ? BigInteger.CreateChecked(values[row]) : null;
}
