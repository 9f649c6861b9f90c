using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;

namespace CdcSync.Core.Sync;

/// <summary>
/// Cuts a first load into ranges. Finding where every so many rows end walks a whole index. Where the key is one integer that is hardly ever missing, arithmetic does
/// it at once: a range of so many numbers has at most so many rows.
/// </summary>
internal static class RangePlan
{
    /// <summary>Numbers looked at in each of three places.</summary>
    private const int ProbedNumbers = 2_000;

    /// <summary>More ranges than this are not planned by arithmetic: the places looked at may have been the only dense ones.</summary>
    private const int MostRanges = 1_000;

    /// <summary>The ranges, in order; they touch and cover all keys.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="reader">Its reader.</param>
    /// <param name="rowsPerRange">The size aimed at.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task<IReadOnlyList<KeyRange>> OfAsync(Dataset dataset, IRangeReader reader, long rowsPerRange, CancellationToken ct)
    {
        if (await reader.IntegerKeysAsync(dataset, ct) is not var (first, last))
            return await reader.PlanAsync(dataset, rowsPerRange, ct);
        var numbers = (Int128)last - first + 1;
        if (numbers <= rowsPerRange)
            return [new KeyRange(0, null, null)];
        var count = (numbers + rowsPerRange - 1) / rowsPerRange;
        if (count > MostRanges || !await IsDenseAsync(dataset, reader, first, last, ct))
            return await reader.PlanAsync(dataset, rowsPerRange, ct);
        return [.. Enumerable.Range(0, (int)count).Select(i => Range(i, (int)count))];

        KeyRange Range(int i, int count)
        {
            var from = i == 0 ? long.MinValue : first + (i * rowsPerRange);
            var to = i == count - 1 ? long.MaxValue : first + ((i + 1) * rowsPerRange) - 1;
            return reader.Between(from, to) with { Ordinal = i };
        }
    }

    /// <summary>True if at least every second number is a row's, at the start, in the middle and at the end.</summary>
    private static async Task<bool> IsDenseAsync(Dataset dataset, IRangeReader reader, long first, long last, CancellationToken ct)
    {
        var numbers = (long)Int128.Min((Int128)last - first + 1, ProbedNumbers);
        var middle = first + (long)(((Int128)last - first - numbers) / 2);
        var rows = 0L;
        foreach (var from in (long[])[first, middle, last - numbers + 1])
        {
            await foreach (var chunk in reader.ReadAsync(dataset, reader.Between(from, from + numbers - 1), ct))
                rows += chunk.Length;
        }

        return rows * 2 >= 3 * numbers;
    }
}
