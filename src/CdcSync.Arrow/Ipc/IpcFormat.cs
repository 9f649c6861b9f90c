namespace CdcSync.Arrow.Ipc;

/// <summary>The format's fixed points. Source: "Encapsulated message format" and "IPC File Format" of the Arrow columnar format, and its Message.fbs, Schema.fbs, File.fbs.</summary>
internal static class IpcFormat
{
    /// <summary>Every message, body and buffer that is written starts at a multiple of this, so that a mapped file can be read with any vector width.</summary>
    internal const int Alignment = 64;

    /// <summary>Stands before a message's length since 0.15; before that the length came first.</summary>
    internal const int Continuation = -1;

    internal const int FooterTail = sizeof(int) + 6;

    /// <summary>The first and last bytes of a file; at the start two zero bytes follow.</summary>
    internal static ReadOnlySpan<byte> Magic => "ARROW1"u8;

    internal static ReadOnlySpan<byte> FileStart => "ARROW1\0\0"u8;

    internal static ReadOnlySpan<byte> EndOfStream => [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];

    internal static int Padding(long position) => (int)(-position & (Alignment - 1));
}

/// <summary>MetadataVersion of Schema.fbs. V4 (0.8 to 0.17) lays out the types of this library as V5 does.</summary>
internal enum MetadataVersion : short
{
    V4 = 3,
    V5 = 4,
}

/// <summary>MessageHeader of Message.fbs.</summary>
internal enum MessageKind : byte
{
    None = 0,
    Schema = 1,
    DictionaryBatch = 2,
    RecordBatch = 3,
    Tensor = 4,
    SparseTensor = 5,
}

/// <summary>The union Type of Schema.fbs, as far as it is held here.</summary>
internal enum TypeTag : byte
{
    None = 0,
    Null = 1,
    Int = 2,
    FloatingPoint = 3,
    Binary = 4,
    Utf8 = 5,
    Bool = 6,
    Decimal = 7,
    Date = 8,
    Time = 9,
    Timestamp = 10,
    FixedSizeBinary = 15,
    Duration = 18,
    LargeBinary = 19,
    LargeUtf8 = 20,
}
