using System.Globalization;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Checks;

/// <summary>Numbers on their way from warehouses.</summary>
public static class CheckValues
{
    /// <summary>A number that a control table holds as one of floating point.</summary>
    public static decimal Of(double value) => double.IsNaN(value) ? 0 : (decimal)Math.Clamp(value, -7.9e27, 7.9e27);

    /// <summary>The one number of a query's answer: a number, or a truth as 1 or 0.</summary>
    /// <param name="rows">The first column of its rows as text; of more than one row two suffice.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.RuleUnanswered"/> if it is none.</exception>
    public static decimal Only(IReadOnlyList<string?> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return rows switch
        {
            ["true" or "t"] => 1,
            ["false" or "f"] => 0,
            [{ } text] when decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            [null] => throw Unanswered("a null"),
            [_] => throw Unanswered("what is no number (its value is not shown)"),
            [] => throw Unanswered("no row"),
            _ => throw Unanswered("several rows"),
        };
    }

    /// <summary>A query of a contract that can't be answered.</summary>
    public static CdcSyncException Unanswered(string found, Exception? inner = null) =>
        new(ErrorCodes.RuleUnanswered, $"the query of the rule answered with {found}; expected one row with one number or truth.", "Mend the query in the contract. Run: cdcsync contract test", inner);

    /// <summary>A query of a contract that the warehouse refused.</summary>
    /// <param name="refusal">What the warehouse said, in the engine's words.</param>
    public static CdcSyncException Refused(CdcSyncException refusal)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        return refusal.IsTransient || refusal.Code == ErrorCodes.RuleUnanswered ? refusal : new CdcSyncException(ErrorCodes.RuleUnanswered, $"the query of the rule was refused: {refusal.Message}", "Mend the query in the contract, or grant what it reads. Run: cdcsync contract test", refusal);
    }
}
