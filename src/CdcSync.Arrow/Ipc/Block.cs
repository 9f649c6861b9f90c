namespace CdcSync.Arrow.Ipc;

/// <summary>Where one message lies in a file.</summary>
/// <param name="Offset">Bytes from the file's start to the message's.</param>
/// <param name="MetadataLength">Bytes of the message's description, its length prefix and padding included.</param>
/// <param name="BodyLength">Bytes of data that follow.</param>
public readonly record struct Block(long Offset, int MetadataLength, long BodyLength);
