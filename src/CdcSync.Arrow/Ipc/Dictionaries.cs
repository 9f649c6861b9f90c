namespace CdcSync.Arrow.Ipc;

/// <summary>
/// The dictionaries of one stream or file: which columns use which, and the values each has at this point of the stream. Columns that were read keep the
/// values of their time: a delta is written behind them, a replacement is another array.
/// </summary>
internal sealed class Dictionaries
{
    private readonly Dictionary<long, Entry> _byId = [];
    private readonly Dictionary<int, Entry> _byColumn = [];

    /// <summary>A column's values come from that dictionary, which several columns may share.</summary>
    internal void Expect(int column, long id, ArrowType valueType, string where)
    {
        if (!_byId.TryGetValue(id, out var entry)) _byId.Add(id, entry = new(valueType));
        if (entry.ValueType != valueType)
            throw new ArrowFormatException($"two fields share dictionary {id} but not the type of its values", where, $"{valueType}", $"{entry.ValueType}");
        _byColumn.Add(column, entry);
    }

    /// <summary>The values a column's places mean now. None at all where the dictionary has not come: every row has to be null then.</summary>
    internal ArrowArray Values(int column) => _byColumn[column].Values;

    /// <summary>Takes a dictionary message over.</summary>
    /// <param name="metadata">The message's description.</param>
    /// <param name="body">Its body, in which the values stay.</param>
    /// <param name="replaceable">A stream may replace a dictionary, a file may not: its batches are read in any order.</param>
    /// <param name="where">The message.</param>
    internal void Read(ReadOnlySpan<byte> metadata, ReadOnlyMemory<byte> body, bool replaceable, string where)
    {
        var header = FlatTable.Root(metadata, where).Table(2, "the message's header");
        var id = header.Int64(0);
        if (!_byId.TryGetValue(id, out var entry)) throw new ArrowFormatException("no field uses the dictionary", where, $"dictionary {id}");
        var schema = new Schema([new($"dictionary {id}", entry.ValueType, nullable: true)]);
        var values = MessageDecoder.ReadBatch(header.Table(1, "the dictionary's values"), schema, new(), body, where).Column(0);
        if (header.Bool(2)) entry.Append(values, where);
        else if (entry.HasValues && !replaceable) throw new ArrowFormatException("a file can't replace a dictionary", where, $"dictionary {id}");
        else entry.Replace(values);
    }

    /// <summary>No more messages will come: after this no reading changes anything.</summary>
    internal void Complete()
    {
        foreach (var entry in _byId.Values) _ = entry.Values;
    }

    private sealed class Entry(ArrowType valueType)
    {
        private ArrowArray? _values;
        private ArrayBuilder? _growing;

        internal ArrowType ValueType => valueType;

        /// <summary>Whether its message has come; a batch that came before it was given no values.</summary>
        internal bool HasValues { get; private set; }

        // Deltas are put together where a batch asks for them: many in a row cost one pass.
        internal ArrowArray Values => _values ??= (_growing ?? ArrayBuilder.For(valueType)).View();

        internal void Replace(ArrowArray values)
        {
            HasValues = true;
            _values = values;
            _growing = null;
        }

        internal void Append(ArrowArray delta, string where)
        {
            if (!HasValues) throw new ArrowFormatException("a delta comes before its dictionary", where);
            if (_growing is null)
            {
                _growing = ArrayBuilder.For(valueType);
                AddTo(_growing, _values!, where);
            }
            AddTo(_growing, delta, where);
            _values = null;
        }

        private static void AddTo(ArrayBuilder builder, ArrowArray values, string where)
        {
            // Values without any bytes can be without number: they must not be gone through one by one.
            if ((long)builder.Length + values.Length > Array.MaxLength)
                throw new ArrowNotSupportedException($"a dictionary of {(long)builder.Length + values.Length} values (at most {Array.MaxLength})", where);
            if (values is NullArray) builder.AppendNulls(values.Length);
            else if (values is FixedSizeBinaryArray { ByteWidth: 0 }) throw new ArrowNotSupportedException($"a delta of {values.Type}", where);
            else
                for (var i = 0; i < values.Length; i++) builder.AppendFrom(values, i);
        }
    }
}
