using System.Globalization;
using System.Text;
using CdcSync.Connectors.Sqlite.Source.Values;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

/// <summary>The quick way from a real number to a decimal says what its shortest text says, or nothing.</summary>
public sealed class DecimalTextTests
{
    [Fact]
    public void The_quick_way_agrees_with_the_shortest_text_wherever_it_answers()
    {
        var numbers = Gen.OneOf(
            from high in Gen.Choose(-999_999_999, 999_999_999) from low in Gen.Choose(0, 999_999_999) from length in Gen.Choose(0, 9) from power in Gen.Choose(0, 22) select ((high * (long)Math.Pow(10, length)) + (low % (long)Math.Pow(10, length))) / Math.Pow(10, power),
            from high in Gen.Choose(int.MinValue, int.MaxValue) from low in Gen.Choose(0, int.MaxValue) select BitConverter.Int64BitsToDouble(((long)high << 32) | (uint)low),
            from whole in Gen.Choose(-1_000_000, 1_000_000) from hundredths in Gen.Choose(0, 99) from steps in Gen.Choose(-2, 2) select Stepped(whole + (hundredths / 100.0), steps));
        var types = from precision in Gen.Choose(1, 38) from scale in Gen.Choose(-3, Math.Min(precision, 30)) select (precision, scale);
        Prop.ForAll(Arb.From(numbers), Arb.From(types), (number, type) =>
        {
            var digits = new DecimalText(type.precision, type.scale);
            if (!digits.TryShort(number, out var quick)) return;
            var outcome = digits.TryParse(Encoding.ASCII.GetBytes(number.ToString("R", CultureInfo.InvariantCulture)), out var exact);
            Assert.Equal((DecimalOutcome.Fits, exact), (outcome, quick));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    [Theory]
    [InlineData(9.99, 999)]
    [InlineData(-0.01, -1)]
    [InlineData(999_889.29, 99_988_929)]
    [InlineData(9_999_999_999.99, 999_999_999_999)]
    public void Usual_amounts_go_the_quick_way(double number, long expected)
    {
        Assert.True(new DecimalText(12, 2).TryShort(number, out var value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData(0.005)]
    [InlineData(1e10)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_does_not_fit_is_left_to_the_text(double number) => Assert.False(new DecimalText(12, 2).TryShort(number, out _));

    private static double Stepped(double number, int steps)
    {
        for (; steps > 0; steps--) number = Math.BitIncrement(number);
        for (; steps < 0; steps++) number = Math.BitDecrement(number);
        return number;
    }
}
