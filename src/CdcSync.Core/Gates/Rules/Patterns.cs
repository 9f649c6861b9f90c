using System.Text.RegularExpressions;

namespace CdcSync.Core.Gates.Rules;

/// <summary>Regular expressions of contracts, and those that stand for named formats.</summary>
internal static partial class Patterns
{
    // Contracts are written by people who trust each other, the values are not: no text may keep a worker busy.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>An expression that matches whole texts; null = it is none. In linear time, but where it looks around or refers back: then with a time limit per text.</summary>
    public static Regex? Compile(string pattern)
    {
        var whole = $@"\A(?:{pattern})\z";
        try
        {
            // By itself first: a bracket too many must not become one of ours.
            _ = new Regex(pattern, RegexOptions.CultureInvariant);
            return new Regex(whole, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException)
        {
            return new Regex(whole, RegexOptions.CultureInvariant, Patience);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The expression of a format of the standard; null = it is not checked.</summary>
    public static Regex? OfFormat(string format) => format switch
    {
        "email" => Email(),
        "uuid" => Uuid(),
        "uri" => Uri(),
        "hostname" => HostName(),
        "ipv4" => Ipv4(),
        _ => null,
    };

    // As browsers take it (HTML's input type=email): what a person means by an address, not all that RFC 5322 allows.
    [GeneratedRegex(@"\A[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Email();

    [GeneratedRegex(@"\A[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uuid();

    [GeneratedRegex(@"\A[a-zA-Z][a-zA-Z0-9+.-]*:[^\s<>""{}|\\^`]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uri();

    [GeneratedRegex(@"\A(?=.{1,253}\z)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex HostName();

    [GeneratedRegex(@"\A(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\z", RegexOptions.CultureInvariant)]
    private static partial Regex Ipv4();
}
