using System.Security.Cryptography;
using System.Text;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>How the slot and the publication of a pipeline's source are called.</summary>
public static class SlotNames
{
    private const int Limit = 63;
    private const int Hash = 8;

    /// <summary>
    /// The name that both have unless the pipeline file says otherwise: <c>cdcsync_pipeline_source</c>. Slots take a-z, 0-9 and _; where a name has other characters, or is
    /// too long, the end of its hash keeps it apart from others.
    /// </summary>
    public static string Of(string pipeline, string source)
    {
        var plain = $"cdcsync_{pipeline}_{source}";
        var name = string.Concat(plain.Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '_'));
        // An underscore in a name could stand on either side of the one between.
        if (name == plain && name.Length <= Limit && !pipeline.Contains('_', StringComparison.Ordinal) && !source.Contains('_', StringComparison.Ordinal)) return name;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{pipeline}\0{source}")))[..Hash];
        return $"{name[..Math.Min(name.Length, Limit - Hash - 1)]}_{hash}";
    }
}
