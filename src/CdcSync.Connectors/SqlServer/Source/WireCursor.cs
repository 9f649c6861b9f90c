using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Connectors.SqlServer.Source.Values;
using CdcSync.Core.Batches;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>Rows of an open answer: the dataset's columns from a place on.</summary>
/// <param name="rows">The answer; closed with the cursor.</param>
/// <param name="columns">The dataset's columns as the catalogue has them, in order.</param>
/// <param name="first">Where they begin.</param>
/// <param name="guard">Translates the driver's errors.</param>
internal class WireCursor(SqlDataReader rows, IReadOnlyList<SqlServerColumn> columns, int first, Func<Func<bool>, bool> guard) : IRowCursor
{
    private RowChunks? _chunks;
    private ValueReader[] _readers = [];

    /// <inheritdoc/>
    public bool Read() => guard(rows.Read);

    /// <inheritdoc/>
    public void AddTo(RowChunks chunks) => guard(() =>
    {
        var readers = Readers(chunks);
        for (var i = 0; i < readers.Length; i++) Append(chunks, i, first + i);
        chunks.EndRow(ChangeKind.Upsert);
        return true;
    });

    /// <inheritdoc/>
    public void Dispose() => rows.Dispose();

    /// <summary>The answer.</summary>
    protected SqlDataReader Rows => rows;

    /// <summary>Translates the driver's errors.</summary>
    protected Func<Func<bool>, bool> Guard => guard;

    /// <summary>The readers that fill the chunks.</summary>
    protected ValueReader[] Readers(RowChunks chunks)
    {
        if (!ReferenceEquals(_chunks, chunks)) (_chunks, _readers) = (chunks, [.. columns.Select((c, i) => ValueReaders.For(c, chunks[i], chunks.Dataset.Columns[i].Precision))]);
        return _readers;
    }

    /// <summary>Appends a value of the answer to a column of the chunk.</summary>
    protected void Append(RowChunks chunks, int column, int from)
    {
        if (_readers[column].Append(rows, from) is { } reason) chunks.Fault(column, reason);
        chunks.Bytes += _readers[column].LastBytes;
    }
}

/// <summary>Changes of an open answer to <see cref="ChangesSql.Changes"/>.</summary>
/// <param name="rows">The answer.</param>
/// <param name="columns">The dataset's columns as the catalogue has them, in order.</param>
/// <param name="columnOfKey">For each column of the primary key its place in the dataset (<see cref="KeyColumns"/>).</param>
/// <param name="guard">Translates the driver's errors.</param>
internal sealed class WireChangeCursor(SqlDataReader rows, IReadOnlyList<SqlServerColumn> columns, int[] columnOfKey, Func<Func<bool>, bool> guard)
    : WireCursor(rows, columns, 3 + columnOfKey.Length, guard), IChangeCursor
{
    public long Version { get; private set; }

    public bool IsDelete { get; private set; }

    public Presence Presence { get; private set; }

    bool IChangeCursor.Read() => Guard(() =>
    {
        if (!Rows.Read()) return false;
        Version = Rows.GetInt64(0);
        IsDelete = Rows.GetString(1)[0] == 'D';
        Presence = (Presence)Rows.GetInt32(2);
        return true;
    });

    public void AddDeleteTo(RowChunks chunks) => Guard(() =>
    {
        var readers = Readers(chunks);
        for (var i = 0; i < columnOfKey.Length; i++) Append(chunks, columnOfKey[i], 3 + i);
        for (var i = 0; i < readers.Length; i++)
            if (!columnOfKey.Contains(i)) readers[i].Builder.AppendNull();
        chunks.EndRow(ChangeKind.Delete);
        return true;
    });

    public void AddUpsertTo(RowChunks chunks) => AddTo(chunks);
}
