using System.Text;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>A compiled statement, stepped row by row without an object per value. What a column returns is valid until the next step.</summary>
/// <param name="connection">Where it runs.</param>
/// <param name="compiled">The native statement, owned.</param>
/// <param name="doing">What it does, for errors.</param>
internal sealed class Statement(SourceConnection connection, sqlite3_stmt compiled, string doing) : IDisposable
{
    // Looked up once: it is the same for as long as the statement is open, and nobody else can close it.
    private readonly nint _address = compiled.DangerousGetHandle();

    /// <summary>Where the native statement is, for readers of many values.</summary>
    public nint Address => _address;

    /// <summary>For binders that bind value by value.</summary>
    public sqlite3_stmt Handle => compiled;

    /// <summary>Goes to the next row.</summary>
    /// <returns>False after the last.</returns>
    /// <exception cref="OperationCanceledException">The connection's cancellation was asked for.</exception>
    /// <exception cref="Core.Errors.CdcSyncException">SQLite failed.</exception>
    public bool Step()
    {
        var code = NativeColumns.Step(_address);
        if (code == raw.SQLITE_ROW)
            return true;
        return code == raw.SQLITE_DONE ? false : throw connection.Fault(code, doing);
    }

    /// <summary>Back to before the first row, parameters kept.</summary>
    public void Reset() => raw.sqlite3_reset(compiled);

    /// <summary>The storage class: <c>SQLITE_INTEGER</c>, <c>_FLOAT</c>, <c>_TEXT</c>, <c>_BLOB</c> or <c>_NULL</c>.</summary>
    public int Type(int column) => NativeColumns.Type(_address, column);

    /// <summary>True if the value is NULL.</summary>
    public bool IsNull(int column) => Type(column) == raw.SQLITE_NULL;

    /// <summary>An integer; SQLite converts where it is something else.</summary>
    public long Integer(int column) => NativeColumns.Int64(_address, column);

    /// <summary>A real number; SQLite converts where it is something else.</summary>
    public double Real(int column) => NativeColumns.Double(_address, column);

    /// <summary>A text; null where the value is NULL.</summary>
    public string? Text(int column) => IsNull(column) ? null : Encoding.UTF8.GetString(Bytes(column));

    /// <summary>The bytes of a text (as UTF-8, whatever the file's encoding) or of a blob.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => Type(column) == raw.SQLITE_TEXT ? NativeColumns.Utf8(_address, column) : NativeColumns.Bytes(_address, column);

    /// <summary>The names of its columns.</summary>
    public IReadOnlyList<string> ColumnNames() => [.. Enumerable.Range(0, raw.sqlite3_column_count(compiled)).Select(i => raw.sqlite3_column_name(compiled, i).utf8_to_string())];

    /// <summary>Binds a parameter.</summary>
    /// <param name="index">From 1.</param>
    /// <param name="value">The value.</param>
    public Statement Bind(int index, long value)
    {
        raw.sqlite3_bind_int64(compiled, index, value);
        return this;
    }

    /// <inheritdoc cref="Bind(int, long)"/>
    public Statement Bind(int index, double value)
    {
        raw.sqlite3_bind_double(compiled, index, value);
        return this;
    }

    /// <inheritdoc cref="Bind(int, long)"/>
    public Statement Bind(int index, string value)
    {
        raw.sqlite3_bind_text(compiled, index, value);
        return this;
    }

    /// <summary>Binds the bytes of a text, which need not be valid.</summary>
    /// <param name="index">From 1.</param>
    /// <param name="utf8">The bytes.</param>
    public Statement BindText(int index, ReadOnlySpan<byte> utf8)
    {
        // An empty span has no address, and SQLite would read that as NULL.
        if (utf8.IsEmpty)
            raw.sqlite3_bind_text(compiled, index, "");
        else
            raw.sqlite3_bind_text(compiled, index, utf8);
        return this;
    }

    /// <summary>Binds a blob.</summary>
    /// <param name="index">From 1.</param>
    /// <param name="bytes">The bytes.</param>
    public Statement BindBlob(int index, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            raw.sqlite3_bind_zeroblob(compiled, index, 0);
        else
            raw.sqlite3_bind_blob(compiled, index, bytes);
        return this;
    }

    /// <inheritdoc/>
    public void Dispose() => compiled.Dispose();
}
