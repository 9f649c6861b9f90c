using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Source.Discovery;

/// <summary>Which kinds of values a column was seen to hold.</summary>
internal sealed class ValueSample
{
    /// <summary>Whether there was any value but NULL.</summary>
    public bool IsEmpty => !HasNumbers && !HasTexts && !HasBlobs;

    /// <summary>Whether there were numbers.</summary>
    public bool HasNumbers => HasIntegers || HasReals;

    /// <summary>Whether there were integers.</summary>
    public bool HasIntegers { get; private set; }

    /// <summary>Whether there were real numbers.</summary>
    public bool HasReals { get; private set; }

    /// <summary>Whether there were texts.</summary>
    public bool HasTexts { get; private set; }

    /// <summary>Whether there were blobs.</summary>
    public bool HasBlobs { get; private set; }

    /// <summary>Whether there were NULLs.</summary>
    public bool HasNulls { get; private set; }

    /// <summary>The integer farthest from 0, without its sign.</summary>
    public long LargestInteger { get; private set; }

    /// <summary>Takes a value in.</summary>
    public void Add(Statement row, int column)
    {
        switch (row.Type(column))
        {
            case raw.SQLITE_INTEGER:
                HasIntegers = true;
                LargestInteger = Math.Max(LargestInteger, Math.Abs(Math.Max(row.Integer(column), -long.MaxValue)));
                break;
            case raw.SQLITE_FLOAT: HasReals = true; break;
            case raw.SQLITE_TEXT: HasTexts = true; break;
            case raw.SQLITE_BLOB: HasBlobs = true; break;
            default: HasNulls = true; break;
        }
    }
}
