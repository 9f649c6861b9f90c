using System.Globalization;
using System.IO.Compression;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace CdcSync.Arrow.Tests.Ipc;

/// <summary>A golden file's JSON: schema and values as the reference implementations agreed on them.</summary>
internal sealed class GoldenJson : IDisposable
{
    private readonly JsonDocument _json;
    private readonly Dictionary<long, JsonElement> _dictionaries = [];

    private GoldenJson(JsonDocument json)
    {
        _json = json;
        if (json.RootElement.TryGetProperty("dictionaries", out var all))
            foreach (var one in all.EnumerateArray()) _dictionaries.Add(one.GetProperty("id").GetInt64(), one.GetProperty("data").GetProperty("columns")[0]);
        Schema = new([.. Json("fields").Select(ReadField)], Metadata(json.RootElement.GetProperty("schema")));
    }

    internal Schema Schema { get; }

    internal static GoldenJson Load(string path)
    {
        using var file = File.OpenRead(path + ".json.gz");
        using var unzipped = new GZipStream(file, CompressionMode.Decompress);
        return new(JsonDocument.Parse(unzipped));
    }

    public void Dispose() => _json.Dispose();

    internal void AssertHolds((Schema Schema, List<RecordBatch> Batches) read)
    {
        Assert.Equal(Schema, read.Schema);
        var batches = _json.RootElement.GetProperty("batches").EnumerateArray().ToList();
        Assert.Equal(batches.Count, read.Batches.Count);
        for (var i = 0; i < batches.Count; i++)
        {
            Assert.Equal(batches[i].GetProperty("count").GetInt32(), read.Batches[i].Length);
            foreach (var ((column, json), field) in read.Batches[i].Columns.Zip(batches[i].GetProperty("columns").EnumerateArray()).Zip(Json("fields")))
            {
                if (column is DictionaryArray places) AssertHolds(places, json, _dictionaries[field.GetProperty("dictionary").GetProperty("id").GetInt64()]);
                else AssertHolds(column, json);
            }
        }
    }

    /// <summary>Places and values each as the JSON says, and so what the rows mean once decoded.</summary>
    private static void AssertHolds(DictionaryArray column, JsonElement json, JsonElement dictionary)
    {
        AssertHolds(column.Indices, json);
        AssertHolds(column.Dictionary, dictionary);
        var decoded = column.Decode();
        for (var row = 0; row < column.Length; row++)
        {
            var place = column.IsValid(row) ? column.GetIndex(row) : -1;
            Assert.Equal(place >= 0 && column.Dictionary.IsValid(place), decoded.IsValid(row));
            if (decoded.IsValid(row)) Assert.Equal(Columns.RowBytes(column.Dictionary, place), Columns.RowBytes(decoded, row));
        }
    }

    private static void AssertHolds(ArrowArray column, JsonElement json)
    {
        Assert.Equal(json.GetProperty("count").GetInt32(), column.Length);
        if (column is NullArray)
        {
            Assert.Equal(column.Length, column.NullCount);
            return;
        }
        var valid = json.GetProperty("VALIDITY").EnumerateArray().Select(bit => bit.GetInt32() == 1).ToArray();
        Assert.Equal(valid.Count(bit => !bit), column.NullCount);
        var row = 0;
        foreach (var value in json.GetProperty("DATA").EnumerateArray())
        {
            Assert.Equal(valid[row], column.IsValid(row));
            if (valid[row]) Assert.Equal(Expected(value, column.Type), Columns.RowBytes(column, row).ToArray());
            row++;
        }
        Assert.Equal(column.Length, row);
    }

    /// <summary>The bytes a value of the JSON has in memory.</summary>
    private static byte[] Expected(JsonElement value, ArrowType type) => type.TypeId switch
    {
        ArrowTypeId.Boolean => [value.ValueKind == JsonValueKind.True || (value.ValueKind == JsonValueKind.Number && value.GetInt32() == 1) ? (byte)1 : (byte)0],
        ArrowTypeId.Int8 => [(byte)value.GetSByte()],
        ArrowTypeId.UInt8 => [value.GetByte()],
        ArrowTypeId.Int16 => Columns.Bytes([value.GetInt16()]),
        ArrowTypeId.UInt16 => Columns.Bytes([value.GetUInt16()]),
        ArrowTypeId.Int32 or ArrowTypeId.Date32 or ArrowTypeId.Time32 or ArrowTypeId.Decimal32 => Columns.Bytes([value.GetInt32()]),
        ArrowTypeId.UInt32 => Columns.Bytes([value.GetUInt32()]),
        ArrowTypeId.Int64 or ArrowTypeId.Time64 or ArrowTypeId.Timestamp or ArrowTypeId.Date64 or ArrowTypeId.Duration or ArrowTypeId.Decimal64 => Columns.Bytes([Number<long>(value)]),
        ArrowTypeId.UInt64 => Columns.Bytes([Number<ulong>(value)]),
        ArrowTypeId.HalfFloat => Columns.Bytes([(Half)value.GetDouble()]),
        ArrowTypeId.Float => Columns.Bytes([value.GetSingle()]),
        ArrowTypeId.Double => Columns.Bytes([value.GetDouble()]),
        ArrowTypeId.Decimal128 => Columns.Bytes([Number<Int128>(value)]),
        ArrowTypeId.Decimal256 => Columns.Bytes([Int256.FromBigInteger(Number<BigInteger>(value))]),
        ArrowTypeId.String or ArrowTypeId.LargeString => Encoding.UTF8.GetBytes(value.GetString()!),
        ArrowTypeId.Binary or ArrowTypeId.LargeBinary or ArrowTypeId.FixedSizeBinary => Convert.FromHexString(value.GetString()!),
        _ => throw new InvalidOperationException($"no value of {type} in the golden files"),
    };

    /// <summary>Wide integers are strings in newer files and numbers in older ones.</summary>
    private static T Number<T>(JsonElement value) where T : IParsable<T> =>
        T.Parse(value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText(), CultureInfo.InvariantCulture);

    private IEnumerable<JsonElement> Json(string name) => _json.RootElement.GetProperty("schema").GetProperty(name).EnumerateArray();

    private static Field ReadField(JsonElement field) =>
        new(field.GetProperty("name").GetString()!, ReadType(field), field.GetProperty("nullable").GetBoolean(), Metadata(field));

    private static Dictionary<string, string>? Metadata(JsonElement of) => of.TryGetProperty("metadata", out var pairs)
        ? pairs.EnumerateArray().ToDictionary(pair => pair.GetProperty("key").GetString()!, pair => pair.GetProperty("value").GetString()!) : null;

    private static ArrowType ReadType(JsonElement field)
    {
        var values = ReadValueType(field.GetProperty("type"));
        if (!field.TryGetProperty("dictionary", out var encoding)) return values;
        var index = encoding.GetProperty("indexType");
        return new DictionaryType(Integer(index.GetProperty("bitWidth").GetInt32(), index.GetProperty("isSigned").GetBoolean()), values, encoding.GetProperty("isOrdered").GetBoolean());
    }

    private static ArrowType ReadValueType(JsonElement type)
    {
        switch (type.GetProperty("name").GetString())
        {
            case "null": return NullType.Default;
            case "bool": return BooleanType.Default;
            case "utf8": return StringType.Default;
            case "binary": return BinaryType.Default;
            case "largeutf8": return LargeStringType.Default;
            case "largebinary": return LargeBinaryType.Default;
            case "int": return Integer(type.GetProperty("bitWidth").GetInt32(), type.GetProperty("isSigned").GetBoolean());
            case "floatingpoint": return type.GetProperty("precision").GetString() switch { "HALF" => HalfFloatType.Default, "SINGLE" => FloatType.Default, _ => DoubleType.Default };
            case "fixedsizebinary": return new FixedSizeBinaryType(type.GetProperty("byteWidth").GetInt32());
            case "decimal" when type.TryGetProperty("bitWidth", out var bits) && bits.GetInt32() == 256:
                return new Decimal256Type(type.GetProperty("precision").GetInt32(), type.GetProperty("scale").GetInt32());
            case "decimal": return new Decimal128Type(type.GetProperty("precision").GetInt32(), type.GetProperty("scale").GetInt32());
            case "date": return Unit(type) == TimeUnit.Millisecond ? Date64Type.Default : Date32Type.Default;
            case "time": return type.GetProperty("bitWidth").GetInt32() == 32 ? new Time32Type(Unit(type)) : new Time64Type(Unit(type));
            case "duration": return new DurationType(Unit(type));
            case "timestamp": return new TimestampType(Unit(type), type.TryGetProperty("timezone", out var zone) ? zone.GetString() : null);
            case var name: throw new InvalidOperationException($"no type {name}");
        }
    }

    private static TimeUnit Unit(JsonElement type) => Enum.TryParse<TimeUnit>(type.GetProperty("unit").GetString(), ignoreCase: true, out var unit) ? unit : default;

    private static ArrowType Integer(int bits, bool signed) => (bits, signed) switch
    {
        (8, true) => Int8Type.Default,
        (8, false) => UInt8Type.Default,
        (16, true) => Int16Type.Default,
        (16, false) => UInt16Type.Default,
        (32, true) => Int32Type.Default,
        (32, false) => UInt32Type.Default,
        (64, true) => Int64Type.Default,
        _ => UInt64Type.Default,
    };
}
