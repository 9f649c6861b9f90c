using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Reconciliation;

/// <summary>Between canonical keys and columns of values.</summary>
/// <param name="dataset">A dataset with a key.</param>
public sealed class KeyCodec(Dataset dataset)
{
    private const int DaysTo2000 = 10_957;
    private const long MicrosecondsTo2000 = DaysTo2000 * 86_400_000_000;

    /// <summary>The key's columns alone, in key order, named and typed as in the target.</summary>
    public Schema Schema { get; } = new([.. dataset.TargetKey.Select(i => dataset.TargetSchema.Fields[i])]);

    /// <summary>The canonical keys of rows in the dataset's target schema.</summary>
    public CanonicalRows KeysOf(RecordBatch rows) => new(rows, dataset.TargetKey);

    /// <summary>Keys as columns.</summary>
    public RecordBatch Decode(IReadOnlyCollection<CanonicalKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return DecodeAs(Schema, keys);
    }

    /// <summary>Canonical rows of some schema as columns.</summary>
    internal static RecordBatch DecodeAs(Schema schema, IReadOnlyCollection<CanonicalKey> keys)
    {
        var builder = new RecordBatchBuilder(schema, keys.Count);
        foreach (var key in keys)
            Append(key.Bytes, builder);
        return builder.Build();
    }

    /// <summary>Rows of the target schema that have nothing but their keys: what a delete is.</summary>
    public RecordBatch DecodeRows(IReadOnlyCollection<CanonicalKey> keys)
    {
        var decoded = Decode(keys);
        var columns = new ArrowArray[dataset.TargetSchema.Fields.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            var part = dataset.TargetKey.ToList().IndexOf(i);
            if (part >= 0)
            {
                columns[i] = decoded.Column(part);
                continue;
            }

            var nothing = ArrayBuilder.For(dataset.TargetSchema.Fields[i].DataType, 0);
            nothing.AppendNulls(keys.Count);
            columns[i] = nothing.Build();
        }

        return new RecordBatch(dataset.TargetSchema, columns, keys.Count);
    }

    private static void Append(ReadOnlySpan<byte> key, RecordBatchBuilder builder)
    {
        var rest = key[sizeof(int)..];
        for (var i = 0; i < builder.Schema.Fields.Count; i++)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest[4..]);
            rest = rest[8..];
            if (length == CanonicalTypes.Null)
            {
                builder[i].AppendNull();
                continue;
            }

            Append(rest[..length], builder[i]);
            rest = rest[length..];
        }
    }

    private static void Append(ReadOnlySpan<byte> value, ArrayBuilder to)
    {
        switch (to)
        {
            case BoolBuilder b: b.Append(value[0] != 0); break;
            case VarLengthBuilder b: b.Append(value); break;
            case FixedSizeBinaryBuilder b: b.Append(value); break;
            case FixedWidthBuilder<int> { Type: Date32Type } b: b.Append(BinaryPrimitives.ReadInt32BigEndian(value) + DaysTo2000); break;
            case FixedWidthBuilder<int> { Type: Time32Type t } b: b.Append((int)(Whole(value) / MicrosecondsOf(t.Unit))); break;
            case FixedWidthBuilder<long> { Type: TimestampType { Unit: not TimeUnit.Nanosecond } t } b: b.Append((Whole(value) + MicrosecondsTo2000) / MicrosecondsOf(t.Unit)); break;
            case FixedWidthBuilder<Int128> { Type: Decimal128Type t } b: b.Append(Unscaled(value, t.Scale)); break;
            case FixedWidthBuilder<ulong> b: b.Append(ulong.Parse(value, CultureInfo.InvariantCulture)); break;
            case FixedWidthBuilder<double> b: b.Append(Real(value)); break;
            case FixedWidthBuilder<float> b: b.Append((float)Real(value)); break;
            case FixedWidthBuilder<Half> b: b.Append((Half)Real(value)); break;
            case FixedWidthBuilder<long> b: b.Append(Whole(value)); break;
            case FixedWidthBuilder<int> b: b.Append(Narrow<int>(value)); break;
            case FixedWidthBuilder<short> b: b.Append(Narrow<short>(value)); break;
            case FixedWidthBuilder<sbyte> b: b.Append(Narrow<sbyte>(value)); break;
            case FixedWidthBuilder<uint> b: b.Append(Narrow<uint>(value)); break;
            case FixedWidthBuilder<ushort> b: b.Append(Narrow<ushort>(value)); break;
            case FixedWidthBuilder<byte> b: b.Append(Narrow<byte>(value)); break;
            default: throw new ArgumentException($"no key of {to.Type}", nameof(to));
        }
    }

    private static long Whole(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadInt64BigEndian(value);

    private static T Narrow<T>(ReadOnlySpan<byte> value) where T : INumberBase<T> => T.CreateTruncating(Whole(value));

    private static double Real(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadDoubleBigEndian(value);

    private static long MicrosecondsOf(TimeUnit unit) => unit switch { TimeUnit.Second => 1_000_000, TimeUnit.Millisecond => 1_000, _ => 1 };

    private static Int128 Unscaled(ReadOnlySpan<byte> text, int scale)
    {
        var digits = Encoding.ASCII.GetString(text).Replace(".", "", StringComparison.Ordinal);
        return Int128.Parse(scale < 0 && digits != "0" ? digits[..^-scale] : digits, CultureInfo.InvariantCulture);
    }
}
