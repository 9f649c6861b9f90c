using System.Runtime.CompilerServices;
using CdcSync.Core.Batches;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>Makes chunks of the rows a session holds of a dataset, and looks up what the log did not send.</summary>
internal static class RowEmission
{
    /// <summary>The rows in the order of their last change; the dataset holds none afterwards.</summary>
    /// <param name="tracked">The dataset.</param>
    /// <param name="lookup">A session to look rows up in; asked for only where there is something to look up.</param>
    /// <param name="ct">Cancels.</param>
    public static async IAsyncEnumerable<ChangeChunk> EmitAsync(TrackedDataset tracked, Func<CancellationToken, ValueTask<RowLookup>> lookup, [EnumeratorCancellation] CancellationToken ct)
    {
        var chunks = new RowChunks(tracked.Dataset, tracked.Table);
        var rows = tracked.Rows;
        var waiting = new List<int>();
        Dictionary<int, byte[]?[]> found = [];
        int[] columns = [];
        var open = 0;
        // Rows wait until a batch of those to be looked up is full, so that all keep their order.
        foreach (var row in rows.Live())
        {
            ct.ThrowIfCancellationRequested();
            waiting.Add(row);
            if (rows.IsOpen(row)) open++;
            if (open is > 0 and < RowLookup.Batch) continue;
            if (open > 0) await LookUpAsync();
            foreach (var chunk in Append()) yield return chunk;
            open = 0;
        }
        await LookUpAsync();
        foreach (var chunk in Append()) yield return chunk;
        if (!chunks.IsEmpty) yield return chunks.Take();
        rows.Clear();

        async Task LookUpAsync()
        {
            var open = waiting.Where(rows.IsOpen).ToArray();
            if (open.Length == 0) return;
            columns = Absent(rows, open);
            found = await (await lookup(ct)).ReadAsync(tracked, open, columns, ct);
        }

        IEnumerable<ChangeChunk> Append()
        {
            foreach (var row in waiting)
            {
                byte[]?[]? values = null;
                // Gone by now: what took it away follows in the log.
                if (rows.IsOpen(row) && !found.TryGetValue(row, out values)) continue;
                AppendRow(chunks, rows, row, columns, values);
                if (chunks.IsFull) yield return chunks.Take();
            }
            waiting.Clear();
        }
    }

    /// <summary>The columns that at least one of the rows lacks, as numbers of the dataset's.</summary>
    private static int[] Absent(FoldedRows rows, int[] open)
    {
        var absent = new SortedSet<int>();
        foreach (var row in open)
        {
            var fields = rows.Fields(row);
            foreach (var column in rows.Order)
                if (fields.Next().Form == FieldForm.Unchanged) absent.Add(column);
        }
        return [.. absent];
    }

    private static void AppendRow(RowChunks chunks, FoldedRows rows, int row, int[] columns, byte[]?[]? values)
    {
        var kind = rows.Kind(row);
        var fields = rows.Fields(row);
        for (var i = 0; i < rows.Order.Count; i++)
        {
            var column = rows.Order[i];
            var field = fields.Next();
            if (field.Form == FieldForm.Binary) chunks.Append(column, field.Value);
            else if (kind == ChangeKind.Delete && i >= rows.KeyColumns) chunks.AppendNothing(column);
            else if (field.Form == FieldForm.Unchanged && values?[Array.BinarySearch(columns, column)] is { } looked) chunks.Append(column, looked);
            else chunks.AppendNull(column);
        }
        chunks.EndRow(kind);
    }
}
