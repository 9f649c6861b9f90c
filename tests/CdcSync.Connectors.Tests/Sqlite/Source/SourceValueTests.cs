using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

/// <summary>Each storage class against each column type: taken exactly, or null with a reason that does not tell the value.</summary>
public sealed class SourceValueTests
{
    private const string Fault = "!";

    public static TheoryData<string, string, string> Cases() => new()
    {
        // integers
        { "int8", "127", "127" }, { "int8", "128", Fault }, { "int8", "-128", "-128" }, { "int8", "-129", Fault },
        { "uint8", "255", "255" }, { "uint8", "-1", Fault }, { "uint64", "9223372036854775807", "9223372036854775807" }, { "uint64", "-1", Fault },
        { "uint64", "1.8e19", "18000000000000000000" }, { "uint64", "1.9e19", Fault },
        { "int64", "-9223372036854775808", "-9223372036854775808" }, { "int64", "5.0", "5" }, { "int64", "1.5", Fault }, { "int64", "9e18", "9000000000000000000" }, { "int64", "1e19", Fault },
        { "int64", "9e999", Fault }, { "int64", "'5'", Fault }, { "int64", "x'05'", Fault }, { "int64", "NULL", "null" }, { "int32", "2147483648", Fault }, { "int16", "-32768", "-32768" },
        // real numbers
        { "double", "1.5", "1.5" }, { "double", "9e999", "∞" }, { "double", "9007199254740993", Fault }, { "double", "9007199254740992", "9007199254740992" },
        { "double", "'1.5'", Fault }, { "float", "0.5", "0.5" }, { "float", "0.1", Fault }, { "float", "3", "3" }, { "double", "-0.0", "-0" }, { "double", "9223372036854775807", Fault },
        // decimals
        { "decimal(10,2)", "5", "500" }, { "decimal(10,2)", "9.99", "999" }, { "decimal(10,2)", "9.999", Fault }, { "decimal(10,2)", "'9.990'", "999" }, { "decimal(10,2)", "'-.5'", "-50" },
        { "decimal(10,2)", "'+7.'", "700" }, { "decimal(10,2)", "'1e3'", "100000" }, { "decimal(10,2)", "'1.5E-1'", "15" }, { "decimal(10,2)", "'15e-3'", Fault }, { "decimal(10,2)", "99999999.99", "9999999999" },
        { "decimal(10,2)", "100000000", Fault }, { "decimal(10,2)", "'abc'", Fault }, { "decimal(10,2)", "''", Fault }, { "decimal(10,2)", "'.'", Fault }, { "decimal(10,2)", "'1.2.3'", Fault }, { "decimal(10,2)", "' 1'", Fault },
        { "decimal(10,2)", "1e300", Fault }, { "decimal(10,2)", "0e300", "0" }, { "decimal(10,2)", "9e999", Fault }, { "decimal(10,2)", "0.1", "10" }, { "decimal(10,2)", "'00000000000000000000000000000000000000000001.10'", "110" },
        { "decimal(38,0)", "'99999999999999999999999999999999999999'", "99999999999999999999999999999999999999" }, { "decimal(38,0)", "'100000000000000000000000000000000000000'", Fault },
        { "decimal(38,38)", "'0.00000000000000000000000000000000000001'", "1" }, { "decimal(38,0)", "1e20", "100000000000000000000" }, { "decimal(10,2)", "x'31'", Fault },
        { "decimal(5,-2)", "1200", "12" }, { "decimal(5,-2)", "1250", Fault },
        // bool
        { "bool", "1", "true" }, { "bool", "0", "false" }, { "bool", "2", Fault }, { "bool", "'TRUE'", "true" }, { "bool", "'false'", "false" }, { "bool", "'1'", "true" }, { "bool", "'yes'", Fault }, { "bool", "1.0", Fault },
        // texts and bytes
        { "utf8", "'a''b'", "a'b" }, { "utf8", "''", "" }, { "utf8", "42", "42" }, { "utf8", "5.0", "5.0" }, { "utf8", "1.5", "1.5" }, { "utf8", "1e100", "1E+100" }, { "utf8", "x'41'", Fault },
        { "utf8", "CAST(x'ff' AS TEXT)", Fault }, { "utf8", "CAST(x'6100' AS TEXT)", "a\0" }, { "utf8", "'é🎉'", "é🎉" },
        { "binary", "x'00ff'", "00FF" }, { "binary", "x''", "" }, { "binary", "'a'", Fault }, { "binary", "1", Fault }, { "fixed(2)", "x'0102'", "0102" }, { "fixed(2)", "x'01'", Fault },
        // dates and times
        { "date32", "'1970-01-02'", "1" }, { "date32", "'0001-01-01'", "-719162" }, { "date32", "'2024-02-29'", "19782" }, { "date32", "'2023-02-29'", Fault }, { "date32", "'2024-02-29 00:00:00'", "19782" },
        { "date32", "'2024-02-29 00:00:01'", Fault }, { "date32", "'0000-00-00'", Fault }, { "date32", "'2024-2-9'", Fault }, { "date32", "19782", Fault }, { "date32", "2460000.5", Fault },
        { "time64[us]", "'13:05:00.25'", "47100250000" }, { "time64[us]", "'13:05'", "47100000000" }, { "time64[us]", "'24:00'", Fault }, { "time32[s]", "'00:00:01.5'", Fault }, { "time32[s]", "'00:00:01.0'", "1" },
        { "timestamp[us]", "'2024-02-29T13:05:00.123456'", "1709211900123456" }, { "timestamp[us]", "'2024-02-29 13:05'", "1709211900000000" }, { "timestamp[us]", "'2024-02-29'", "1709164800000000" },
        { "timestamp[us]", "'2024-02-29 13:05:00Z'", Fault }, { "timestamp[us]", "'2024-02-29 13:05:00.1234567'", Fault }, { "timestamp[us]", "'2024-02-29 13:05:00.1234560'", "1709211900123456" },
        { "timestamp[us]", "'yesterday'", Fault }, { "timestamp[us]", "'2024-02-29 13:05:00 '", Fault }, { "timestamp[us]", "'2024-02-29x13:05:00'", Fault }, { "timestamp[us]", "''", Fault },
        { "timestamp[us,utc]", "'2024-02-29 13:05:00+02:00'", "1709204700000000" }, { "timestamp[us,utc]", "'2024-02-29T13:05:00Z'", "1709211900000000" }, { "timestamp[us,utc]", "'2024-02-29 13:05:00'", "1709211900000000" },
        { "timestamp[us,utc]", "'2024-02-29 13:05:00 -0130'", "1709217300000000" }, { "timestamp[us,utc]", "'2024-02-29 13:05:00+02'", "1709204700000000" }, { "timestamp[us,utc]", "'2024-02-29 13:05:00+2'", Fault },
        { "timestamp[s]", "1700000000", "1700000000" }, { "timestamp[ms]", "1700000000123", "1700000000123" }, { "timestamp[s]", "'1969-12-31 23:59:59.5'", Fault }, { "timestamp[ms]", "'1969-12-31 23:59:59.5'", "-500" },
        { "timestamp[us]", "2440587.5", "0" }, { "timestamp[us]", "2440588.0", "43200000000" }, { "timestamp[ms]", "2440587.499994213", "-500" }, { "timestamp[us]", "1700000000.5", Fault }, { "timestamp[s]", "-1.5", Fault },
        { "timestamp[ns]", "'1600-01-01'", Fault }, { "timestamp[ns]", "'2024-02-29 13:05:00.123456789'", "1709211900123456789" }, { "timestamp[us]", "x'00'", Fault },
        // nothing
        { "null", "NULL", "null" }, { "null", "0", Fault },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_value_fits_exactly_or_is_null_with_a_reason(string type, string value, string expected)
    {
        using var file = new SourceFile();
        Check(file, type, value, expected);
    }

    [Fact]
    public void In_a_file_that_keeps_texts_in_utf16_values_are_the_same()
    {
        using var file = new SourceFile("PRAGMA encoding='UTF-16be'; CREATE TABLE t (v)");
        foreach (var row in Cases())
            if (!row.Data.Item2.Contains("CAST"))
                Check(file, row.Data.Item1, row.Data.Item2, row.Data.Item3);
    }

    private static void Check(SourceFile file, string type, string value, string expected)
    {
        file.Run("DROP TABLE IF EXISTS t; CREATE TABLE t (k INTEGER PRIMARY KEY, v)");
        file.Run($"INSERT INTO t (v) VALUES ({value})");
        var dataset = Dataset(Type(type));
        using var connection = SourceConnection.Open(file.Options, "shop");
        using var rows = connection.Prepare(SourceSql.All(dataset), "reading");
        var chunks = new RowChunks(dataset, connection.IsUtf16);
        Assert.True(rows.Step());
        chunks.AddUpsert(rows, 0);
        var chunk = chunks.Take();
        if (expected != Fault)
        {
            Assert.Empty(chunk.Faults);
            Assert.Equal(expected, Text(chunk.Rows.Column(1)));
            return;
        }
        var fault = Assert.Single(chunk.Faults);
        Assert.Equal((0, "v"), (fault.Row, fault.Column));
        Assert.StartsWith("found ", fault.Reason);
        Assert.True(chunk.Rows.Column(1).IsNull(0));
        Assert.Equal(1, chunk.Rows.Column(1).Length);
        if (value.Trim('\'').Length > 2)
            Assert.DoesNotContain(value.Trim('\''), fault.Reason);
    }

    [Theory]
    [InlineData("timestamp[s]", "'2026-01-02 03:04:05.999'", "1767323045")]
    [InlineData("timestamp[ms]", "'1969-12-31 23:59:59.9999'", "-1")]
    [InlineData("timestamp[us]", "'9999-12-31T23:59:59.9999999'", "253402300799999999")]
    [InlineData("time64[us]", "'23:59:59.1234567'", "86399123456")]
    [InlineData("time32[s]", "'00:00:00.9'", "0")]
    public void A_time_that_is_too_fine_is_cut_where_the_contract_says_so(string type, string value, string expected)
    {
        using var file = new SourceFile($"CREATE TABLE t (k INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, {value})");
        Assert.Equal(expected, Read(TimePrecision.Truncate));
        Assert.Equal("null", Read(TimePrecision.Exact));

        string Read(TimePrecision precision)
        {
            var dataset = Dataset(Type(type));
            using var connection = SourceConnection.Open(file.Options, "shop");
            using var rows = connection.Prepare("SELECT k, v FROM t", "reading");
            var chunks = new RowChunks(dataset with { Columns = [dataset.Columns[0], dataset.Columns[1] with { Precision = precision }] }, false);
            while (rows.Step()) chunks.AddUpsert(rows, 0);
            return Text(chunks.Take().Rows.Column(1));
        }
    }

    [Fact]
    public void Null_in_a_key_is_a_fault_of_the_row()
    {
        using var file = new SourceFile("CREATE TABLE t (k TEXT PRIMARY KEY, v INT); INSERT INTO t VALUES (NULL, 1), ('a', 2)");
        var dataset = Dataset(new Int64Type());
        using var connection = SourceConnection.Open(file.Options, "shop");
        using var rows = connection.Prepare("SELECT k, v FROM t ORDER BY v", "reading");
        var chunks = new RowChunks(dataset with { Columns = [dataset.Columns[0] with { ReadType = StringType.Default }, dataset.Columns[1]] }, false);
        while (rows.Step()) chunks.AddUpsert(rows, 0);
        Assert.Equal([new RowFault(0, "k", "found NULL in the key")], chunks.Take().Faults);
    }

    private static Dataset Dataset(ArrowType type) => new()
    {
        Id = new DatasetId("t"),
        SourceName = "shop",
        Object = new SourceObject.Table(null, "t"),
        Capture = new Capture.FullRefresh(),
        Target = new TargetTable(null, "t"),
        Contract = new ContractReference("t", "1.0.0", "tests"),
        Columns = [new DatasetColumn("k", "k", new Int64Type(), new Int64Type(), 0), new DatasetColumn("v", "v", type, type)],
    };

    private static ArrowType Type(string name) => name switch
    {
        "int8" => new Int8Type(),
        "uint8" => new UInt8Type(),
        "int16" => new Int16Type(),
        "int32" => new Int32Type(),
        "int64" => new Int64Type(),
        "uint64" => new UInt64Type(),
        "float" => new FloatType(),
        "double" => new DoubleType(),
        "bool" => BooleanType.Default,
        "utf8" => StringType.Default,
        "binary" => BinaryType.Default,
        "fixed(2)" => new FixedSizeBinaryType(2),
        "date32" => Date32Type.Default,
        "time64[us]" => new Time64Type(TimeUnit.Microsecond),
        "time32[s]" => new Time32Type(TimeUnit.Second),
        "timestamp[s]" => new TimestampType(TimeUnit.Second, null),
        "timestamp[ms]" => new TimestampType(TimeUnit.Millisecond, null),
        "timestamp[us]" => new TimestampType(TimeUnit.Microsecond, null),
        "timestamp[ns]" => new TimestampType(TimeUnit.Nanosecond, null),
        "timestamp[us,utc]" => new TimestampType(TimeUnit.Microsecond, "UTC"),
        "null" => NullType.Default,
        _ when name.StartsWith("decimal(", StringComparison.Ordinal) => Decimal(name["decimal(".Length..^1].Split(',')),
        _ => throw new ArgumentException(name),
    };

    private static Decimal128Type Decimal(string[] digits) => new(int.Parse(digits[0]), int.Parse(digits[1]));

    private static string Text(ArrowArray column) => column.IsNull(0) ? "null" : column switch
    {
        VarLengthArray { Type: StringType } a => a.GetString(0),
        VarLengthArray a => Convert.ToHexString(a.GetBytes(0)),
        FixedSizeBinaryArray a => Convert.ToHexString(a.GetBytes(0)),
        BoolArray a => a.GetValue(0) ? "true" : "false",
        FixedWidthArray<sbyte> a => $"{a[0]}",
        FixedWidthArray<byte> a => $"{a[0]}",
        FixedWidthArray<short> a => $"{a[0]}",
        FixedWidthArray<int> a => $"{a[0]}",
        FixedWidthArray<long> a => $"{a[0]}",
        FixedWidthArray<ulong> a => $"{a[0]}",
        FixedWidthArray<float> a => FormattableString.Invariant($"{a[0]}"),
        FixedWidthArray<double> a => double.IsInfinity(a[0]) ? "∞" : FormattableString.Invariant($"{a[0]}"),
        FixedWidthArray<Int128> a => $"{a[0]}",
        _ => throw new ArgumentException(column.Type.ToString()),
    };
}
