namespace CdcSync.Core.Datasets;

/// <summary>What happens to a time that is finer than its column's type.</summary>
public enum TimePrecision
{
    /// <summary>It does not fit: its row is a fault.</summary>
    Exact,

    /// <summary>The digits that the type does not hold are cut.</summary>
    Truncate,
}
