namespace CdcSync.Core.Tests.Metrics;

/// <summary>The parser that judges our exposition must itself see what is wrong.</summary>
public sealed class StrictExpositionParserTests
{
    private const string Good = """
        # HELP a_total Counts.
        # TYPE a_total counter
        a_total{x="1",y="q\"\\\n"} 1
        a_total{x="2",y=""} 0.5
        # HELP h_seconds Times.
        # TYPE h_seconds histogram
        h_seconds_bucket{le="0.5"} 1
        h_seconds_bucket{le="1.0"} 2
        h_seconds_bucket{le="+Inf"} 3
        h_seconds_sum 4.5
        h_seconds_count 3
        # HELP g Goes.
        # TYPE g gauge
        g NaN

        """;

    [Fact]
    public void What_is_right_passes() => Assert.Equal(3, StrictExpositionParser.ParsePrometheusText(Unix(Good)).Count);

    [Theory]
    [InlineData("g NaN\n", "g NaN")]
    [InlineData("g NaN\n", "g NaN\r\n")]
    [InlineData("g NaN\n", "g NaN\n\n")]
    [InlineData("g NaN", "g nan")]
    [InlineData("g NaN", "g 1,5")]
    [InlineData("g NaN", "g  1")]
    [InlineData("g NaN", "g 1\ng 2")]
    [InlineData("g NaN", "g 1\na_total{x=\"3\",y=\"\"} 1")]
    [InlineData("g NaN", "g 1\n# HELP a_total Counts.")]
    [InlineData("g NaN", "g{le=\"1.0\"} 1")]
    [InlineData("# TYPE g gauge\n", "")]
    [InlineData("# HELP g Goes.\n", "")]
    [InlineData("# TYPE g gauge\n", "# TYPE g gauge\n# TYPE g gauge\n")]
    [InlineData("# HELP g Goes.\n", "# HELP g Goes \\t.\n")]
    [InlineData("# TYPE g gauge\ng NaN\n", "g NaN\n# TYPE g gauge\n")]
    [InlineData("x=\"2\",y=\"\"", "x=\"1\",y=\"q\\\"\\\\\\n\"")]
    [InlineData("x=\"2\",y=\"\"", "y=\"q\\\"\\\\\\n\",x=\"1\"")]
    [InlineData("x=\"2\",y=\"\"", "x=\"2\",x=\"3\"")]
    [InlineData("x=\"2\",y=\"\"", "x=\"2\",")]
    [InlineData("x=\"2\",y=\"\"", "x=\"\\t\"")]
    [InlineData("0.5", "-0.5")]
    [InlineData("h_seconds_bucket{le=\"1.0\"} 2", "h_seconds_bucket{le=\"1.0\"} 0")]
    [InlineData("h_seconds_bucket{le=\"1.0\"} 2", "h_seconds_bucket{le=\"0.1\"} 2")]
    [InlineData("h_seconds_bucket{le=\"1.0\"} 2", "h_seconds_bucket{le=\"1\"} 2")]
    [InlineData("h_seconds_bucket{le=\"+Inf\"} 3\n", "")]
    [InlineData("h_seconds_count 3", "h_seconds_count 4")]
    [InlineData("h_seconds_sum 4.5\n", "")]
    public void What_is_wrong_is_refused(string right, string wrong)
    {
        var text = Unix(Good);
        Assert.Contains(right, text, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => StrictExpositionParser.ParsePrometheusText(text.Replace(right, wrong, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("# HELP a Counts.\n# TYPE a counter\na_total 1\n")]
    [InlineData("# HELP a Counts.\n# TYPE a counter\na 1\n# EOF\n")]
    [InlineData("# HELP a_total Counts.\n# TYPE a_total counter\na_total_total 1\n# EOF\n")]
    [InlineData("# HELP a Counts.\n# TYPE a counter\n# UNIT a seconds\na_total 1\n# EOF\n")]
    [InlineData("# EOF\n# EOF\n")]
    public void What_is_wrong_in_OpenMetrics_is_refused(string text) => Assert.Throws<FormatException>(() => StrictExpositionParser.ParseOpenMetrics(text));

    private static string Unix(string text) => text.ReplaceLineEndings("\n");
}
