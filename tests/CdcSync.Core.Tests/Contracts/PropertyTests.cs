using CdcSync.Arrow;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Tests.Contracts;

public sealed class PropertyTests
{
    [Theory]
    [InlineData("physicalType: bigint", "int64")]
    [InlineData("physicalType: INTEGER", "int32")]
    [InlineData("physicalType: int", "int32")]
    [InlineData("physicalType: smallint", "int16")]
    [InlineData("physicalType: tinyint", "int16")]
    [InlineData("physicalType: boolean", "bool")]
    [InlineData("physicalType: bit", "bool")]
    [InlineData("physicalType: real", "float")]
    [InlineData("physicalType: float(24)", "float")]
    [InlineData("physicalType: float", "double")]
    [InlineData("physicalType: Double  Precision", "double")]
    [InlineData("physicalType: \"numeric(12,2)\"", "decimal128(12, 2)")]
    [InlineData("physicalType: \"DECIMAL( 38 , 0 )\"", "decimal128(38, 0)")]
    [InlineData("physicalType: numeric(9)", "decimal128(9, 0)")]
    [InlineData("physicalType: money", "decimal128(19, 4)")]
    [InlineData("physicalType: varchar(20)", "utf8")]
    [InlineData("physicalType: nvarchar(max)", "utf8")]
    [InlineData("physicalType: character varying(20)", "utf8")]
    [InlineData("physicalType: uuid", "utf8")]
    [InlineData("physicalType: jsonb", "utf8")]
    [InlineData("physicalType: bytea", "binary")]
    [InlineData("physicalType: varbinary(max)", "binary")]
    [InlineData("physicalType: binary(16)", "fixed_size_binary(16)")]
    [InlineData("physicalType: date", "date32")]
    [InlineData("physicalType: time", "time64[us]")]
    [InlineData("physicalType: time(7)", "time64[ns]")]
    [InlineData("physicalType: timestamp", "timestamp[us]")]
    [InlineData("physicalType: timestamp(0)", "timestamp[s]")]
    [InlineData("physicalType: timestamp(3)", "timestamp[ms]")]
    [InlineData("physicalType: timestamp(3) with time zone", "timestamp[ms, UTC]")]
    [InlineData("physicalType: timestamptz", "timestamp[us, UTC]")]
    [InlineData("physicalType: datetime2", "timestamp[ns]")]
    [InlineData("physicalType: datetimeoffset(3)", "timestamp[ms, UTC]")]
    [InlineData("logicalType: string", "utf8")]
    [InlineData("logicalType: integer", "int64")]
    [InlineData("logicalType: integer, logicalTypeOptions: {format: i32}", "int32")]
    [InlineData("logicalType: integer, logicalTypeOptions: {format: u64}", "uint64")]
    [InlineData("logicalType: number, logicalTypeOptions: {format: f64}", "double")]
    [InlineData("logicalType: boolean", "bool")]
    [InlineData("logicalType: date", "date32")]
    [InlineData("logicalType: time", "time64[us]")]
    [InlineData("logicalType: timestamp", "timestamp[us]")]
    [InlineData("logicalType: timestamp, logicalTypeOptions: {timezone: true}", "timestamp[us, UTC]")]
    [InlineData("logicalType: integer, physicalType: smallint", "int16")]
    [InlineData("logicalType: string, physicalType: geography", "utf8")]
    [InlineData("logicalType: object, physicalType: jsonb, properties: [{name: x}]", "utf8")]
    public void Types_are_understood_and_the_physical_one_wins(string keys, string type) => Assert.Equal(type, ContractText.Property(keys).OnlyProperty().Type.ToString());

    [Theory]
    [InlineData("physicalType: numeric", "physicalType: expected numeric(p,s)")]
    [InlineData("physicalType: \"numeric(39,0)\"", "physicalType: expected a precision from 1 to 38")]
    [InlineData("physicalType: \"numeric(4,5)\"", "physicalType: expected a scale up to the precision")]
    [InlineData("physicalType: geography", "physicalType: 'geography' is no type that CdcSync knows")]
    [InlineData("physicalType: timestamp(10)", "physicalType: expected timestamp(p) with p from 0 to 9")]
    [InlineData("physicalType: timetz", "physicalType: there is no type that holds it")]
    [InlineData("physicalType: bit(8)", "physicalType: strings of bits")]
    [InlineData("logicalType: number", "logicalType: a number needs a physicalType numeric(p,s)")]
    [InlineData("logicalType: integer, logicalTypeOptions: {format: i128}", "logicalType: integers of 128 bits")]
    [InlineData("logicalType: array, items: {logicalType: string}", "logicalType: objects and arrays can't be synced")]
    [InlineData("description: x", "logicalType: expected a physicalType such as")]
    public void A_type_that_is_not_understood_is_an_error_at_its_place(string keys, string message)
    {
        var result = ContractText.Property(keys);
        Assert.Null(result.Value);
        Assert.StartsWith("schema[0].properties[0]." + message, Assert.Single(result.Messages()), StringComparison.Ordinal);
    }

    [Fact]
    public void Types_that_contradict_each_other_are_a_warning()
    {
        var result = ContractText.Property("logicalType: string, physicalType: bigint");
        Assert.Equal(Int64Type.Default, result.OnlyProperty().Type);
        Assert.Equal("schema[0].properties[0].physicalType: 'bigint' is no string; the physical type counts.", Assert.Single(result.Messages()));
    }

    public static TheoryData<string> AllTypes =>
    [
        .. new ArrowType[]
        {
            BooleanType.Default, Int16Type.Default, Int32Type.Default, Int64Type.Default, FloatType.Default, DoubleType.Default, StringType.Default, BinaryType.Default,
            new FixedSizeBinaryType(16), new Decimal128Type(12, 2), Date32Type.Default, new Time64Type(TimeUnit.Microsecond), new Time64Type(TimeUnit.Nanosecond),
            new TimestampType(TimeUnit.Second, null), new TimestampType(TimeUnit.Millisecond, "UTC"), new TimestampType(TimeUnit.Microsecond, null), new TimestampType(TimeUnit.Nanosecond, "UTC"),
        }.Select(PhysicalType.NameOf),
    ];

    [Theory]
    [MemberData(nameof(AllTypes))]
    public void A_types_name_gives_the_type_again(string name) => Assert.Equal(name, PhysicalType.NameOf(PhysicalType.Read(name)!.Type!));

    [Theory]
    [InlineData("logicalType: string", "p", "p")]
    [InlineData("logicalType: string, physicalName: q", "p", "q")]
    [InlineData("logicalType: string, transformSourceObjects: [erp.dbo.T.Col, erp.dbo.T.Other]", "Col", "p")]
    [InlineData("logicalType: string, transformSourceObjects: [Col], customProperties: [{property: sourceColumn, value: \"a.b\"}]", "a.b", "p")]
    [InlineData("logicalType: string, encryptedName: e", "p", "p")]
    [InlineData("logicalType: string, encryptedName: e, physicalName: q, customProperties: [{property: mask, value: {algorithm: hmac-sha256, key: k}}]", "p", "e")]
    [InlineData("logicalType: string, physicalName: q, customProperties: [{property: mask, value: {algorithm: hmac-sha256, key: k}}]", "p", "q")]
    public void A_column_has_a_name_on_each_side(string keys, string source, string target)
    {
        var property = ContractText.Property(keys).OnlyProperty();
        Assert.Equal((source, target), (property.SourceColumn, property.TargetColumn));
    }

    [Fact]
    public void A_column_may_be_read_as_another_type()
    {
        var column = Assert.Single(ContractText.Property("physicalType: date, required: true, customProperties: [{property: readAs, value: varchar(10)}]").OrThrow().Objects[0].Columns());
        Assert.Equal(new DatasetColumn("p", "p", StringType.Default, Date32Type.Default, null, true), column);
    }

    [Fact]
    public void A_masked_column_is_text_in_the_warehouse()
    {
        var column = Assert.Single(ContractText.Property("physicalType: bigint, customProperties: [{property: mask, value: {algorithm: hmac-sha256, key: k}}]").OrThrow().Objects[0].Columns());
        Assert.Equal(new DatasetColumn("p", "p", Int64Type.Default, StringType.Default, null, false, new ColumnMask("k")), column);
    }

    [Fact]
    public void A_time_may_be_cut()
    {
        var column = Assert.Single(ContractText.Property("physicalType: timestamp(6), customProperties: [{property: precision, value: truncate}]").OrThrow().Objects[0].Columns());
        Assert.Equal(TimePrecision.Truncate, column.Precision);
    }

    [Theory]
    [InlineData("physicalType: timestamp(6), customProperties: [{property: precision, value: round}]", "expected truncate, found 'round'")]
    [InlineData("physicalType: bigint, customProperties: [{property: precision, value: truncate}]", "only times are cut; this is read as int64")]
    [InlineData("physicalType: timestamp(6), primaryKey: true, customProperties: [{property: precision, value: truncate}]", "a key is not cut")]
    public void A_cut_that_could_not_be_is_an_error(string keys, string message) =>
        Assert.Contains(ContractText.Property(keys).Messages(), m => m.Contains(message, StringComparison.Ordinal));

    [Theory]
    [InlineData("none", KeyFold.None)]
    [InlineData("blanks", KeyFold.Blanks)]
    [InlineData("caseAndBlanks", KeyFold.CaseAndBlanks)]
    public void A_key_may_be_folded(string word, KeyFold fold)
    {
        var column = Assert.Single(ContractText.Property($"logicalType: string, primaryKey: true, customProperties: [{{property: fold, value: {word}}}]").OrThrow().Objects[0].Columns());
        Assert.Equal(new DatasetColumn("p", "p", StringType.Default, StringType.Default, 0, Fold: fold), column);
    }

    [Theory]
    [InlineData("logicalType: string, primaryKey: true, customProperties: [{property: fold, value: CaseAndBlanks}]", "expected one of none, blanks, caseAndBlanks, found 'CaseAndBlanks'. Did you mean 'caseAndBlanks'?")]
    [InlineData("logicalType: string, customProperties: [{property: fold, value: blanks}]", "only a property of the key is folded")]
    [InlineData("physicalType: bigint, primaryKey: true, customProperties: [{property: fold, value: blanks}]", "only texts are folded; this is int64")]
    [InlineData("logicalType: string, primaryKey: true, customProperties: [{property: fold, value: blanks}, {property: mask, value: {algorithm: hmac-sha256, key: k}}]", "a masked property can't be folded")]
    [InlineData("logicalType: string, primaryKey: true, customProperties: [{property: Fold, value: blanks}]", "unknown property 'Fold'. Did you mean 'fold'?")]
    public void A_fold_that_could_not_be_is_an_error(string keys, string message) =>
        Assert.Contains(ContractText.Property(keys).Messages(), m => m.Contains(message, StringComparison.Ordinal));

    [Fact]
    public void A_key_may_be_said_never_to_differ_in_accents_alone()
    {
        Assert.Equal(AccentEquality.Alike, Column("{property: fold, value: caseAndBlanks}, {property: accents, value: alike}").Accents);
        Assert.Equal(AccentEquality.Unstated, Column("{property: fold, value: caseAndBlanks}").Accents);

        static DatasetColumn Column(string custom) => Assert.Single(ContractText.Property($"logicalType: string, primaryKey: true, customProperties: [{custom}]").OrThrow().Objects[0].Columns());
    }

    [Theory]
    [InlineData("logicalType: string, primaryKey: true, customProperties: [{property: accents, value: ignored}]", "expected alike, found 'ignored'.")]
    [InlineData("logicalType: string, customProperties: [{property: accents, value: alike}]", "only texts of the key are compared by accents")]
    [InlineData("physicalType: bigint, primaryKey: true, customProperties: [{property: accents, value: alike}]", "only texts of the key are compared by accents")]
    public void A_word_on_accents_that_could_not_be_meant_is_an_error(string keys, string message) =>
        Assert.Contains(ContractText.Property(keys).Messages(), m => m.Contains(message, StringComparison.Ordinal));

    [Theory]
    [InlineData("{property: mask, value: hmac}", "expected a mapping, found 'hmac'")]
    [InlineData("{property: mask, value: {algorithm: sha1, key: k}}", "expected one of hmac-sha256, found 'sha1'")]
    [InlineData("{property: mask, value: {algorithm: hmac-sha256}}", "'key' is missing")]
    [InlineData("{property: mask, value: {key: k}}", "'algorithm' is missing")]
    [InlineData("{property: mask, value: {algorithm: hmac-sha256, key: k, salt: x}}", "unknown key 'salt'")]
    [InlineData("{property: Mask, value: {algorithm: hmac-sha256, key: k}}", "unknown property 'Mask'. Did you mean 'mask'?")]
    [InlineData("{property: sourceColum, value: x}", "unknown property 'sourceColum'. Did you mean 'sourceColumn'?")]
    [InlineData("{property: readAs, value: geography}", "expected a type that CdcSync knows")]
    public void A_mask_is_never_lost_to_a_typing_error(string custom, string message) =>
        Assert.Contains(ContractText.Property($"logicalType: string, customProperties: [{custom}]").Messages(), m => m.Contains(message, StringComparison.Ordinal));

    [Fact]
    public void Custom_properties_of_others_are_welcome() =>
        Assert.Empty(ContractText.Property("logicalType: string, customProperties: [{property: task, value: 1}, {property: piiClass, value: [a]}]").Findings);

    [Theory]
    [InlineData("logicalType: string, logicalTypeOptions: {minimum: 1}", "unknown key 'minimum'")]
    [InlineData("logicalType: integer, logicalTypeOptions: {maxLength: 1}", "unknown key 'maxLength'")]
    [InlineData("logicalType: integer, logicalTypeOptions: {multipleOf: 0}", "must be above 0")]
    [InlineData("logicalType: integer, logicalTypeOptions: {format: int}", "expected one of i8, i16")]
    [InlineData("logicalType: string, logicalTypeOptions: {maxLength: -1}", "must be at least 0")]
    [InlineData("logicalType: date, logicalTypeOptions: {minimum: 5}", "expected a text (in quotes)")]
    [InlineData("physicalType: bigint, logicalTypeOptions: {minimum: 5}", "options need a logicalType")]
    [InlineData("logicalType: string, primaryKeyPosition: 1", "add primaryKey: true")]
    [InlineData("logicalType: string, required: yes", "expected true or false, found 'yes'")]
    [InlineData("logicalType: string, relationships: [{to: x}]", "expected table.column, found 'x'")]
    [InlineData("logicalType: string, relationships: [{from: a.b, to: a.b}]", "unknown key 'from'")]
    [InlineData("logicalType: string, physicalName: _cdc_deleted_at", "names that begin with _cdc_ are CdcSync's own")]
    public void Property_keys_are_checked(string keys, string message) =>
        Assert.Contains(ContractText.Property(keys).Messages(), m => m.Contains(message, StringComparison.Ordinal));

    [Fact]
    public void Options_are_kept_as_written()
    {
        var options = ContractText.Property("logicalType: integer, logicalTypeOptions: {minimum: 0, exclusiveMaximum: 1.5, multipleOf: 5}").OnlyProperty().Options;
        Assert.Equal(new ValueOptions { Minimum = "0", ExclusiveMaximum = "1.5", MultipleOf = 5 }, options);
    }
}
