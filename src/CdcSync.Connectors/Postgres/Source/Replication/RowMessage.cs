namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>What is told of the row before a change.</summary>
internal enum OldForm
{
    /// <summary>Nothing: the key did not change.</summary>
    None,

    /// <summary>The columns of the replica identity; the others are null.</summary>
    Key,

    /// <summary>All columns, also those that were not changed and are stored out of line.</summary>
    Full,
}

/// <summary>A row's message, as places in its bytes; used again for each.</summary>
internal sealed class RowMessage
{
    /// <summary>The table.</summary>
    public uint Table { get; set; }

    /// <summary><see cref="PgOutput.Insert"/>, <see cref="PgOutput.Update"/> or <see cref="PgOutput.Delete"/>.</summary>
    public byte Kind { get; set; }

    /// <summary>What <see cref="Old"/> holds.</summary>
    public OldForm OldForm { get; set; }

    /// <summary>The row before.</summary>
    public TupleFields Old { get; } = new();

    /// <summary>The row after; not of a delete.</summary>
    public TupleFields New { get; } = new();
}

/// <summary>How a field of a row is told.</summary>
internal enum FieldForm : byte
{
    /// <summary>It is null.</summary>
    Null = (byte)'n',

    /// <summary>It is stored out of line and was not changed: its value is not sent.</summary>
    Unchanged = (byte)'u',

    /// <summary>As text: its type has no binary form.</summary>
    Text = (byte)'t',

    /// <summary>In the form of its type's send function.</summary>
    Binary = (byte)'b',
}

/// <summary>The places of a row's fields in its message.</summary>
internal sealed class TupleFields
{
    private (FieldForm Form, int Start, int Length)[] _fields = new (FieldForm, int, int)[16];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>How a field is told.</summary>
    public FieldForm Form(int field) => _fields[field].Form;

    /// <summary>A field's bytes; none where it is null or unchanged.</summary>
    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> message, int field) => message.Slice(_fields[field].Start, _fields[field].Length);

    /// <summary>Reads the fields.</summary>
    public void Read(ref MessageReader reader)
    {
        Count = reader.UInt16();
        if (_fields.Length < Count) _fields = new (FieldForm, int, int)[Count];
        for (var i = 0; i < Count; i++)
        {
            var form = (FieldForm)reader.Byte();
            var length = form switch
            {
                FieldForm.Null or FieldForm.Unchanged => 0,
                FieldForm.Text or FieldForm.Binary => reader.Int32(),
                _ => throw reader.Broken($"a field of form '{(char)form}'"),
            };
            _fields[i] = (form, reader.At, length);
            reader.Take(length);
        }
    }
}
