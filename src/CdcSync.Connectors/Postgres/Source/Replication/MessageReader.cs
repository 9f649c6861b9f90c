using System.Buffers.Binary;
using System.Text;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>Reads the fields of one message of pgoutput; never past its end.</summary>
/// <param name="message">The whole message.</param>
internal ref struct MessageReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> _message = message;

    /// <summary>Where the next field begins.</summary>
    public int At { get; private set; }

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public Lsn Lsn() => new(BinaryPrimitives.ReadUInt64BigEndian(Take(8)));

    /// <summary>An instant: microseconds since 2000.</summary>
    public DateTimeOffset Time()
    {
        var micros = BinaryPrimitives.ReadInt64BigEndian(Take(8));
        try
        {
            return Epoch.AddMicroseconds(micros);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw Broken("an instant out of range");
        }
    }

    /// <summary>A text that ends in NUL.</summary>
    public string Text()
    {
        var length = _message[At..].IndexOf((byte)0);
        if (length < 0) throw Broken("a name without an end");
        var text = Encoding.UTF8.GetString(Take(length));
        At++;
        return text;
    }

    /// <summary>So many bytes.</summary>
    public ReadOnlySpan<byte> Take(int length)
    {
        if (length < 0 || length > _message.Length - At) throw Broken("it ends too early");
        var bytes = _message.Slice(At, length);
        At += length;
        return bytes;
    }

    /// <summary>Nothing may follow.</summary>
    public readonly void End()
    {
        if (At != _message.Length) throw Broken("bytes after its end");
    }

    /// <summary>The message is not what the protocol says.</summary>
    public readonly CdcSyncException Broken(string what) => new(ErrorCodes.SourceFailed,
        $"the server's replication message '{(_message.Length > 0 ? (char)_message[0] : '?')}' can't be understood: {what}.", "Report this with the server's version. Run: cdcsync status");

    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
}
