using System.Text.RegularExpressions;
using CdcSync.Core.Contracts;

namespace CdcSync.Core.Gates.Rules;

/// <summary>What a contract says of the single values of a column, with no tolerance. Null breaks only what forbids null.</summary>
/// <param name="Name">What quarantine and metrics call it: the rule's id, or the option's name.</param>
/// <param name="Column">The column in the warehouse.</param>
public abstract record ValueRule(string Name, string Column)
{
    /// <summary>What becomes of a row whose value breaks it.</summary>
    public RulePolicy Policy { get; init; }
}

/// <summary>Null is forbidden.</summary>
public sealed record NotNullRule(string Name, string Column) : ValueRule(Name, Column);

/// <summary>A text has so many characters (Unicode code points).</summary>
/// <param name="Name">Its name.</param>
/// <param name="Column">The column.</param>
/// <param name="Least">At least so many.</param>
/// <param name="Most">At most so many; null = any number.</param>
public sealed record LengthRule(string Name, string Column, long Least, long? Most) : ValueRule(Name, Column);

/// <summary>The whole text matches.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Column">The column.</param>
/// <param name="Pattern">The compiled expression; it matches from the beginning to the end.</param>
/// <param name="Expected">What it stands for: <c>the pattern ^[A-Z]{2}$</c>, <c>an email</c>.</param>
public sealed record PatternRule(string Name, string Column, Regex Pattern, string Expected) : ValueRule(Name, Column);

/// <summary>The value is one of a list, or none of it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Column">The column.</param>
/// <param name="Values">The values as canonical text.</param>
/// <param name="Membership">Whether they are the valid ones or the invalid ones.</param>
public sealed record ListRule(string Name, string Column, IReadOnlyList<string> Values, Membership Membership) : ValueRule(Name, Column);

/// <summary>What a list of values is.</summary>
public enum Membership
{
    /// <summary>All values are in it.</summary>
    Within,

    /// <summary>No value is in it.</summary>
    Without,
}

/// <summary>The value is not below or above a bound. Bounds are in the column's own units (a decimal's digits, a timestamp's unit since 1970), rounded to the value that is just allowed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Column">The column.</param>
/// <param name="Bound">The least or the greatest value that is allowed.</param>
/// <param name="End">Which.</param>
/// <param name="Expected">The bound as the contract writes it: <c>at least 0</c>.</param>
public sealed record BoundRule(string Name, string Column, Int128 Bound, RangeEnd End, string Expected) : ValueRule(Name, Column);

/// <summary>As <see cref="BoundRule"/>, of a floating-point number; NaN is outside of every range.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Column">The column.</param>
/// <param name="Bound">The bound.</param>
/// <param name="End">Which end it is.</param>
/// <param name="IsExclusive">True if the bound itself is not allowed.</param>
/// <param name="Expected">The bound as the contract writes it.</param>
public sealed record FloatBoundRule(string Name, string Column, double Bound, RangeEnd End, bool IsExclusive, string Expected) : ValueRule(Name, Column);

/// <summary>An end of a range.</summary>
public enum RangeEnd
{
    /// <summary>Nothing is below.</summary>
    Least,

    /// <summary>Nothing is above.</summary>
    Greatest,
}

/// <summary>An exact number is a multiple.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Column">The column.</param>
/// <param name="Unit">What it is a multiple of, in the column's own units.</param>
/// <param name="Factor">By which a value is multiplied first, where the unit is finer than the column's digits.</param>
/// <param name="Expected">As the contract writes it.</param>
public sealed record MultipleRule(string Name, string Column, Int128 Unit, Int128 Factor, string Expected) : ValueRule(Name, Column);
