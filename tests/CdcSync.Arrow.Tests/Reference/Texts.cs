using System.Globalization;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CdcSync.Arrow.Tests.Reference;

/// <summary>
/// Schemas and values as lines of JSON, in the form that reference.mjs reads and writes: a value is a text or null. Integers in digits (also of decimals, dates and times:
/// the number that is stored), floats as the 16 hexadecimal digits of the double they are, bytes in hexadecimal.
/// </summary>
internal static class Texts
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static string[] Lines(Schema schema, IEnumerable<RecordBatch> batches) =>
    [
        Line(new { fields = schema.Fields.Select(f => new { name = f.Name, type = $"{f.DataType}", nullable = f.IsNullable, metadata = Sorted(f.Metadata) }), metadata = Sorted(schema.Metadata) }),
        .. batches.Select(batch => Line(new { rows = batch.Length, columns = batch.Columns.Select(column => Of(column)) })),
    ];

    /// <summary>The same line whoever wrote it: spaces and escapes as this library's.</summary>
    internal static string Normalized(string line) => Line(JsonDocument.Parse(line).RootElement);

    private static string Line<T>(T value) => JsonSerializer.Serialize(value, Json);

    private static SortedDictionary<string, string> Sorted(IReadOnlyDictionary<string, string> metadata) =>
        new(metadata.ToDictionary(pair => pair.Key, pair => pair.Value), StringComparer.Ordinal);

    private static string?[] Of(ArrowArray column)
    {
        var plain = column is DictionaryArray places ? places.Decode() : column;
        return [.. Enumerable.Range(0, plain.Length).Select(row => plain.IsNull(row) ? null : Of(plain, row))];
    }

    private static string Of(ArrowArray column, int row) => column switch
    {
        BoolArray bools => bools.GetValue(row) ? "true" : "false",
        FixedWidthArray<sbyte> numbers => Digits(numbers[row]),
        FixedWidthArray<byte> numbers => Digits(numbers[row]),
        FixedWidthArray<short> numbers => Digits(numbers[row]),
        FixedWidthArray<ushort> numbers => Digits(numbers[row]),
        FixedWidthArray<int> numbers => Digits(numbers[row]),
        FixedWidthArray<uint> numbers => Digits(numbers[row]),
        FixedWidthArray<long> numbers => Digits(numbers[row]),
        FixedWidthArray<ulong> numbers => Digits(numbers[row]),
        FixedWidthArray<Int128> numbers => Digits(numbers[row]),
        FixedWidthArray<Int256> numbers => Digits(numbers[row].ToBigInteger()),
        FixedWidthArray<Half> numbers => Double((double)numbers[row]),
        FixedWidthArray<float> numbers => Double(numbers[row]),
        FixedWidthArray<double> numbers => Double(numbers[row]),
        FixedSizeBinaryArray bytes => Convert.ToHexStringLower(bytes.GetBytes(row)),
        VarLengthArray { Type: StringType or LargeStringType } texts => texts.GetString(row),
        VarLengthArray bytes => Convert.ToHexStringLower(bytes.GetBytes(row)),
        _ => throw new InvalidOperationException($"no text for {column.Type}"),
    };

    private static string Digits<T>(T number) where T : INumber<T> => number.ToString(null, CultureInfo.InvariantCulture);

    /// <summary>There is one NaN: JavaScript does not keep its bits apart.</summary>
    private static string Double(double value) => double.IsNaN(value) ? "NaN" : $"{BitConverter.DoubleToInt64Bits(value):x16}";
}
