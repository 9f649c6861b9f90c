using System.Text;

namespace CdcSync.Arrow.Tests;

public sealed class ColumnTests
{
    [Fact]
    public void A_column_without_nulls_has_no_bitmap()
    {
        var builder = new FixedWidthBuilder<long>(Int64Type.Default);
        builder.Append(7);
        builder.Append([8, 9]);
        var column = (FixedWidthArray<long>)builder.Build();
        Assert.Equal([7, 8, 9], column.Values);
        Assert.Equal(0, column.NullCount);
        Assert.True(column.Validity.IsEmpty);
        Assert.True(column.IsValid(2));
    }

    [Fact]
    public void A_null_is_null_and_its_neighbours_keep_their_values()
    {
        var builder = new FixedWidthBuilder<int>(Date32Type.Default);
        for (var i = 0; i < 100; i++)
            if (i % 7 == 3) builder.AppendNull();
            else builder.Append(i);
        builder.AppendNulls(50);
        builder.Append([1, 2, 3]);
        var column = (FixedWidthArray<int>)builder.Build();
        Assert.Equal(153, column.Length);
        Assert.Equal(64, column.NullCount);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(i % 7 == 3, column.IsNull(i));
            if (column.IsValid(i)) Assert.Equal(i, column[i]);
        }
        Assert.Equal([1, 2, 3], column.Values[150..]);
        Assert.True(column.IsValid(152));
    }

    [Fact]
    public void A_builder_starts_anew_after_it_has_built_and_shares_nothing()
    {
        var builder = (VarLengthBuilder)ArrayBuilder.For(StringType.Default);
        builder.Append("first");
        builder.AppendNull();
        var first = (VarLengthArray)builder.Build();
        Assert.Equal((0, 0, 0L), (builder.Length, builder.NullCount, builder.ByteSize));
        builder.Append("other");
        var second = (VarLengthArray)builder.Build();
        Assert.Equal("first", first.GetString(0));
        Assert.Equal(1, first.NullCount);
        Assert.Equal("other", second.GetString(0));
        Assert.Equal(0, second.NullCount);
    }

    [Fact]
    public void Text_comes_back_as_it_went_in()
    {
        string[] texts = ["", "a", "Zoë", "日本語", "👩‍👩‍👧", new('x', 5000)];
        var builder = new VarLengthBuilder(StringType.Default);
        foreach (var text in texts) builder.Append(text);
        foreach (var text in texts) builder.Append(Encoding.UTF8.GetBytes(text));
        var column = (VarLengthArray)builder.Build();
        for (var i = 0; i < texts.Length; i++)
        {
            Assert.Equal(texts[i], column.GetString(i));
            Assert.Equal(texts[i], column.GetString(i + texts.Length));
        }
    }

    [Fact]
    public void Text_that_UTF_8_cannot_hold_is_refused_and_leaves_the_builder_as_it_was()
    {
        var builder = new VarLengthBuilder(StringType.Default);
        builder.Append("before");
        var error = Assert.Throws<ArgumentException>(() => builder.Append("ab\ud800cd"));
        Assert.Contains("character 2", error.Message);
        builder.Append("after");
        var column = (VarLengthArray)builder.Build();
        Assert.Equal(["before", "after"], new[] { column.GetString(0), column.GetString(1) });
    }

    [Fact]
    public void An_empty_column_of_text_has_one_offset()
    {
        Assert.Equal([0], ((VarLengthArray)ArrayBuilder.For(StringType.Default).Build()).Offsets);
        Assert.Equal([0], new VarLengthArray(BinaryType.Default, 0, default, default).Offsets);
    }

    [Fact]
    public void Building_does_not_allocate_per_value()
    {
        Fill(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Fill(20_000);
        // Doubling from 64 bytes: at most twice the last buffer, which is at most twice the data.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * 20_000 * (8 + 4 + 8 + 1));

        static void Fill(int rows)
        {
            var numbers = new FixedWidthBuilder<long>(Int64Type.Default);
            var texts = new VarLengthBuilder(StringType.Default);
            for (var i = 0; i < rows; i++)
            {
                numbers.Append(i);
                texts.Append("12345678");
            }
            numbers.Build();
            texts.Build();
        }
    }

    [Fact]
    public void A_type_is_only_laid_over_what_holds_it()
    {
        Assert.Throws<ArgumentException>(() => new FixedWidthBuilder<int>(Int64Type.Default));
        Assert.Throws<ArgumentException>(() => new FixedWidthBuilder<byte>(StringType.Default));
        Assert.Throws<ArgumentException>(() => new FixedWidthArray<long>(Date32Type.Default, 1, new byte[8]));
        Assert.Throws<ArgumentException>(() => new VarLengthBuilder(Int64Type.Default));
        Assert.Throws<ArgumentException>(() => new FixedWidthArray<long>(Int64Type.Default, 2, new byte[15]));
        Assert.Throws<ArgumentException>(() => new FixedWidthArray<long>(Int64Type.Default, 9, new byte[72], new byte[1]));
        Assert.Throws<ArgumentException>(() => new BoolArray(9, new byte[1]));
        Assert.Throws<ArgumentException>(() => new FixedSizeBinaryBuilder(new(16)).Append(new byte[15]));
    }

    [Theory]
    [InlineData(new[] { 0, 2, 1 }, 2)]
    [InlineData(new[] { -1, 0, 1 }, 1)]
    [InlineData(new[] { 0, 1, 3 }, 2)]
    [InlineData(new[] { 0, 1 }, 9)]
    public void Offsets_that_go_down_or_out_of_the_values_are_refused(int[] offsets, int bytes) =>
        Assert.Throws<ArgumentException>(() => new VarLengthArray(BinaryType.Default, 2, Columns.Bytes(offsets), new byte[bytes]));

    [Fact]
    public void A_wrong_offset_is_found_wherever_it_is()
    {
        for (var wrong = 1; wrong < 40; wrong++)
        {
            var offsets = Enumerable.Range(0, 40).Select(i => 10 * i).ToArray();
            Assert.Equal(-1, Validation.FirstWrongOffset(offsets, 390));
            offsets[wrong] = 10 * (wrong - 1) - 1;
            Assert.Equal(wrong, Validation.FirstWrongOffset(offsets, 390));
        }
    }

    [Fact]
    public void A_row_outside_the_column_is_refused()
    {
        foreach (var type in Columns.AllTypes)
        {
            var column = Columns.Sample(type, 9, seed: 1);
            Assert.Throws<ArgumentOutOfRangeException>(() => column.IsNull(9));
            Assert.Throws<ArgumentOutOfRangeException>(() => column.IsNull(-1));
            Assert.Throws<ArgumentOutOfRangeException>(() => column.Take([9]));
            Assert.Throws<ArgumentOutOfRangeException>(() => column.Take([-1]));
            Assert.Throws<ArgumentOutOfRangeException>(() => column.Slice(5, 5));
            Assert.Throws<ArgumentOutOfRangeException>(() => column.Slice(-1, 1));
            Assert.Throws<ArgumentOutOfRangeException>(() => column.Slice(1, int.MaxValue));
            Assert.Throws<ArgumentOutOfRangeException>(() => ArrayBuilder.For(type).AppendFrom(column, 9));
        }
    }

    [Fact]
    public void Slices_hold_the_rows_of_their_run()
    {
        foreach (var type in Columns.AllTypes)
        {
            var column = Columns.Sample(type, 100, seed: 2);
            for (var offset = 0; offset <= 20; offset++)
                foreach (var length in new[] { 0, 1, 7, 8, 9, 64, 80 })
                {
                    var slice = column.Slice(offset, length);
                    Columns.AssertRows(slice, column, Enumerable.Range(offset, length));
                    Columns.AssertRows(slice.Slice(length / 3, length / 2), column, Enumerable.Range(offset + length / 3, length / 2));
                }
        }
    }

    [Fact]
    public void Taking_rows_gives_them_in_the_order_asked_for()
    {
        int[] rows = [5, 5, 99, 0, 42, 17, 18, 19, 3, 5, 98];
        foreach (var type in Columns.AllTypes)
        {
            var column = Columns.Sample(type, 100, seed: 3);
            Columns.AssertRows(column.Take(rows), column, rows);
            Columns.AssertRows(column.Take([]), column, []);
            Columns.AssertRows(column.Slice(3, 90).Take([1, 80, 2]), column, [4, 83, 5]);
        }
    }

    [Fact]
    public void Appending_rows_of_another_column_copies_values_and_nulls()
    {
        foreach (var type in Columns.AllTypes)
        {
            var column = Columns.Sample(type, 100, seed: 4).Slice(11, 80);
            var builder = ArrayBuilder.For(type);
            for (var i = 79; i >= 0; i--) builder.AppendFrom(column, i);
            Columns.AssertRows(builder.Build(), column, Enumerable.Range(0, 80).Reverse());
        }
        Assert.Throws<ArgumentException>(() => ArrayBuilder.For(StringType.Default).AppendFrom(Columns.Sample(BinaryType.Default, 3, seed: 5), 0));
    }

    [Fact]
    public void A_builder_and_what_it_builds_have_the_same_size()
    {
        foreach (var type in Columns.AllTypes)
        {
            var builder = ArrayBuilder.For(type);
            Columns.Fill(builder, 77, new Random(6));
            var size = builder.ByteSize;
            Assert.Equal(size, builder.Build().ByteSize);
        }
    }

    [Fact]
    public void Types_are_equal_by_kind_and_parameters_and_say_what_they_are()
    {
        Assert.Equal(new Decimal128Type(18, 2), new Decimal128Type(18, 2));
        Assert.NotEqual(new Decimal128Type(18, 2), new Decimal128Type(18, 3));
        Assert.NotEqual<ArrowType>(StringType.Default, BinaryType.Default);
        Assert.Equal("decimal128(18, 2)", new Decimal128Type(18, 2).ToString());
        Assert.Equal("timestamp[us, UTC]", new TimestampType(TimeUnit.Microsecond, "UTC").ToString());
        Assert.Equal("timestamp[ns]", new TimestampType(TimeUnit.Nanosecond, null).ToString());
        Assert.Equal("time32[ms]", new Time32Type(TimeUnit.Millisecond).ToString());
        Assert.Equal("fixed_size_binary(16)", new FixedSizeBinaryType(16).ToString());
        Assert.Equal("utf8", StringType.Default.ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => new Decimal128Type(39, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Time32Type(TimeUnit.Microsecond));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Time64Type(TimeUnit.Second));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FixedSizeBinaryType(-1));
    }
}
