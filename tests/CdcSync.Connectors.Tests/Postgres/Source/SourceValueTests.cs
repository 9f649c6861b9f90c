namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>Every type's values, to its ends, as the server holds them.</summary>
public sealed class SourceValueTests(ValueDatabase database) : IClassFixture<ValueDatabase>
{
    [Theory]
    [InlineData("boolean", "true", "true")]
    [InlineData("smallint", "-32768", "-32768")]
    [InlineData("integer", "2147483647", "2147483647")]
    [InlineData("integer", "-2147483648", "-2147483648")]
    [InlineData("bigint", "9223372036854775807", "9223372036854775807")]
    [InlineData("bigint", "-9223372036854775808", "-9223372036854775808")]
    [InlineData("oid", "4294967295", "4294967295")]
    [InlineData("real", "3.4028235e38", "3.4028235E+38")]
    [InlineData("real", "NaN", "NaN")]
    [InlineData("double precision", "1.7976931348623157e308", "1.7976931348623157E+308")]
    [InlineData("double precision", "5e-324", "5E-324")]
    [InlineData("double precision", "-Infinity", "-Infinity")]
    [InlineData("numeric(12,2)", "-9999999999.99", "-9999999999.99")]
    [InlineData("numeric(12,2)", "0", "0.00")]
    [InlineData("numeric(12,2)", "NaN", "null !v: found NaN or an infinity, expected decimal128(12, 2)")]
    [InlineData("numeric(38,0)", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999")]
    [InlineData("numeric(38,1)", "-1234567890123456789012345678901234567.8", "-1234567890123456789012345678901234567.8")]
    [InlineData("numeric(38,38)", "0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001")]
    [InlineData("numeric(38,19)", "1234567890123456789.0987654321098765432", "1234567890123456789.0987654321098765432")]
    [InlineData("numeric(5,-2)", "-1234567", "-1234600")]
    [InlineData("numeric(3,5)", "0.00123", "0.00123")]
    [InlineData("numeric", "-123456789012345678901234567890123456789012345678901234567890.00012300", "-123456789012345678901234567890123456789012345678901234567890.00012300")]
    [InlineData("numeric", "0.000", "0.000")]
    [InlineData("numeric", "1e20", "100000000000000000000")]
    [InlineData("numeric", "-Infinity", "-Infinity")]
    [InlineData("numeric(50,10)", "1234567890123456789012345678901234567890.0000000001", "1234567890123456789012345678901234567890.0000000001")]
    [InlineData("text", "Zażółć 'gęślą' \"jaźń\" 🎉", "Zażółć 'gęślą' \"jaźń\" 🎉")]
    [InlineData("text", "", "")]
    [InlineData("character varying(5)", "a|b\\n", "a|b\\n")]
    [InlineData("character(5)", "ab", "ab   ")]
    [InlineData("name", "n", "n")]
    [InlineData("\"char\"", "c", "c")]
    [InlineData("uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")]
    [InlineData("bytea", "\\x00ff0a5c", "00ff0a5c")]
    [InlineData("bytea", "", "")]
    [InlineData("json", "{\"a\":  1, \"a\": 2}", "{\"a\":  1, \"a\": 2}")]
    [InlineData("jsonb", "{\"b\":1,\"a\":[1,null]}", "{\"a\": [1, null], \"b\": 1}")]
    [InlineData("xml", "<a>ü</a>", "<a>ü</a>")]
    [InlineData("date", "4714-11-24 BC", "-2440588")]
    [InlineData("date", "5874897-12-31", "2145042905")]
    [InlineData("date", "infinity", "null !v: found an infinity, expected date32")]
    [InlineData("time", "24:00:00", "86400000000")]
    [InlineData("time", "23:59:59.999999", "86399999999")]
    [InlineData("timestamp", "1970-01-01 00:00:00.000001", "1")]
    [InlineData("timestamp", "9999-12-31 23:59:59.999999", "253402300799999999")]
    [InlineData("timestamp", "4714-11-24 00:00:00 BC", "-210866803200000000")]
    [InlineData("timestamp", "-infinity", "null !v: found an infinity, expected timestamp[us]")]
    [InlineData("timestamp", "294276-12-31 23:59:59.999999", "null !v: found a time finer or further away than timestamp[us] holds")]
    [InlineData("timestamp(0)", "2026-01-02 03:04:05", "1767323045")]
    [InlineData("timestamptz(3)", "2026-01-02 03:04:05.678+05", "1767305045678")]
    [InlineData("timestamptz", "1969-12-31 23:59:59.999999+00", "-1")]
    [InlineData("timestamptz", "infinity", "null !v: found an infinity, expected timestamp[us, UTC]")]
    [InlineData("interval", "1 year 2 mons -3 days 04:05:06.789", "1 year 2 mons -3 days +04:05:06.789")]
    [InlineData("timetz", "24:00:00-15:59", "24:00:00-15:59")]
    [InlineData("inet", "192.168.1.5/24", "192.168.1.5/24")]
    [InlineData("cidr", "2001:db8::/32", "2001:db8::/32")]
    [InlineData("macaddr", "08:00:2b:01:02:03", "08:00:2b:01:02:03")]
    [InlineData("bit varying(9)", "10110", "10110")]
    [InlineData("int4range", "[1,5)", "[1,5)")]
    [InlineData("text[]", "{a,\"b c\",NULL,\"q\\\"\"}", "{a,\"b c\",NULL,\"q\\\"\"}")]
    [InlineData("integer[]", "{{1,2},{3,4}}", "{{1,2},{3,4}}")]
    [InlineData("point", "(1,2)", "(1,2)")]
    [InlineData("tsvector", "'a':1 'b':2", "'a':1 'b':2")]
    [InlineData("mood", "so 'so'", "so 'so'")]
    [InlineData("price", "12.50", "12.50")]
    [InlineData("email", "x@y", "x@y")]
    [InlineData("pair", "(1,\"b c\")", "(1,\"b c\")")]
    public async Task A_value_arrives_as_the_server_holds_it(string type, string value, string expected)
    {
        await database.Source.RunAsync($"DROP TABLE IF EXISTS t; CREATE TABLE t (id integer PRIMARY KEY, v {type}); INSERT INTO t VALUES (1, '{value.Replace("'", "''", StringComparison.Ordinal)}'), (2, NULL)");
        var dataset = await database.Source.DatasetAsync("t");
        Assert.Equal([$"1|{expected}", "2|null"], (await database.Source.ReadAsync(dataset)).Order());
    }

    [Theory]
    [InlineData("2026-01-02 03:04:05.9999", "1767323045")]
    [InlineData("1969-12-31 23:59:59.999999", "-1")]
    public async Task A_time_that_is_too_fine_is_cut_where_the_contract_says_so(string value, string expected)
    {
        await database.Source.RunAsync($"DROP TABLE IF EXISTS t; CREATE TABLE t (id integer PRIMARY KEY, v timestamp); INSERT INTO t VALUES (1, '{value}')");
        var dataset = await database.Source.DatasetAsync("t");
        var seconds = new CdcSync.Arrow.TimestampType(CdcSync.Arrow.TimeUnit.Second, null);
        Assert.Equal([$"1|{expected}"], await database.Source.ReadAsync(With(CdcSync.Core.Datasets.TimePrecision.Truncate)));
        Assert.Equal(["1|null !v: found a time finer or further away than timestamp[s] holds"], await database.Source.ReadAsync(With(CdcSync.Core.Datasets.TimePrecision.Exact)));

        CdcSync.Core.Datasets.Dataset With(CdcSync.Core.Datasets.TimePrecision precision) =>
            dataset with { Columns = [.. dataset.Columns.Select(c => c.Source == "v" ? c with { ReadType = seconds, TargetType = seconds, Precision = precision } : c)] };
    }
}

/// <summary>One database for all values, with types of its own.</summary>
public sealed class ValueDatabase : IAsyncLifetime
{
    private SourceDatabase? _source;

    internal SourceDatabase Source => _source ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync() => _source = await SourceDatabase.CreateAsync("""
        CREATE TYPE mood AS ENUM ('so ''so''', 'fine');
        CREATE DOMAIN email AS varchar(20) CHECK (VALUE LIKE '%@%');
        CREATE DOMAIN amount AS numeric(12,2);
        CREATE DOMAIN price AS amount CHECK (VALUE > 0);
        CREATE TYPE pair AS (a integer, b text);
        """);

    public async ValueTask DisposeAsync()
    {
        if (_source is not null) await _source.DisposeAsync();
    }
}
