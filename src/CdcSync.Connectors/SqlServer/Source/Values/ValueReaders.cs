using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Core.Datasets;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Source.Values;

/// <summary>The reader for each pair of SQL Server's type and Arrow's that <see cref="SqlServerTypes.WhyNot"/> lets through.</summary>
internal static class ValueReaders
{
    /// <summary>A reader of a column that fills a builder.</summary>
    public static ValueReader For(SqlServerColumn column, ArrayBuilder builder, TimePrecision precision) => column.TypeName switch
    {
        "bit" when builder is BoolBuilder bits => new BoolReader(bits),
        "bit" => Integers(builder, (r, c) => r.GetBoolean(c) ? 1 : 0),
        "tinyint" => Wholes(builder, (r, c) => r.GetByte(c)),
        "smallint" => Wholes(builder, (r, c) => r.GetInt16(c)),
        "int" => Wholes(builder, (r, c) => r.GetInt32(c)),
        "bigint" => Wholes(builder, (r, c) => r.GetInt64(c)),
        "decimal" or "numeric" => Scaled(builder, new SqlDecimalNumber()),
        "money" or "smallmoney" => Scaled(builder, new MoneyNumber()),
        "real" => Reals(builder, (r, c) => r.GetFloat(c)),
        "float" => Reals(builder, (r, c) => r.GetDouble(c)),
        "date" when builder is FixedWidthBuilder<int> days => new DateReader(days),
        "date" or "smalldatetime" or "datetime" or "datetime2" => Ticks(builder, precision, TicksReader<long>.WallClock),
        "datetimeoffset" when builder is VarLengthBuilder texts => new OffsetReader(texts),
        "datetimeoffset" => Ticks(builder, precision, TicksReader<long>.Instant),
        "time" => Ticks(builder, precision, TicksReader<long>.TimeOfDay),
        "uniqueidentifier" => new GuidReader(builder),
        "timestamp" or "rowversion" when builder is FixedWidthBuilder<long> or FixedWidthBuilder<ulong> => Integers(builder, RowVersions.Read),
        "binary" or "varbinary" or "image" or "timestamp" or "rowversion" when builder is FixedSizeBinaryBuilder bytes => new FixedBytesReader(bytes),
        "binary" or "varbinary" or "image" or "timestamp" or "rowversion" => new BlobReader((VarLengthBuilder)builder),
        "char" or "varchar" or "nchar" or "nvarchar" when column.MaxLength >= 0 => new TextReader((VarLengthBuilder)builder),
        _ => new LongTextReader((VarLengthBuilder)builder),
    };

    private static ValueReader Wholes(ArrayBuilder builder, Func<SqlDataReader, int, long> get) => builder is FixedWidthBuilder<Int128> decimals
        ? new DecimalReader(decimals, (Decimal128Type)builder.Type, new WholeNumber(get)) : Integers(builder, get);

    private static ValueReader Integers(ArrayBuilder builder, Func<SqlDataReader, int, long> get) => builder switch
    {
        FixedWidthBuilder<sbyte> b => new IntegerReader<sbyte>(b, get),
        FixedWidthBuilder<byte> b => new IntegerReader<byte>(b, get),
        FixedWidthBuilder<short> b => new IntegerReader<short>(b, get),
        FixedWidthBuilder<ushort> b => new IntegerReader<ushort>(b, get),
        FixedWidthBuilder<int> b => new IntegerReader<int>(b, get),
        FixedWidthBuilder<uint> b => new IntegerReader<uint>(b, get),
        FixedWidthBuilder<long> b => new IntegerReader<long>(b, get),
        FixedWidthBuilder<ulong> b => new IntegerReader<ulong>(b, get),
        _ => throw No(builder),
    };

    private static ValueReader Scaled(ArrayBuilder builder, IScaled number) => builder switch
    {
        FixedWidthBuilder<Int128> b => new DecimalReader(b, (Decimal128Type)b.Type, number),
        FixedWidthBuilder<sbyte> b => new ScaledIntegerReader<sbyte>(b, number),
        FixedWidthBuilder<byte> b => new ScaledIntegerReader<byte>(b, number),
        FixedWidthBuilder<short> b => new ScaledIntegerReader<short>(b, number),
        FixedWidthBuilder<ushort> b => new ScaledIntegerReader<ushort>(b, number),
        FixedWidthBuilder<int> b => new ScaledIntegerReader<int>(b, number),
        FixedWidthBuilder<uint> b => new ScaledIntegerReader<uint>(b, number),
        FixedWidthBuilder<long> b => new ScaledIntegerReader<long>(b, number),
        FixedWidthBuilder<ulong> b => new ScaledIntegerReader<ulong>(b, number),
        _ => throw No(builder),
    };

    private static ValueReader Reals(ArrayBuilder builder, Func<SqlDataReader, int, double> get) => builder switch
    {
        FixedWidthBuilder<Half> b => new RealReader<Half>(b, get),
        FixedWidthBuilder<float> b => new RealReader<float>(b, get),
        FixedWidthBuilder<double> b => new RealReader<double>(b, get),
        _ => throw No(builder),
    };

    private static ValueReader Ticks(ArrayBuilder builder, TimePrecision precision, Func<SqlDataReader, int, long> get) => builder switch
    {
        FixedWidthBuilder<long> { Type: TimestampType type } b => new TicksReader<long>(b, new(type.Unit, precision), get),
        FixedWidthBuilder<long> { Type: Time64Type type } b => new TicksReader<long>(b, new(type.Unit, precision), get),
        FixedWidthBuilder<int> { Type: Time32Type type } b => new TicksReader<int>(b, new(type.Unit, precision), get),
        _ => throw No(builder),
    };

    private static InvalidOperationException No(ArrayBuilder builder) => new($"no reader for {builder.Type}");
}
