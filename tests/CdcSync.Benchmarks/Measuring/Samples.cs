namespace CdcSync.Benchmarks.Measuring;

/// <summary>Measurements of one thing.</summary>
internal sealed class Samples(IEnumerable<double> values)
{
    private readonly double[] _sorted = [.. values.Order()];

    public double Least => _sorted[0];

    public double Most => _sorted[^1];

    public double Median => At(0.5);

    /// <summary>The value below which a share of them lies.</summary>
    public double At(double share)
    {
        var place = share * (_sorted.Length - 1);
        var (low, high) = (_sorted[(int)Math.Floor(place)], _sorted[(int)Math.Ceiling(place)]);
        return low + ((high - low) * (place - Math.Floor(place)));
    }

    /// <summary>One side through the other, pair by pair: what slows the machine down for a while slows both.</summary>
    public static Samples Ratios(IEnumerable<double> ours, IEnumerable<double> theirs) => new(ours.Zip(theirs, (a, b) => a / b));

    public string ToString(string unit) => FormattableString.Invariant($"{Median:0.###} {unit} ({Least:0.###} to {Most:0.###})");
}

/// <summary>A figure beside what was aimed at.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Found">The figure.</param>
/// <param name="Aim">What it should be.</param>
/// <param name="IsMet">Whether it is.</param>
internal sealed record Verdict(string What, string Found, string Aim, bool IsMet)
{
    public static Verdict AtMost(string what, double found, double aim, string unit = "x") =>
        new(what, FormattableString.Invariant($"{found:0.##} {unit}"), FormattableString.Invariant($"at most {aim:0.##} {unit}"), found <= aim);

    public static Verdict AtLeast(string what, double found, double aim, string unit = "x") =>
        new(what, FormattableString.Invariant($"{found:0.##} {unit}"), FormattableString.Invariant($"at least {aim:0.##} {unit}"), found >= aim);

    public override string ToString() => $"{(IsMet ? "met " : "MISS")}  {What}: {Found} ({Aim})";
}

/// <summary>What else the machine is doing.</summary>
internal static class Machine
{
    public static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
}
