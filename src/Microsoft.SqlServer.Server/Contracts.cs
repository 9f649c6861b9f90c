namespace Microsoft.SqlServer.Server;

/// <summary>How a CLR type of SQL Server is serialized.</summary>
public enum Format
{
    /// <summary>Not said.</summary>
    Unknown = 0,

    /// <summary>By the server.</summary>
    Native = 1,

    /// <summary>By the type itself, as an <see cref="IBinarySerialize"/>.</summary>
    UserDefined = 2,
}

/// <summary>A CLR type that serializes itself.</summary>
public interface IBinarySerialize
{
    /// <summary>Reads it.</summary>
    void Read(BinaryReader r);

    /// <summary>Writes it.</summary>
    void Write(BinaryWriter w);
}

/// <summary>Marks a CLR type of SQL Server. None is used here; the driver asks each value's type for it.</summary>
/// <param name="format">How it is serialized.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class SqlUserDefinedTypeAttribute(Format format) : Attribute
{
    /// <summary>How it is serialized.</summary>
    public Format Format { get; } = format;

    /// <summary>The largest size in bytes; −1 = no limit.</summary>
    public int MaxByteSize { get; set; }

    /// <summary>True if all values are of one size.</summary>
    public bool IsFixedLength { get; set; }

    /// <summary>True if values compare by their bytes.</summary>
    public bool IsByteOrdered { get; set; }

    /// <summary>The method that checks a value.</summary>
    public string? ValidationMethodName { get; set; }

    /// <summary>The type's name.</summary>
    public string? Name { get; set; }
}

/// <summary>Thrown where a type is used as a CLR type of SQL Server and is none.</summary>
public sealed class InvalidUdtException : SystemException
{
    private InvalidUdtException(string message) : base(message)
    {
    }

    /// <summary>Creates it; the driver calls this.</summary>
    /// <param name="udtType">The type.</param>
    /// <param name="resourceReason">Why, as a word.</param>
    public static InvalidUdtException Create(Type udtType, string resourceReason) => new($"'{udtType.FullName}' is no CLR type of SQL Server: {resourceReason}.");
}
