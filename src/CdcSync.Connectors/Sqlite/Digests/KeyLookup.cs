using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Connectors.Sqlite.Warehouse;
using CdcSync.Core.Batches;
using SQLitePCL;
using Statement = CdcSync.Connectors.Sqlite.Source.Statement;

namespace CdcSync.Connectors.Sqlite.Digests;

/// <summary>Looks rows up, one key after the other, within the index of the key.</summary>
internal static class KeyLookup
{
    /// <summary>The rows with these keys.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="sql">The statement; its parameters are the key's parts, its columns those of the chunks.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="chunks">Where rows are collected.</param>
    /// <param name="doing">What it does, for errors.</param>
    public static IEnumerable<ChangeChunk> Read(SourceConnection connection, string sql, RecordBatch keys, RowChunks chunks, string doing)
    {
        using var rows = connection.Prepare(sql, doing);
        ColumnBinder[] binders = [.. keys.Columns.Select(ColumnBinder.For)];
        for (var key = 0; key < keys.Length; key++)
        {
            rows.Reset();
            Bind(rows, binders, key);
            while (rows.Step())
                chunks.AddUpsert(rows, 0);
            if (chunks.IsFull)
                yield return chunks.Take();
        }

        if (!chunks.IsEmpty)
            yield return chunks.Take();
    }

    private static void Bind(Statement rows, ColumnBinder[] binders, int key)
    {
        for (var i = 0; i < binders.Length; i++)
            if (binders[i].Bind(rows.Handle, i + 1, key) != raw.SQLITE_OK) throw new InvalidOperationException("a key could not be bound");
    }
}
