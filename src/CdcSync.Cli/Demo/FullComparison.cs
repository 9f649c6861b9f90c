using System.Data.Common;

namespace CdcSync.Cli.Demo;

/// <summary>Two queries that must give the same rows, columns in the same order, the key's columns first.</summary>
/// <param name="Dataset">The dataset's name.</param>
/// <param name="SourceSql">All rows of the source that the contract lets through.</param>
/// <param name="WarehouseSql">All rows of the warehouse.</param>
/// <param name="KeyColumns">How many columns make the key.</param>
/// <param name="Forms">What the columns mean.</param>
internal sealed record ComparedTable(string Dataset, string SourceSql, string WarehouseSql, int KeyColumns, IReadOnlyList<ColumnForm> Forms);

/// <summary>What a comparison found.</summary>
/// <param name="Dataset">The dataset's name.</param>
/// <param name="SourceRows">Rows in the source, after the contract's filter.</param>
/// <param name="WarehouseRows">Rows in the warehouse.</param>
/// <param name="Missing">Keys the warehouse lacks.</param>
/// <param name="Extra">Keys only the warehouse has, or has twice.</param>
/// <param name="Different">Keys both have, with another value.</param>
internal sealed record ComparisonResult(string Dataset, long SourceRows, long WarehouseRows, long Missing, long Extra, long Different)
{
    public bool IsEqual => Missing + Extra + Different == 0;
}

/// <summary>Compares every value of every row of both sides by queries of its own. It knows nothing of the engine, so it can't share its mistakes.</summary>
internal static class FullComparison
{
    private const char Separator = '\u001f';

    /// <summary>Compares one dataset.</summary>
    /// <param name="table">What to compare.</param>
    /// <param name="source">An open connection to the source.</param>
    /// <param name="warehouse">An open connection to the warehouse.</param>
    /// <param name="maskKey">The key of masked columns.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task<ComparisonResult> CompareAsync(ComparedTable table, DbConnection source, DbConnection warehouse, byte[] maskKey, CancellationToken ct)
    {
        var expected = new Dictionary<string, string>(StringComparer.Ordinal);
        await foreach (var (key, row) in ReadAsync(source, table.SourceSql, table, maskKey, ct))
            expected.Add(key, row);
        long sourceRows = expected.Count, warehouseRows = 0, extra = 0, different = 0;
        await foreach (var (key, row) in ReadAsync(warehouse, table.WarehouseSql, table, null, ct))
        {
            warehouseRows++;
            if (!expected.Remove(key, out var wanted))
                extra++;
            else if (!string.Equals(wanted, row, StringComparison.Ordinal))
                different++;
        }

        return new ComparisonResult(table.Dataset, sourceRows, warehouseRows, expected.Count, extra, different);
    }

    private static async IAsyncEnumerable<(string Key, string Row)> ReadAsync(
        DbConnection connection, string sql, ComparedTable table, byte[]? maskKey, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(ct);
        var values = new string[table.Forms.Count];
        while (await reader.ReadAsync(ct))
        {
            for (var i = 0; i < values.Length; i++)
            {
                var text = ComparedValue.Canonical(reader.GetValue(i), table.Forms[i]);
                values[i] = table.Forms[i] == ColumnForm.Masked && maskKey is not null && text != ComparedValue.Null ? ComparedValue.Mask(text, maskKey) : text;
            }

            yield return (string.Join(Separator, values[..table.KeyColumns]), string.Join(Separator, values));
        }
    }
}
