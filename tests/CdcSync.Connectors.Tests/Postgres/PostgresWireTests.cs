using CdcSync.Arrow;
using CdcSync.Connectors.Postgres;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Connectors.Postgres.Wire;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Batches;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres;

/// <summary>What the server reads in what we write: every type, at its edges, by COPY and as array parameter.</summary>
public sealed class PostgresWireTests
{
    private static readonly Int128 Widest = Int128.Parse("99999999999999999999999999999999999999");

    public static TheoryData<string> Cases => [.. All.Keys];

    private static readonly Dictionary<string, (ArrowType Type, (object? Value, string? Text)[] Values)> All = new()
    {
        ["bool"] = (BooleanType.Default, [(true, "true"), (false, "false"), (null, null)]),
        ["int8"] = (Int8Type.Default, [(sbyte.MinValue, "-128"), (sbyte.MaxValue, "127"), (null, null)]),
        ["uint8"] = (UInt8Type.Default, [((byte)0, "0"), (byte.MaxValue, "255"), (null, null)]),
        ["int16"] = (Int16Type.Default, [(short.MinValue, "-32768"), (short.MaxValue, "32767"), (null, null)]),
        ["uint16"] = (UInt16Type.Default, [((ushort)0, "0"), (ushort.MaxValue, "65535"), (null, null)]),
        ["int32"] = (Int32Type.Default, [(int.MinValue, "-2147483648"), (int.MaxValue, "2147483647"), (null, null)]),
        ["uint32"] = (UInt32Type.Default, [(0u, "0"), (uint.MaxValue, "4294967295"), (null, null)]),
        ["int64"] = (Int64Type.Default, [(long.MinValue, "-9223372036854775808"), (long.MaxValue, "9223372036854775807"), (null, null)]),
        ["uint64"] = (UInt64Type.Default, [(0ul, "0"), (10_000ul, "10000"), (ulong.MaxValue, "18446744073709551615"), (null, null)]),
        ["halffloat"] = (HalfFloatType.Default, [((Half)0.5, "0.5"), (Half.MinValue, "-65504"), (Half.PositiveInfinity, "Infinity"), (Half.NaN, "NaN"), (null, null)]),
        ["float"] = (FloatType.Default, [(1.1f, "1.1"), (float.MaxValue, "3.4028235e+38"), (float.Epsilon, "1e-45"), (-0.0f, "-0"), (float.NegativeInfinity, "-Infinity"), (float.NaN, "NaN"), (null, null)]),
        ["double"] = (DoubleType.Default, [(0.1, "0.1"), (double.MaxValue, "1.7976931348623157e+308"), (double.Epsilon, "5e-324"), (-0.0, "-0"), (double.PositiveInfinity, "Infinity"), (double.NaN, "NaN"), (null, null)]),
        ["utf8"] = (StringType.Default, [("", ""), ("a\tb\n\\N\"',{}", "a\tb\n\\N\"',{}"), ("Zoë 日本 🎉", "Zoë 日本 🎉"), ("NULL", "NULL"), (null, null)]),
        ["binary"] = (BinaryType.Default, [(Array.Empty<byte>(), "\\x"), (new byte[] { 0, 255, 92, 39 }, "\\x00ff5c27"), (null, null)]),
        ["fixed_size_binary"] = (new FixedSizeBinaryType(3), [(new byte[] { 1, 0, 254 }, "\\x0100fe"), (null, null)]),
        ["decimal(38, 0)"] = (new Decimal128Type(38, 0), [(Int128.Zero, "0"), (Widest, "99999999999999999999999999999999999999"), (-Widest, "-99999999999999999999999999999999999999"), ((Int128)10_000, "10000"), ((Int128)(-1), "-1"), (null, null)]),
        ["decimal(38, 37)"] = (new Decimal128Type(38, 37), [(Widest, "9.9999999999999999999999999999999999999"), (Int128.One, "0.0000000000000000000000000000000000001"), (null, null)]),
        ["decimal(38, 38)"] = (new Decimal128Type(38, 38), [(Widest, "0.99999999999999999999999999999999999999"), ((Int128)(-1), "-0.00000000000000000000000000000000000001"), (null, null)]),
        ["decimal(12, 2)"] = (new Decimal128Type(12, 2), [(Int128.Zero, "0.00"), ((Int128)5, "0.05"), ((Int128)(-150), "-1.50"), ((Int128)999_999_999_999, "9999999999.99"), ((Int128)1_000_000, "10000.00"), (null, null)]),
        ["decimal(9, 1)"] = (new Decimal128Type(9, 1), [((Int128)1, "0.1"), ((Int128)100_000, "10000.0"), ((Int128)(-999_999_999), "-99999999.9"), (null, null)]),
        ["decimal(9, 3)"] = (new Decimal128Type(9, 3), [((Int128)1, "0.001"), ((Int128)1_000, "1.000"), ((Int128)10_000_000, "10000.000"), (null, null)]),
        ["decimal(5, 8)"] = (new Decimal128Type(5, 8), [((Int128)1, "0.00000001"), ((Int128)99_999, "0.00099999"), (null, null)]),
        ["decimal(5, -3)"] = (new Decimal128Type(5, -3), [((Int128)1, "1000"), ((Int128)99_999, "99999000"), ((Int128)(-10), "-10000"), (Int128.Zero, "0"), (null, null)]),
        ["date"] = (Date32Type.Default, [(0, "1970-01-01"), (-1, "1969-12-31"), (20_484, "2026-01-31"), (-2_440_588, "4714-11-24 BC"), (2_145_042_905, "5874897-12-31"), (null, null)]),
        ["time32[s]"] = (new Time32Type(TimeUnit.Second), [(0, "00:00:00"), (86_399, "23:59:59"), (86_400, "24:00:00"), (null, null)]),
        ["time32[ms]"] = (new Time32Type(TimeUnit.Millisecond), [(1, "00:00:00.001"), (86_399_999, "23:59:59.999"), (null, null)]),
        ["time64[us]"] = (new Time64Type(TimeUnit.Microsecond), [(1L, "00:00:00.000001"), (86_399_999_999L, "23:59:59.999999"), (null, null)]),
        ["timestamp[s]"] = (new TimestampType(TimeUnit.Second, null), [(0L, "1970-01-01 00:00:00"), (-1L, "1969-12-31 23:59:59"), (253_402_300_800L, "10000-01-01 00:00:00"), (9_224_318_015_999L, "294276-12-31 23:59:59"), (null, null)]),
        ["timestamp[ms]"] = (new TimestampType(TimeUnit.Millisecond, null), [(1_769_860_800_001L, "2026-01-31 12:00:00.001"), (9_224_318_015_999_999L, "294276-12-31 23:59:59.999"), (null, null)]),
        ["timestamp[us]"] = (new TimestampType(TimeUnit.Microsecond, null), [(1_769_860_800_123_456L, "2026-01-31 12:00:00.123456"), (-210_866_803_200_000_000L, "4714-11-24 00:00:00 BC"), (long.MaxValue, "294247-01-10 04:00:54.775807"), (null, null)]),
        ["timestamp[us, UTC]"] = (new TimestampType(TimeUnit.Microsecond, "UTC"), [(1_769_860_800_123_456L, "2026-01-31 12:00:00.123456+00"), (-1L, "1969-12-31 23:59:59.999999+00"), (null, null)]),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Copy_writes_what_the_server_reads_as_the_same_value(string name)
    {
        var (type, values) = All[name];
        await using var connection = await ConnectAsync();
        // Sizes around each value's own make every place where a buffer can end.
        foreach (var bufferSize in new[] { 16, 64, CopyEncoder.DefaultBufferSize })
            Assert.Equal(values.Select(v => v.Text), await CopyAsync(connection, type, [.. values.Select(v => v.Value)], bufferSize));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_array_parameter_is_what_the_server_reads_as_the_same_value(string name)
    {
        var (type, values) = All[name];
        await using var connection = await ConnectAsync();
        await using var batch = Parameter.Batch(connection,
            Parameter.Statement($"SELECT x::text FROM unnest($1::{PostgresType.For(type)!.Name}[]) WITH ORDINALITY AS u (x, n) ORDER BY n",
                ArrayParameters.For(type, Parts(type, [.. values.Select(v => v.Value)]), values.Length)));
        await using var reader = await batch.ExecuteReaderAsync();
        List<string?> found = [];
        while (await reader.ReadAsync()) found.Add(reader.IsDBNull(0) ? null : reader.GetString(0));
        Assert.Equal(values.Select(v => v.Text), found);
    }

    [Fact]
    public void The_value_gate_takes_all_of_these()
    {
        foreach (var (type, values) in All.Values)
        {
            var dataset = TestDatasets.Of("d", 1, ("id", Int64Type.Default), ("v", type));
            var chunk = Change.Chunk(dataset, [.. values.Select((v, i) => Change.Upsert((long)i, v.Value))]);
            Assert.Empty(new PostgresValueGate(dataset).Inspect(chunk));
        }
    }

    [Fact]
    public async Task Rows_of_all_sizes_arrive_whole_and_in_order()
    {
        // Lengths around the buffer's, and one row that is far larger.
        int[] lengths = [0, 1, 900, 1_000, 1_001, 1_024, 5_000_000, 3, .. Enumerable.Range(0, 3_000).Select(i => i * 7 % 41)];
        await using var connection = await ConnectAsync();
        var found = await CopyAsync(connection, StringType.Default, [.. lengths.Select((n, i) => new string((char)('a' + (i % 26)), n))], 1_024);
        Assert.Equal(lengths.Select((n, i) => new string((char)('a' + (i % 26)), n)), found);
    }

    [Fact]
    public async Task Kinds_and_order_are_staged_with_the_rows()
    {
        await using var connection = await ConnectAsync();
        await ExecuteAsync(connection, "CREATE TEMP TABLE staged (_cdc_kind smallint, _cdc_seq bigint, v text)");
        var schema = new Schema([new Field("v", StringType.Default, true)]);
        var batch = new RecordBatch(schema, [Column(StringType.Default, ["a", "b", "c", "d"])], 4);
        await using (var stream = await connection.BeginRawBinaryCopyAsync("COPY staged FROM STDIN (FORMAT binary)"))
        {
            using var encoder = new CopyEncoder(stream);
            await encoder.BeginAsync(default);
            await encoder.WriteAsync(CopyColumn.Staged(new ChangeChunk(batch.Slice(0, 3), new[] { ChangeKind.Upsert, ChangeKind.Delete, ChangeKind.Erase }, []), 7), 3, default);
            await encoder.WriteAsync(CopyColumn.Staged(ChangeChunk.Upserts(batch.Slice(3, 1)), 10), 1, default);
            await encoder.EndAsync(default);
        }
        Assert.Equal(["0 7 a", "1 8 b", "2 9 c", "0 10 d"], await ReadAsync(connection, "SELECT concat_ws(' ', _cdc_kind, _cdc_seq, v) FROM staged ORDER BY _cdc_seq"));
    }

    private static async Task<NpgsqlConnection> ConnectAsync()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        var server = await PostgresServer.SharedAsync();
        var connection = new NpgsqlConnection(server.AdminConnectionString);
        await connection.OpenAsync();
        await ExecuteAsync(connection, "SET TimeZone = 'UTC'");
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<List<string?>> ReadAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        List<string?> found = [];
        while (await reader.ReadAsync()) found.Add(reader.IsDBNull(0) ? null : reader.GetString(0));
        return found;
    }

    private static async Task<List<string?>> CopyAsync(NpgsqlConnection connection, ArrowType type, object?[] values, int bufferSize)
    {
        await ExecuteAsync(connection, $"DROP TABLE IF EXISTS staged; CREATE TEMP TABLE staged (_cdc_kind smallint, _cdc_seq bigint, v {PostgresType.For(type)!.Name})");
        var schema = new Schema([new Field("v", type, true)]);
        await using (var stream = await connection.BeginRawBinaryCopyAsync("COPY staged FROM STDIN (FORMAT binary)"))
        {
            using var encoder = new CopyEncoder(stream, bufferSize);
            await encoder.BeginAsync(default);
            var sequence = 0;
            foreach (var part in Parts(type, values))
            {
                await encoder.WriteAsync(CopyColumn.Staged(ChangeChunk.Upserts(new RecordBatch(schema, [part], part.Length)), sequence), part.Length, default);
                sequence += part.Length;
            }
            await encoder.EndAsync(default);
        }
        return await ReadAsync(connection, "SELECT v::text FROM staged ORDER BY _cdc_seq");
    }

    /// <summary>The values twice over, then cut: slices have offsets, and bitmaps that do not begin at a byte.</summary>
    private static ArrowArray[] Parts(ArrowType type, object?[] values)
    {
        var padded = Column(type, [.. values.Take(1), null, .. values, null]);
        var middle = values.Length / 2;
        return [padded.Slice(2, middle), padded.Slice(2 + middle, values.Length - middle)];
    }

    private static ArrowArray Column(ArrowType type, object?[] values)
    {
        var dataset = TestDatasets.Of("d", 0, ("v", type));
        return Change.Chunk(dataset, [.. values.Select(v => Change.Upsert(v))]).Rows.Column(0);
    }
}
