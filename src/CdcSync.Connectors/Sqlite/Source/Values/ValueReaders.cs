using CdcSync.Arrow;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Sqlite.Source.Values;

/// <summary>The reader for each type.</summary>
internal static class ValueReaders
{
    /// <summary>A reader that fills a builder.</summary>
    /// <param name="builder">The column's builder.</param>
    /// <param name="meter">Shared by the columns of a row.</param>
    /// <param name="precision">What happens to times that are finer than the type.</param>
    public static ValueReader For(ArrayBuilder builder, TextMeter meter, TimePrecision precision) => builder switch
    {
        NullBuilder none => new NothingReader(none) { Meter = meter },
        BoolBuilder bits => new BoolReader(bits) { Meter = meter },
        VarLengthBuilder { Type: StringType } text => new TextReader(text) { Meter = meter },
        VarLengthBuilder bytes => new BlobReader(bytes) { Meter = meter },
        FixedSizeBinaryBuilder bytes => new FixedBlobReader(bytes) { Meter = meter },
        FixedWidthBuilder<sbyte> b => new IntegerReader<sbyte>(b) { Meter = meter },
        FixedWidthBuilder<byte> b => new IntegerReader<byte>(b) { Meter = meter },
        FixedWidthBuilder<short> b => new IntegerReader<short>(b) { Meter = meter },
        FixedWidthBuilder<ushort> b => new IntegerReader<ushort>(b) { Meter = meter },
        FixedWidthBuilder<uint> b => new IntegerReader<uint>(b) { Meter = meter },
        FixedWidthBuilder<ulong> b => new IntegerReader<ulong>(b) { Meter = meter },
        FixedWidthBuilder<Half> b => new RealReader<Half>(b) { Meter = meter },
        FixedWidthBuilder<float> b => new RealReader<float>(b) { Meter = meter },
        FixedWidthBuilder<double> b => new RealReader<double>(b) { Meter = meter },
        FixedWidthBuilder<Int128> b => new DecimalReader(b, (Decimal128Type)b.Type) { Meter = meter },
        FixedWidthBuilder<int> { Type: Date32Type } b => new DateReader(b) { Meter = meter },
        FixedWidthBuilder<int> { Type: Time32Type time } b => new TimeReader<int>(b, time.Unit, precision) { Meter = meter },
        FixedWidthBuilder<int> b => new IntegerReader<int>(b) { Meter = meter },
        FixedWidthBuilder<long> { Type: Time64Type time } b => new TimeReader<long>(b, time.Unit, precision) { Meter = meter },
        FixedWidthBuilder<long> { Type: TimestampType timestamp } b => new TimestampReader(b, timestamp, precision) { Meter = meter },
        FixedWidthBuilder<long> b => new IntegerReader<long>(b) { Meter = meter },
        _ => throw new InvalidOperationException($"no reader for {builder.Type}"),
    };
}
