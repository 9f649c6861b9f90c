using System.Buffers.Binary;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Sql;
using CdcSync.Connectors.Postgres.Source.Values;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>
/// Reads values that the log does not send from the rows as they are now, by their keys: unchanged values stored out of line, generated columns, types whose binary form
/// is not read. A value may be newer than the window; whatever made it so follows in the log.
/// </summary>
/// <param name="connection">A session of its own.</param>
/// <param name="faults">How to say what is wrong.</param>
/// <param name="time">How long to wait.</param>
internal sealed class RowLookup(SourceConnection connection, LogFaults faults, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Rows looked up at once; their values are in memory together.</summary>
    public const int Batch = 128;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>The values of some columns, by key.</summary>
    /// <param name="tracked">The dataset.</param>
    /// <param name="rows">The rows, by their numbers in its <see cref="TrackedDataset.Rows"/>.</param>
    /// <param name="columns">The columns, as numbers of the dataset's.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>For each row that is still there its values, null = null, in the columns' order; the others were deleted or got another key since, which follows in the log.</returns>
    public async Task<Dictionary<int, byte[]?[]>> ReadAsync(TrackedDataset tracked, IReadOnlyList<int> rows, IReadOnlyList<int> columns, CancellationToken ct)
    {
        using var cancellation = connection.CancelledBy(ct);
        // Until its transaction is visible, a row looks as it did before, and another one may still have its key.
        await SettledAsync($"dataset {tracked.Dataset.Id}", [.. rows.Select(r => $"{tracked.Rows.Xid(r)}").Distinct()], ct);
        return await Task.Run(() => Read(tracked, rows, columns), ct);
    }

    /// <summary>Waits until transactions are visible.</summary>
    public async Task SettledAsync(string what, IReadOnlyList<string> xids, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        while (Running(xids) is { } xid)
        {
            if (time.GetElapsedTime(began) > Patience) throw faults.Unsettled(what, $"transaction {xid}");
            await Task.Delay(Pause, time, ct);
        }
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private string? Running(IReadOnlyList<string> xids) =>
        connection.Ask([Parameter.Statement(SlotSql.Running(), Parameter.Texts([.. xids]))], "waiting for a transaction to end", rows => rows.Read() ? rows.GetString(0) : null);

    private Dictionary<int, byte[]?[]> Read(TrackedDataset tracked, IReadOnlyList<int> rows, IReadOnlyList<int> columns)
    {
        var key = tracked.Dataset.Key.Select(k => tracked.Table.Column(k.Source)!).ToArray();
        var byKey = rows.ToDictionary(r => Convert.ToHexString(tracked.Rows.Key(r)));
        var texts = new string[key.Length][];
        for (var k = 0; k < key.Length; k++) texts[k] = new string[rows.Count];
        foreach (var (i, row) in rows.Index())
        {
            var fields = tracked.Rows.Fields(row);
            for (var k = 0; k < key.Length; k++) texts[k][i] = KeyText.Of(key[k].Type, fields.Next().Value);
        }
        var doing = $"looking up rows of dataset {tracked.Dataset.Id}";
        connection.Execute(SessionSql.Begin(), doing);
        try
        {
            connection.Ask([Parameter.Statement(SessionSql.Set(texts.Length), [.. texts.Select(t => Parameter.Text(ArrayText(t)))])], doing, _ => true);
            using var found = connection.Copy(LookupSql.Rows(tracked.Dataset, tracked.Table, key, columns), doing);
            return Collect(found, byKey, key.Length, columns.Count);
        }
        finally
        {
            connection.Execute(SlotSql.End(), doing);
        }
    }

    private static Dictionary<int, byte[]?[]> Collect(CopyReader found, Dictionary<string, int> byKey, int keys, int columns)
    {
        var values = new Dictionary<int, byte[]?[]>();
        var key = new MemoryStream();
        Span<byte> prefix = stackalloc byte[sizeof(int)];
        while (found.ReadRow(keys + columns))
        {
            key.SetLength(0);
            for (var k = 0; k < keys; k++)
            {
                var length = found.ReadLength();
                BinaryPrimitives.WriteInt32LittleEndian(prefix, length);
                key.Write(prefix);
                key.Write(found.Take(length));
            }
            var row = new byte[]?[columns];
            for (var c = 0; c < columns; c++) row[c] = Value(found);
            // A key that is equal but written otherwise is another row's to the log: it says so itself.
            if (byKey.TryGetValue(Convert.ToHexString(key.GetBuffer().AsSpan(0, (int)key.Length)), out var number)) values[number] = row;
        }
        return values;
    }

    private static byte[]? Value(CopyReader found)
    {
        var length = found.ReadLength();
        if (length < 0) return null;
        // One byte too many is enough to be refused.
        if (length <= ValueReader.MaxBytes) return found.Take(length).ToArray();
        found.Skip(length);
        return new byte[ValueReader.MaxBytes + 1];
    }

    /// <summary>Texts as PostgreSQL writes an array of them.</summary>
    private static string ArrayText(IEnumerable<string> texts) =>
        $"{{{string.Join(",", texts.Select(t => $"\"{t.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""))}}}";
}

/// <summary>The statement that looks rows up; pure.</summary>
internal static class LookupSql
{
    /// <summary>Keys and some columns of the rows with given keys. The keys are set before, a text array per column.</summary>
    public static string Rows(Dataset dataset, PostgresObject table, IReadOnlyList<PostgresColumn> key, IReadOnlyList<int> columns)
    {
        var read = key.Select(k => $"b.{PostgresDialect.Quote(k.Name)}").Concat(columns.Select(c => Column(table.Column(dataset.Columns[c].Source)!)));
        var arrays = string.Join(", ", key.Select((_, i) => $"pg_catalog.current_setting('cdcsync.p{i}')::text[]"));
        var values = string.Join(", ", key.Select((k, i) => $"k.v{i}::{PostgresDialect.Quote(k.Type.Schema)}.{PostgresDialect.Quote(k.Type.Name)}"));
        return $"""
            SELECT {string.Join(", ", read)} FROM {RowsSql.From(dataset, table)}
            WHERE ({string.Join(", ", key.Select(k => $"b.{PostgresDialect.Quote(k.Name)}"))}) IN (SELECT {values} FROM unnest({arrays}) AS k({string.Join(", ", key.Select((_, i) => $"v{i}"))}))
            """;
    }

    private static string Column(PostgresColumn column) => PostgresTypes.IsReadAsText(column.Type) ? $"b.{PostgresDialect.Quote(column.Name)}::text" : $"b.{PostgresDialect.Quote(column.Name)}";
}
