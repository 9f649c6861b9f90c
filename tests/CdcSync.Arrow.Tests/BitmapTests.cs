namespace CdcSync.Arrow.Tests;

public sealed class BitmapTests
{
    private static readonly byte[] Bits = [.. Enumerable.Range(0, 40).Select(i => (byte)(i * 37 + 11))];

    [Fact]
    public void Counting_agrees_with_looking_at_each_bit()
    {
        for (var length = 0; length <= 8 * Bits.Length; length++)
            Assert.Equal(Enumerable.Range(0, length).Count(i => Bitmap.Get(Bits, i)), Bitmap.CountOnes(Bits, length));
    }

    [Fact]
    public void Extracting_shifts_every_run_to_bit_0_and_leaves_nothing_behind_it()
    {
        for (var offset = 0; offset < 24; offset++)
            for (var length = 0; length < 100; length++)
            {
                var run = Bitmap.Extract(Bits, offset, length);
                Assert.Equal(Bitmap.ByteCount(length), run.Length);
                for (var i = 0; i < 8 * run.Length; i++) Assert.Equal(i < length && Bitmap.Get(Bits, offset + i), Bitmap.Get(run, i));
            }
    }

    [Fact]
    public void Setting_a_run_sets_its_bits_and_no_others()
    {
        for (var start = 0; start < 20; start++)
            for (var count = 0; count < 40; count++)
            {
                var bits = new byte[8];
                Bitmap.SetRange(bits, start, count);
                for (var i = 0; i < 64; i++) Assert.Equal(i >= start && i < start + count, Bitmap.Get(bits, i));
            }
    }
}
