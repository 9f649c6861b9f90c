using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace CdcSync.Core.Landing;

/// <summary>
/// The name of a landing file, relative to the landing folder: <c>pipeline/dataset/20260131/130500250-0198….arrow</c>. The time is that of the first
/// chunk, in UTC. Only files with such a name are ever read or deleted.
/// </summary>
/// <param name="Relative">The path, with <c>/</c>.</param>
/// <param name="CreatedAt">The time in it.</param>
/// <param name="IsPart">True while it is written.</param>
internal sealed partial record LandingPath(string Relative, DateTimeOffset CreatedAt, bool IsPart)
{
    internal const string PartSuffix = ".part";

    private const string TimeFormat = "yyyyMMdd/HHmmssfff";

    internal static LandingPath New(string pipeline, string dataset, DateTimeOffset now)
    {
        var time = now.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
        return Parse($"{pipeline}/{dataset}/{time}-{Guid.CreateVersion7(now):N}.arrow");
    }

    internal static bool TryParse(string relative, [NotNullWhen(true)] out LandingPath? path)
    {
        var match = Form().Match(relative);
        path = match.Success && DateTimeOffset.TryParseExact(match.Groups["time"].Value, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? new LandingPath(relative, time, match.Groups["part"].Success) : null;
        return path is not null;
    }

    /// <summary>True if a name can be a folder: letters, digits, <c>_ - .</c>, and no dot in front.</summary>
    internal static bool IsFolderName(string name) => FolderForm().IsMatch(name);

    private static LandingPath Parse(string relative) => TryParse(relative, out var path) ? path : throw new ArgumentException($"not the name of a landing file: {relative}", nameof(relative));

    [GeneratedRegex(@"^[A-Za-z0-9_-][A-Za-z0-9_.-]*/[A-Za-z0-9_-][A-Za-z0-9_.-]*/(?<time>[0-9]{8}/[0-9]{9})-[0-9a-f]{32}\.arrow(?<part>\.part)?\z")]
    private static partial Regex Form();

    [GeneratedRegex(@"^[A-Za-z0-9_-][A-Za-z0-9_.-]*\z")]
    private static partial Regex FolderForm();
}
