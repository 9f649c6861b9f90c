using System.Text;
using System.Text.RegularExpressions;
using CdcSync.Arrow;
using CdcSync.Core.Batches;

namespace CdcSync.Core.Gates.Rules;

/// <summary>How many characters a text has.</summary>
internal sealed class LengthCheck(LengthRule rule) : ColumnCheck(rule, $"found a text of another length, expected {(rule.Most is { } most ? rule.Least > 0 ? $"{rule.Least} to {most}" : $"at most {most}" : $"at least {rule.Least}")} characters")
{
    public override void Inspect(ArrowArray column, ReadOnlySpan<ChangeKind> kinds, FirstVerdicts verdicts)
    {
        var texts = (VarLengthArray)column;
        for (var row = 0; row < texts.Length; row++)
        {
            if (texts.IsNull(row)) continue;
            var bytes = texts.GetBytes(row);
            // A character has one to four bytes: most texts need no counting.
            if (bytes.Length >= rule.Least * 4 && (rule.Most is null || bytes.Length <= rule.Most)) continue;
            var characters = Characters(bytes);
            if (characters < rule.Least || characters > rule.Most) Reject(row, kinds, verdicts);
        }
    }

    // Every byte but those that continue a character begins one.
    private static long Characters(ReadOnlySpan<byte> utf8)
    {
        long count = 0;
        foreach (var b in utf8)
            if ((b & 0xC0) != 0x80) count++;
        return count;
    }
}

/// <summary>Whether a text matches.</summary>
internal sealed class PatternCheck(PatternRule rule) : ColumnCheck(rule, $"found a text that does not match, expected {rule.Expected}")
{
    private const int OnStack = 256;

    public override void Inspect(ArrowArray column, ReadOnlySpan<ChangeKind> kinds, FirstVerdicts verdicts)
    {
        var texts = (VarLengthArray)column;
        Span<char> small = stackalloc char[OnStack];
        var large = Array.Empty<char>();
        for (var row = 0; row < texts.Length; row++)
        {
            if (texts.IsNull(row)) continue;
            var bytes = texts.GetBytes(row);
            var buffer = small;
            if (bytes.Length > OnStack) buffer = large = large.Length < bytes.Length ? new char[bytes.Length] : large;
            if (!Matches(buffer[..Encoding.UTF8.GetChars(bytes, buffer)])) Reject(row, kinds, verdicts);
        }
    }

    // An expression that takes too long over a text has not matched it: the row is looked at by a person.
    private bool Matches(ReadOnlySpan<char> text)
    {
        try
        {
            return rule.Pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
