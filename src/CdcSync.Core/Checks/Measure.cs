using System.Globalization;
using System.Text.RegularExpressions;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Scheduling;

namespace CdcSync.Core.Checks;

/// <summary>A number that a warehouse finds about a dataset's table. Rows that are marked as deleted do not count.</summary>
public abstract record Measure;

/// <summary>The rows of the table.</summary>
public sealed record RowCountMeasure : Measure;

/// <summary>Rows that break any of some rules.</summary>
/// <param name="Rules">Rules about one column: not null, in or not in a list, a pattern.</param>
public sealed record BreachMeasure(IReadOnlyList<ValueRule> Rules) : Measure
{
    /// <summary>True if the values have to come to the worker: patterns are those of .NET, whatever the warehouse calls a pattern.</summary>
    public bool HasPattern => Rules.Any(r => r is PatternRule);

    /// <summary>True if a text breaks any of the rules.</summary>
    public bool IsBrokenBy(string? text) => Rules.Any(rule => rule switch
    {
        NotNullRule => text is null,
        ListRule list => text is not null && list.Values.Contains(text, StringComparer.Ordinal) != (list.Membership == Membership.Within),
        PatternRule pattern => text is not null && !Matches(pattern.Pattern, text),
        _ => throw new InvalidOperationException($"{rule.GetType().Name} is not measured"),
    });

    private static bool Matches(Regex pattern, string text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}

/// <summary>Rows that repeat the values of another row: of three equal ones two. Rows with a null among the values repeat nothing.</summary>
/// <param name="Columns">The columns in the warehouse.</param>
public sealed record DuplicateMeasure(IReadOnlyList<string> Columns) : Measure;

/// <summary>The one number, or truth, that a query answers with.</summary>
/// <param name="Query">One statement that reads, without a final semicolon; <c>{object}</c> and <c>{property}</c> stand for the table and the column.</param>
/// <param name="Column">The column in the warehouse; null = the rule is the table's.</param>
/// <param name="Dialect">The only kind of warehouse it is meant for; null = any.</param>
public sealed partial record SqlMeasure(string Query, string? Column, string? Dialect) : Measure
{
    /// <summary>True if it names the column.</summary>
    public bool NamesColumn => Places().Matches(Query).Any(m => m.Groups[1].Value is "property" or "column");

    /// <summary>The query over a table.</summary>
    /// <param name="table">The table as SQL writes it.</param>
    /// <param name="column">The column as SQL writes it; null = none.</param>
    public string Over(string table, string? column) => Places().Replace(Query, place => place.Groups[1].Value is "object" or "table" ? table : column ?? place.Value);

    // The standard's text has {object} and {property}; its examples and its schema ${table} and {column} too.
    [GeneratedRegex(@"\$?\{(object|table|property|column)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Places();
}

/// <summary>Rows whose date or time is longer ago than an age. Nulls are of no age.</summary>
/// <param name="Column">The column in the warehouse: dates or times.</param>
/// <param name="IsDate">True if the column holds dates.</param>
/// <param name="Age">The age.</param>
public sealed record AgeMeasure(string Column, bool IsDate, TimeSpan Age) : Measure
{
    /// <summary>What is counted at an instant.</summary>
    public BeforeMeasure At(DateTimeOffset now) => new(Column, (now - Age).UtcDateTime.ToString(IsDate ? "yyyy-MM-dd" : "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
}

/// <summary>Rows whose date or time is before another.</summary>
/// <param name="Column">The column in the warehouse: dates or times.</param>
/// <param name="Bound">The other: <c>2026-01-31</c> or <c>2026-01-31T05:00:00</c>, in UTC where the column has a zone.</param>
public sealed record BeforeMeasure(string Column, string Bound) : Measure;

/// <summary>The minutes by which a table is not as complete as its newest deadline asks for.</summary>
/// <param name="Deadline">The deadline.</param>
public sealed record DeadlineMeasure(Deadline Deadline) : Measure
{
    /// <summary>The minutes that lack, rounded up, and in words what does; 0 and null = it is kept.</summary>
    /// <param name="at">When the deadline came.</param>
    /// <param name="cut">Its cut.</param>
    /// <param name="complete">The source's time up to which the table is complete.</param>
    public static (decimal Minutes, string? Detail) Missing(DateTimeOffset at, DateTimeOffset cut, DateTimeOffset complete) => complete >= cut ? (0, null)
        : ((decimal)Math.Ceiling((cut - complete).TotalMinutes),
            string.Create(CultureInfo.InvariantCulture, $"complete up to {complete.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}; by {at.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ} it was to be up to {cut.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}"));
}

/// <summary>Rows whose parent is missing. Rows with a null among the columns refer to nothing.</summary>
/// <param name="Columns">The columns in the warehouse that refer to it.</param>
/// <param name="Parent">The dataset of the parent.</param>
/// <param name="ParentColumns">Its columns, in the same order.</param>
public sealed record OrphanMeasure(IReadOnlyList<string> Columns, DatasetId Parent, IReadOnlyList<string> ParentColumns) : Measure;
