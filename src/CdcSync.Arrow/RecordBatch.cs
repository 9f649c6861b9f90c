namespace CdcSync.Arrow;

/// <summary>Columns of one length under a schema. Immutable, safe for concurrent readers.</summary>
public sealed class RecordBatch
{
    private readonly ArrowArray[] _columns;

    /// <summary>Takes a copy of the list; the columns themselves are shared.</summary>
    /// <param name="schema">Names and types.</param>
    /// <param name="columns">One per field, in the schema's order.</param>
    /// <param name="length">Rows; counts also where there are no columns.</param>
    /// <exception cref="ArgumentException">The number of columns, a type or a length disagrees.</exception>
    public RecordBatch(Schema schema, IReadOnlyList<ArrowArray> columns, int length)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (columns.Count != schema.Fields.Count)
            throw new ArgumentException($"The schema has {schema.Fields.Count} fields, there are {columns.Count} columns.", nameof(columns));
        Schema = schema;
        Length = length;
        _columns = [.. columns];
        for (var i = 0; i < _columns.Length; i++) Check(schema.Fields[i], _columns[i], length);
    }

    private RecordBatch(ArrowArray[] columns, Schema schema, int length)
    {
        Schema = schema;
        Length = length;
        _columns = columns;
    }

    /// <summary>Names and types.</summary>
    public Schema Schema { get; }

    /// <summary>One per field, in the schema's order.</summary>
    public IReadOnlyList<ArrowArray> Columns => _columns;

    /// <summary>Number of columns.</summary>
    public int ColumnCount => _columns.Length;

    /// <summary>Number of rows.</summary>
    public int Length { get; }

    /// <summary>Bytes of data the rows hold, without slack.</summary>
    public long ByteSize => _columns.Sum(column => column.ByteSize);

    /// <summary>The column at a place.</summary>
    /// <param name="index">From 0.</param>
    public ArrowArray Column(int index) => _columns[index];

    /// <summary>The first column of that name, compared by ordinal.</summary>
    /// <param name="name">The field's name.</param>
    /// <exception cref="ArgumentException">There is no such field.</exception>
    public ArrowArray Column(string name) => Schema.GetFieldIndex(name) is >= 0 and var index
        ? _columns[index] : throw new ArgumentException($"No column '{name}' in {Schema}.", nameof(name));

    /// <summary>A run of rows; shares the buffers.</summary>
    /// <param name="offset">The first row.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The run is not inside the batch.</exception>
    public RecordBatch Slice(int offset, int length)
    {
        ArrowArray.CheckRun(offset, length, Length);
        return new(Array.ConvertAll(_columns, column => column.Slice(offset, length)), Schema, length);
    }

    /// <summary>The rows at the given places, in that order, repeats allowed, in new buffers.</summary>
    /// <param name="rows">Rows of this batch.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    /// <exception cref="ArrowNotSupportedException">A column would be larger than one buffer can be.</exception>
    public RecordBatch Take(ReadOnlySpan<int> rows)
    {
        ArrowArray.CheckRows(rows, Length);
        var taken = new ArrowArray[_columns.Length];
        for (var i = 0; i < taken.Length; i++) taken[i] = _columns[i].TakeChecked(rows);
        return new(taken, Schema, rows.Length);
    }

    private static void Check(Field field, ArrowArray column, int length)
    {
        if (column.Type != field.DataType)
            throw new ArgumentException($"Column '{field.Name}' is {field.DataType} in the schema and {column.Type} in the data.", nameof(column));
        if (column.Length != length)
            throw new ArgumentException($"Column '{field.Name}' has {column.Length} rows, the batch {length}.", nameof(column));
    }
}
