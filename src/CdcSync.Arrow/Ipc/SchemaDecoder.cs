namespace CdcSync.Arrow.Ipc;

/// <summary>Schema, fields and types out of a flat buffer (Schema.fbs). What this library does not hold is refused by the field's name and the type's.</summary>
internal static class SchemaDecoder
{
    internal static (Schema Schema, Dictionaries Dictionaries) Read(FlatTable table)
    {
        if (table.Int16(0) != 0) throw new ArrowNotSupportedException("big-endian data", "schema");
        var vector = table.Vector(1);
        var fields = new Field[vector.Count];
        var dictionaries = new Dictionaries();
        for (var i = 0; i < fields.Length; i++)
        {
            var field = vector.Table(i);
            fields[i] = ReadField(field);
            if (fields[i].DataType is DictionaryType type) dictionaries.Expect(i, field.Table(4, "the encoding").Int64(0), type.ValueType, $"field '{fields[i].Name}'");
        }
        return (new(fields, ReadMetadata(table.Vector(2))), dictionaries);
    }

    internal static Field ReadField(FlatTable table)
    {
        var name = table.String(0) ?? "";
        var where = $"field '{name}'";
        var tag = table.Byte(2);
        if (tag == (byte)TypeTag.None) throw new ArrowFormatException("it has no type", where);
        var type = ReadType((TypeTag)tag, table.Table(3, "the type of a field"), where);
        if (table.Vector(5).Count > 0) throw new ArrowFormatException($"the type {type} has no children, the field has", where);
        if (table.Has(4)) type = ReadDictionary(table.Table(4, "the encoding"), type, where);
        return new(name, type, table.Bool(1), ReadMetadata(table.Vector(6)));
    }

    /// <summary>A dictionary-encoded field has the type of its values; its encoding says how the places in the dictionary are held.</summary>
    private static DictionaryType ReadDictionary(FlatTable encoding, ArrowType valueType, string where)
    {
        if (encoding.Int16(3) is not 0 and var kind) throw new ArrowNotSupportedException($"dictionary encoding of kind {kind} (0, a dense array, is)", where);
        var indexType = Int32Type.Default as ArrowType;
        if (encoding.Has(1))
        {
            var integer = encoding.Table(1, "the index type");
            indexType = ReadInteger(integer.Int32(0), integer.Bool(1), where);
        }
        return new(indexType, valueType, encoding.Bool(2));
    }

    private static Dictionary<string, string>? ReadMetadata(FlatVector vector)
    {
        if (vector.Count == 0) return null;
        var metadata = new Dictionary<string, string>();
        for (var i = 0; i < vector.Count; i++)
        {
            var pair = vector.Table(i);
            metadata[pair.String(0) ?? ""] = pair.String(1) ?? "";
        }
        return metadata;
    }

    private static ArrowType ReadType(TypeTag tag, FlatTable table, string where) => tag switch
    {
        TypeTag.Null => NullType.Default,
        TypeTag.Bool => BooleanType.Default,
        TypeTag.Utf8 => StringType.Default,
        TypeTag.Binary => BinaryType.Default,
        TypeTag.LargeUtf8 => LargeStringType.Default,
        TypeTag.LargeBinary => LargeBinaryType.Default,
        TypeTag.Int => ReadInteger(table.Int32(0), table.Bool(1), where),
        TypeTag.FloatingPoint => ReadFloat(table.Int16(0), where),
        TypeTag.Decimal => ReadDecimal(table.Int32(0), table.Int32(1), table.Int32(2, absent: 128), where),
        TypeTag.Date => ReadDate(table.Int16(0, absent: 1), where),
        TypeTag.Time => ReadTime(ReadUnit(table.Int16(0, absent: 1), where), table.Int32(1, absent: 32), where),
        TypeTag.Timestamp => new TimestampType(ReadUnit(table.Int16(0), where), table.String(1)),
        TypeTag.Duration => new DurationType(ReadUnit(table.Int16(0, absent: 1), where)),
        TypeTag.FixedSizeBinary => table.Int32(0) is >= 0 and var width
            ? new FixedSizeBinaryType(width) : throw new ArrowFormatException("the width of fixed_size_binary is negative", where),
        _ => throw Unsupported((byte)tag, where),
    };

    private static ArrowType ReadInteger(int bits, bool signed, string where) => (bits, signed) switch
    {
        (8, true) => Int8Type.Default,
        (8, false) => UInt8Type.Default,
        (16, true) => Int16Type.Default,
        (16, false) => UInt16Type.Default,
        (32, true) => Int32Type.Default,
        (32, false) => UInt32Type.Default,
        (64, true) => Int64Type.Default,
        (64, false) => UInt64Type.Default,
        _ => throw new ArrowFormatException("an integer has no such width", where, $"{bits} bits", "8, 16, 32 or 64"),
    };

    private static ArrowType ReadFloat(short precision, string where) => precision switch
    {
        0 => HalfFloatType.Default,
        1 => FloatType.Default,
        2 => DoubleType.Default,
        _ => throw new ArrowFormatException("a float has no such precision", where, $"{precision}", "0, 1 or 2"),
    };

    private static ArrowType ReadDecimal(int precision, int scale, int bits, string where)
    {
        var most = bits switch
        {
            32 => Decimal32Type.MaxPrecision,
            64 => Decimal64Type.MaxPrecision,
            128 => Decimal128Type.MaxPrecision,
            256 => Decimal256Type.MaxPrecision,
            _ => throw new ArrowFormatException("a decimal has no such width", where, $"{bits} bits", "32, 64, 128 or 256"),
        };
        if (precision < 1 || precision > most) throw new ArrowFormatException($"decimal{bits} has no such precision", where, $"{precision}", $"1 to {most}");
        return bits switch
        {
            32 => new Decimal32Type(precision, scale),
            64 => new Decimal64Type(precision, scale),
            128 => new Decimal128Type(precision, scale),
            _ => new Decimal256Type(precision, scale),
        };
    }

    private static ArrowType ReadDate(short unit, string where) => unit switch
    {
        0 => Date32Type.Default,
        1 => Date64Type.Default,
        _ => throw new ArrowFormatException("a date has no such unit", where, $"{unit}", "0 or 1"),
    };

    private static ArrowType ReadTime(TimeUnit unit, int bits, string where) => (bits, unit) switch
    {
        (32, TimeUnit.Second or TimeUnit.Millisecond) => new Time32Type(unit),
        (64, TimeUnit.Microsecond or TimeUnit.Nanosecond) => new Time64Type(unit),
        _ => throw new ArrowFormatException("width and unit of a time do not fit", where, $"{bits} bits of {unit}"),
    };

    private static TimeUnit ReadUnit(short unit, string where) => unit is >= 0 and <= (short)TimeUnit.Nanosecond
        ? (TimeUnit)unit : throw new ArrowFormatException("there is no such unit of time", where, $"{unit}", "0 to 3");

    private static ArrowException Unsupported(byte tag, string where)
    {
        var name = tag switch
        {
            11 => "interval",
            12 => "list",
            13 => "struct",
            14 => "union",
            16 => "fixed_size_list",
            17 => "map",
            21 => "large_list",
            22 => "run_end_encoded",
            23 => "binary_view",
            24 => "utf8_view",
            25 => "list_view",
            26 => "large_list_view",
            _ => null,
        };
        return name is null
            ? new ArrowFormatException("there is no such type", where, $"type {tag}")
            : new ArrowNotSupportedException($"the type {name}", where);
    }
}
