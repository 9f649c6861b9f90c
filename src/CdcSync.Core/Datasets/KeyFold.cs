namespace CdcSync.Core.Datasets;

/// <summary>How texts of a key that the source takes for equal are made one, because a warehouse compares keys byte by byte.</summary>
public enum KeyFold
{
    /// <summary>Not at all: whoever wrote the contract knows that one key is always written alike.</summary>
    None,

    /// <summary>Blanks at the end are cut.</summary>
    Blanks,

    /// <summary>Letters become small, by the invariant culture, and blanks at the end are cut.</summary>
    CaseAndBlanks,
}

/// <summary>What the contract says of accents in a text of the key.</summary>
public enum AccentEquality
{
    /// <summary>Nothing: a source that takes letters with and without accents for one is refused, since no fold does.</summary>
    Unstated,

    /// <summary>Keys never differ in accents alone.</summary>
    Alike,
}
