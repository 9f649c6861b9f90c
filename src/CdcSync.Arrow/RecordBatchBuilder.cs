namespace CdcSync.Arrow;

/// <summary>One builder per column of a schema. Not safe for concurrent use.</summary>
public sealed class RecordBatchBuilder
{
    private readonly ArrayBuilder[] _columns;

    /// <summary>Starts empty.</summary>
    /// <param name="schema">Names and types.</param>
    /// <param name="capacity">Rows to make room for at first; 0 where unknown.</param>
    public RecordBatchBuilder(Schema schema, int capacity = 0)
    {
        ArgumentNullException.ThrowIfNull(schema);
        Schema = schema;
        _columns = [.. schema.Fields.Select(field => ArrayBuilder.For(field.DataType, capacity))];
    }

    /// <summary>Names and types.</summary>
    public Schema Schema { get; }

    /// <summary>The builder of the column at a place.</summary>
    /// <param name="index">From 0.</param>
    public ArrayBuilder this[int index] => _columns[index];

    /// <summary>Rows so far: those of the first column, as rows are appended column after column; 0 where there are no columns.</summary>
    public int Length => _columns.Length == 0 ? 0 : _columns[0].Length;

    /// <summary>Bytes of data so far, without slack.</summary>
    public long ByteSize
    {
        get
        {
            long size = 0;
            foreach (var column in _columns) size += column.ByteSize;
            return size;
        }
    }

    /// <summary>The batch built so far; the builder is empty afterwards and shares nothing with it.</summary>
    /// <exception cref="InvalidOperationException">A column has more rows or fewer than the first; the builder is unchanged.</exception>
    public RecordBatch Build()
    {
        var length = Length;
        for (var i = 0; i < _columns.Length; i++)
            if (_columns[i].Length != length)
                throw new InvalidOperationException($"Column '{Schema.Fields[i].Name}' has {_columns[i].Length} rows, the first has {length}.");
        return new(Schema, Array.ConvertAll(_columns, column => column.Build()), length);
    }
}
