using System.Buffers.Binary;
using System.Text;
using CdcSync.Connectors.Postgres.Source;
using CdcSync.Connectors.Postgres.Wire;
using CdcSync.Core.Errors;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>The binary form of COPY and of numeric, without a server.</summary>
public sealed class CopyReaderTests
{
    [Fact]
    public void Rows_come_back_however_the_stream_is_cut_into_reads()
    {
        var fields = new byte[]?[] { [], null, [1], new byte[300_000], Encoding.UTF8.GetBytes("text") };
        Prop.ForAll(Arb.From(Gen.ArrayOf(Gen.ArrayOf(Gen.Elements(fields), 3)).Select(r => (Rows: r.Take(20).ToArray(), Step: 1 + (r.Length * 7919 % 70_000)))), sample =>
        {
            using var reader = Reader(Bytes(sample.Rows), sample.Step);
            foreach (var row in sample.Rows)
            {
                if (!reader.ReadRow(3)) return false;
                foreach (var field in row)
                {
                    var length = reader.ReadLength();
                    if (length != (field?.Length ?? -1) || (length >= 0 && !reader.Take(length).SequenceEqual(field))) return false;
                }
            }
            return !reader.ReadRow(3);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_stream_that_ends_anywhere_before_its_end_is_no_table()
    {
        var whole = Bytes([[[1, 2, 3], null], [[], [4]]]);
        for (var length = 0; length < whole.Length; length++)
            Assert.Equal(ErrorCodes.InternalError, Assert.Throws<CdcSyncException>(() => ReadAll(whole[..length])).Code);
        Assert.Equal(2, ReadAll(whole));
        Assert.Throws<CdcSyncException>(() => ReadAll([.. whole, 0]));
    }

    [Fact]
    public void A_field_that_is_passed_over_is_not_kept()
    {
        using var reader = Reader(Bytes([[new byte[1_000_000], [7]]]), 65_536);
        Assert.True(reader.ReadRow(2));
        reader.Skip(reader.ReadLength());
        Assert.Equal(7, reader.Take(reader.ReadLength())[0]);
        Assert.False(reader.ReadRow(2));
    }

    [Fact]
    public void Every_decimal_that_is_written_is_read_again_as_digits_and_as_text()
    {
        var digits = Gen.Choose(0, 38).SelectMany(n => Gen.ArrayOf(Gen.Choose(0, 9), n)).Zip(Gen.Choose(0, 38)).Zip(Gen.Elements(1, -1));
        Prop.ForAll(Arb.From(digits), sample =>
        {
            var ((all, scale), sign) = sample;
            var unscaled = all.Aggregate(Int128.Zero, (n, d) => (n * 10) + d) * sign;
            Span<byte> wire = stackalloc byte[64];
            var length = PostgresNumeric.Write(unscaled, scale, wire);
            if (NumericForm.TryRead(wire[..length], 38, scale, out var read) != NumericOutcome.Fits || read != unscaled) return false;
            var text = new StringBuilder();
            var plain = Int128.Abs(unscaled).ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
            return NumericForm.TryWrite(wire[..length], text) && text.ToString() == (unscaled < 0 ? "-" : "") + (scale == 0 ? plain : $"{plain[..^scale]}.{plain[^scale..]}");
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("12345.678", 8, 3, nameof(NumericOutcome.Fits))]
    [InlineData("12345.678", 7, 3, nameof(NumericOutcome.OutOfRange))]
    [InlineData("12345.678", 38, 2, nameof(NumericOutcome.TooFine))]
    [InlineData("99999999999999999999999999999999999999", 38, 0, nameof(NumericOutcome.Fits))]
    [InlineData("99999999999999999999999999999999999999", 38, 1, nameof(NumericOutcome.OutOfRange))]
    [InlineData("0.0000000000000000000000000000000000001", 38, 36, nameof(NumericOutcome.TooFine))]
    public void What_does_not_fit_is_told_apart(string number, int precision, int scale, string expected)
    {
        var point = number.IndexOf('.', StringComparison.Ordinal);
        Span<byte> wire = stackalloc byte[64];
        var length = PostgresNumeric.Write(Int128.Parse(number.Replace(".", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture), point < 0 ? 0 : number.Length - point - 1, wire);
        Assert.Equal(expected, NumericForm.TryRead(wire[..length], precision, scale, out _).ToString());
    }

    [Fact]
    public void Bytes_that_are_no_numeric_are_refused()
    {
        Assert.Equal(NumericOutcome.NoNumeric, NumericForm.TryRead([], 38, 0, out _));
        Assert.Equal(NumericOutcome.NoNumeric, NumericForm.TryRead([0, 1, 0, 0, 0, 0, 0, 0], 38, 0, out _));
        Assert.Equal(NumericOutcome.NoNumeric, NumericForm.TryRead([0, 0, 0, 0, 0x12, 0, 0, 0], 38, 0, out _));
        Assert.Equal(NumericOutcome.Special, NumericForm.TryRead([0, 0, 0, 0, 0xC0, 0, 0, 0], 38, 0, out _));
    }

    private static int ReadAll(byte[] bytes)
    {
        using var reader = Reader(bytes, 16);
        var rows = 0;
        for (; reader.ReadRow(2); rows++)
            for (var i = 0; i < 2; i++)
                if (reader.ReadLength() is >= 0 and var length) reader.Take(length);
        return rows;
    }

    private static CopyReader Reader(byte[] bytes, int step) => new(new Steps(bytes, step), new MemoryStream(), _ => null);

    private static byte[] Bytes(byte[]?[][] rows)
    {
        var stream = new MemoryStream();
        void Number(int value, int size)
        {
            Span<byte> bytes = stackalloc byte[4];
            BinaryPrimitives.WriteInt32BigEndian(bytes, value);
            stream.Write(bytes[^size..]);
        }
        stream.Write([.. "PGCOPY\n"u8, 0xFF, .. "\r\n"u8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        foreach (var row in rows)
        {
            Number(row.Length, 2);
            foreach (var field in row)
            {
                Number(field?.Length ?? -1, 4);
                stream.Write(field ?? []);
            }
        }
        Number(-1, 2);
        return stream.ToArray();
    }

    /// <summary>Gives no more than a few bytes at a time, as a wire does.</summary>
    private sealed class Steps(byte[] bytes, int step) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(step, buffer.Length)]);
    }
}
