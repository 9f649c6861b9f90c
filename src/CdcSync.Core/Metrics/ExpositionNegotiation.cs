using System.Globalization;

namespace CdcSync.Core.Metrics;

/// <summary>Chooses the exposition format by an HTTP Accept header.</summary>
public static class ExpositionNegotiation
{
    /// <summary>OpenMetrics where the header names it (any 1.x version, or none) with a quality at least as high as the text format's; else the text format, which a
    /// scraper that names neither gets too.</summary>
    /// <param name="accept">The header's value; null = none was sent.</param>
    public static ExpositionFormat Choose(string? accept)
    {
        double open = 0, plain = 0, any = 0;
        foreach (var range in (accept ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (type, version, quality) = Parse(range);
            switch (type)
            {
                case "application/openmetrics-text" when version is null || version.StartsWith("1.", StringComparison.Ordinal):
                    open = Math.Max(open, quality);
                    break;
                case "text/plain" when version is null or "0.0.4":
                    plain = Math.Max(plain, quality);
                    break;
                case "text/*" or "*/*":
                    any = Math.Max(any, quality);
                    break;
            }
        }
        return open > 0 && open >= (plain > 0 ? plain : any) ? ExpositionFormat.OpenMetrics : ExpositionFormat.PrometheusText;
    }

    private static (string Type, string? Version, double Quality) Parse(string range)
    {
        var parts = range.Split(';', StringSplitOptions.TrimEntries);
        string? version = null;
        var quality = 1.0;
        foreach (var parameter in parts.Skip(1))
        {
            if (parameter.Split('=', 2, StringSplitOptions.TrimEntries) is not [var name, var value])
                continue;
            if (name.Equals("version", StringComparison.OrdinalIgnoreCase))
                version = value.Trim('"');
            else if (name.Equals("q", StringComparison.OrdinalIgnoreCase))
                quality = double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var q) ? Math.Clamp(q, 0, 1) : 0;
        }
        return (parts[0].ToLowerInvariant(), version, quality);
    }
}
