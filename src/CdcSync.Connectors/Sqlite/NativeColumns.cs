using System.Runtime.InteropServices;

namespace CdcSync.Connectors.Sqlite;

/// <summary>
/// The few calls that run for every value there is, straight into SQLite: no handle is counted and no frame is built around them. They only look at
/// the row that the statement stands on, so that the garbage collector need not be told (SuppressGCTransition asks for calls well below a microsecond).
/// Safe where the statement stays open and one thread uses its connection.
/// </summary>
internal static unsafe partial class NativeColumns
{
    private const string Library = "e_sqlite3";

    [LibraryImport(Library, EntryPoint = "sqlite3_column_type")]
    [SuppressGCTransition]
    public static partial int Type(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64")]
    [SuppressGCTransition]
    public static partial long Int64(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_double")]
    [SuppressGCTransition]
    public static partial double Double(nint statement, int column);

    /// <summary>The bytes of a blob, or of a text in the file's own encoding.</summary>
    public static ReadOnlySpan<byte> Bytes(nint statement, int column)
    {
        var bytes = Blob(statement, column);
        return new ReadOnlySpan<byte>(bytes, bytes is null ? 0 : Length(statement, column));
    }

    /// <summary>The bytes of a text in UTF-8, whatever the file's encoding; this may convert, and so takes the ordinary way.</summary>
    public static ReadOnlySpan<byte> Utf8(nint statement, int column)
    {
        var bytes = Text(statement, column);
        return new ReadOnlySpan<byte>(bytes, bytes is null ? 0 : Length(statement, column));
    }

    /// <summary>A value of the row, to be asked itself: the row is looked up once. Only for a connection without mutexes (SQLITE_OPEN_NOMUTEX), where SQLite makes no
    /// difference between values that are protected by one and those that are not (c3ref/value.html).</summary>
    [LibraryImport(Library, EntryPoint = "sqlite3_column_value")]
    [SuppressGCTransition]
    public static partial nint Value(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_value_type")]
    [SuppressGCTransition]
    public static partial int ValueType(nint value);

    [LibraryImport(Library, EntryPoint = "sqlite3_value_int64")]
    [SuppressGCTransition]
    public static partial long ValueInt64(nint value);

    [LibraryImport(Library, EntryPoint = "sqlite3_value_double")]
    [SuppressGCTransition]
    public static partial double ValueDouble(nint value);

    /// <summary>The bytes of a blob, or of a text in the file's own encoding.</summary>
    public static ReadOnlySpan<byte> ValueBytes(nint value)
    {
        var bytes = ValueBlob(value);
        return new ReadOnlySpan<byte>(bytes, bytes is null ? 0 : ValueLength(value));
    }

    [LibraryImport(Library, EntryPoint = "sqlite3_value_blob")]
    [SuppressGCTransition]
    private static partial byte* ValueBlob(nint value);

    [LibraryImport(Library, EntryPoint = "sqlite3_value_bytes")]
    [SuppressGCTransition]
    private static partial int ValueLength(nint value);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_blob")]
    [SuppressGCTransition]
    private static partial byte* Blob(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_bytes")]
    [SuppressGCTransition]
    private static partial int Length(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_text")]
    private static partial byte* Text(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_step")]
    public static partial int Step(nint statement);
}
