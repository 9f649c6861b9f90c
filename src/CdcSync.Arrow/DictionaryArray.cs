using System.Numerics;

namespace CdcSync.Arrow;

/// <summary>A dictionary-encoded column: a place in a dictionary for each row. Columns read from one stream or file share their dictionaries.</summary>
public sealed class DictionaryArray : ArrowArray
{
    /// <summary>Over existing columns.</summary>
    /// <param name="type">The types of both.</param>
    /// <param name="indices">For each row a place in the dictionary; the rows that are null here are the column's null rows.</param>
    /// <param name="dictionary">The values. Some may be null: a row that points at one of them is not null in this column, but is where it is decoded.</param>
    /// <exception cref="ArgumentException">A type is another, or a place lies outside the dictionary.</exception>
    public DictionaryArray(DictionaryType type, ArrowArray indices, ArrowArray dictionary) : this(indices, dictionary, type)
    {
        if (indices.Type != type.IndexType) throw new ArgumentException($"{type} does not have places of type {indices.Type}.", nameof(indices));
        if (dictionary.Type != type.ValueType) throw new ArgumentException($"{type} does not have values of type {dictionary.Type}.", nameof(dictionary));
        if (FirstOutside(indices, dictionary.Length) is >= 0 and var row)
            throw new ArgumentException($"Row {row} points outside the dictionary of {dictionary.Length} values.", nameof(indices));
    }

    // For what was checked before.
    internal DictionaryArray(ArrowArray indices, ArrowArray dictionary, DictionaryType type)
        : base(type, (indices ?? throw new ArgumentNullException(nameof(indices))).Length, indices.Validity)
    {
        Indices = indices;
        Dictionary = dictionary ?? throw new ArgumentNullException(nameof(dictionary));
    }

    /// <summary>For each row its place in <see cref="Dictionary"/>: a <see cref="FixedWidthArray{T}"/> of the index type.</summary>
    public ArrowArray Indices { get; }

    /// <summary>The values that the places mean.</summary>
    public ArrowArray Dictionary { get; }

    /// <summary>Bytes of the places and of the whole dictionary, which other columns and slices may share.</summary>
    public override long ByteSize => Indices.ByteSize + Dictionary.ByteSize;

    internal override ReadOnlyMemory<byte> ValueMemory => Indices.ValueMemory;

    /// <summary>The row's place in <see cref="Dictionary"/>; unspecified where the row is null.</summary>
    /// <param name="index">The row.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such row.</exception>
    public int GetIndex(int index) => Indices switch
    {
        FixedWidthArray<sbyte> places => places[index],
        FixedWidthArray<byte> places => places[index],
        FixedWidthArray<short> places => places[index],
        FixedWidthArray<ushort> places => places[index],
        FixedWidthArray<int> places => places[index],
        FixedWidthArray<uint> places => (int)places[index],
        FixedWidthArray<long> places => (int)places[index],
        _ => (int)((FixedWidthArray<ulong>)Indices)[index],
    };

    /// <summary>The same rows as a plain column of the value type, in new buffers. A few bytes of places can unfold to very many bytes of values.</summary>
    /// <exception cref="ArrowNotSupportedException">The column would be larger than one buffer can be.</exception>
    public ArrowArray Decode()
    {
        var builder = ArrayBuilder.For(Dictionary.Type);
        for (var row = 0; row < Length; row++)
        {
            if (IsNull(row)) builder.AppendNull();
            else builder.AppendFrom(Dictionary, GetIndex(row));
        }
        return builder.Build();
    }

    /// <summary>The first row that has a place outside the dictionary, or -1. What a null row points at does not count.</summary>
    internal static int FirstOutside(ArrowArray indices, int count) => indices switch
    {
        FixedWidthArray<sbyte> places => FirstOutside(places, count),
        FixedWidthArray<byte> places => FirstOutside(places, count),
        FixedWidthArray<short> places => FirstOutside(places, count),
        FixedWidthArray<ushort> places => FirstOutside(places, count),
        FixedWidthArray<int> places => FirstOutside(places, count),
        FixedWidthArray<uint> places => FirstOutside(places, count),
        FixedWidthArray<long> places => FirstOutside(places, count),
        _ => FirstOutside((FixedWidthArray<ulong>)indices, count),
    };

    private static int FirstOutside<T>(FixedWidthArray<T> indices, int count) where T : unmanaged, IBinaryInteger<T>
    {
        var places = indices.Values;
        var validity = indices.Validity.Span;
        // A negative place, taken for an unsigned one, is a very large one.
        for (var row = 0; row < places.Length; row++)
            if (ulong.CreateTruncating(places[row]) >= (ulong)count && (validity.IsEmpty || Bitmap.Get(validity, row))) return row;
        return -1;
    }

    private protected override ArrowArray SliceCore(int offset, int length, ReadOnlyMemory<byte> validity) =>
        new DictionaryArray(Indices.Slice(offset, length), Dictionary, (DictionaryType)Type);

    private protected override ArrowArray TakeCore(ReadOnlySpan<int> rows, ReadOnlyMemory<byte> validity) =>
        new DictionaryArray(Indices.TakeChecked(rows), Dictionary, (DictionaryType)Type);
}
