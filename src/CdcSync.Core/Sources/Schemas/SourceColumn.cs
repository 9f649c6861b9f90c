namespace CdcSync.Core.Sources.Schemas;

/// <summary>A column of a dataset's object as the source describes it now, named by the contract or not.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type as the source writes it: <c>numeric(12,2)</c>; empty = none.</param>
/// <param name="IsNullable">True if it may hold null.</param>
/// <param name="Key">Its place in the primary key, from 1; null = not in it.</param>
/// <param name="Number">What stays the same when it is renamed, and is never given twice in a table; null = the source has no such number.</param>
public sealed record SourceColumn(string Name, string Type, bool IsNullable, int? Key = null, int? Number = null);

/// <summary>A change of a source's columns.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Column">The column, by its new name where it was renamed; the key's columns where the key changed.</param>
/// <param name="What">In words.</param>
public sealed record SchemaChange(SchemaChangeKind Kind, string Column, string What);

/// <summary>What can happen to a source's columns.</summary>
public enum SchemaChangeKind
{
    /// <summary>A column is new.</summary>
    Added,

    /// <summary>A column is gone.</summary>
    Dropped,

    /// <summary>A column has another name; told only by sources that number columns.</summary>
    Renamed,

    /// <summary>A column's type holds all values that the old one held, and more.</summary>
    Widened,

    /// <summary>A column's type does not hold all values that the old one held, or nothing is known of either.</summary>
    Narrowed,

    /// <summary>A column may hold null now, or may not any more.</summary>
    Nullable,

    /// <summary>The primary key has other columns, or another order.</summary>
    Key,
}

/// <summary>What a contract says is done about a kind of change.</summary>
public enum SchemaPolicy
{
    /// <summary>It is told, and the dataset goes on as far as the contract's columns can still be read.</summary>
    Evolve,

    /// <summary>The dataset stops until a person accepts the change, or it is taken back.</summary>
    Freeze,

    /// <summary>It is recorded, and nothing is said.</summary>
    Ignore,
}
