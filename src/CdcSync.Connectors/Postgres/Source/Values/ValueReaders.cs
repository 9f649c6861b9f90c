using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Postgres.Source.Values;

/// <summary>The reader for each pair of PostgreSQL's type and Arrow's that <see cref="PostgresTypes.WhyNot"/> lets through.</summary>
internal static class ValueReaders
{
    /// <summary>A reader of a column that fills a builder.</summary>
    public static ValueReader For(PostgresColumn column, ArrayBuilder builder, TimePrecision precision) => (column.Type.Oid, builder) switch
    {
        (PostgresOid.Bool, BoolBuilder bits) => new BoolReader(bits),
        (PostgresOid.Int2, _) => Wholes<short>(builder),
        (PostgresOid.Int4, _) => Wholes<int>(builder),
        (PostgresOid.Int8, _) => Wholes<long>(builder),
        (PostgresOid.Oid, _) => Wholes<uint>(builder),
        (PostgresOid.Float4, FixedWidthBuilder<float> b) => new RealReader<float, float>(b),
        (PostgresOid.Float4, FixedWidthBuilder<double> b) => new RealReader<float, double>(b),
        (PostgresOid.Float8, FixedWidthBuilder<float> b) => new RealReader<double, float>(b),
        (PostgresOid.Float8, FixedWidthBuilder<double> b) => new RealReader<double, double>(b),
        (PostgresOid.Numeric, VarLengthBuilder text) => new NumericTextReader(text),
        (PostgresOid.Numeric, _) => Numerics(builder),
        (PostgresOid.Date, FixedWidthBuilder<int> days) => new DateReader(days),
        (PostgresOid.Time, FixedWidthBuilder<int> { Type: Time32Type t } b) => new TimeReader<int>(b, t.Unit, precision),
        (PostgresOid.Time, FixedWidthBuilder<long> { Type: Time64Type t } b) => new TimeReader<long>(b, t.Unit, precision),
        (PostgresOid.Timestamp or PostgresOid.TimestampTz, FixedWidthBuilder<long> { Type: TimestampType t } b) => new TimestampReader(b, t, precision),
        (PostgresOid.Uuid, VarLengthBuilder text) => new UuidTextReader(text),
        (PostgresOid.Uuid or PostgresOid.Bytea, FixedSizeBinaryBuilder bytes) => new FixedBytesReader(bytes),
        (PostgresOid.Bytea, VarLengthBuilder bytes) => new BlobReader(bytes),
        (PostgresOid.JsonB, VarLengthBuilder text) => new JsonBReader(text),
        (_, VarLengthBuilder { Type: StringType } text) => new TextReader(text),
        _ => throw No(builder),
    };

    private static ValueReader Wholes<TWire>(ArrayBuilder builder) where TWire : unmanaged, System.Numerics.IBinaryInteger<TWire>, System.Numerics.IMinMaxValue<TWire> => builder switch
    {
        FixedWidthBuilder<Int128> { Type: Decimal128Type type } b => new WholeDecimalReader<TWire>(b, type),
        FixedWidthBuilder<sbyte> b => new IntegerReader<TWire, sbyte>(b),
        FixedWidthBuilder<byte> b => new IntegerReader<TWire, byte>(b),
        FixedWidthBuilder<short> b => new IntegerReader<TWire, short>(b),
        FixedWidthBuilder<ushort> b => new IntegerReader<TWire, ushort>(b),
        FixedWidthBuilder<int> b => new IntegerReader<TWire, int>(b),
        FixedWidthBuilder<uint> b => new IntegerReader<TWire, uint>(b),
        FixedWidthBuilder<long> b => new IntegerReader<TWire, long>(b),
        FixedWidthBuilder<ulong> b => new IntegerReader<TWire, ulong>(b),
        _ => throw No(builder),
    };

    private static ValueReader Numerics(ArrayBuilder builder) => builder switch
    {
        FixedWidthBuilder<Int128> { Type: Decimal128Type type } b => new DecimalReader(b, type),
        FixedWidthBuilder<sbyte> b => new NumericIntegerReader<sbyte>(b),
        FixedWidthBuilder<byte> b => new NumericIntegerReader<byte>(b),
        FixedWidthBuilder<short> b => new NumericIntegerReader<short>(b),
        FixedWidthBuilder<ushort> b => new NumericIntegerReader<ushort>(b),
        FixedWidthBuilder<int> b => new NumericIntegerReader<int>(b),
        FixedWidthBuilder<uint> b => new NumericIntegerReader<uint>(b),
        FixedWidthBuilder<long> b => new NumericIntegerReader<long>(b),
        FixedWidthBuilder<ulong> b => new NumericIntegerReader<ulong>(b),
        _ => throw No(builder),
    };

    private static InvalidOperationException No(ArrayBuilder builder) => new($"no reader for {builder.Type}");
}
