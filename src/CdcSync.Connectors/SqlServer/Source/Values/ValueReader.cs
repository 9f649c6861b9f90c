using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Source.Values;

/// <summary>Reads a column of the driver's row into a builder, without boxing.</summary>
internal abstract class ValueReader
{
    /// <summary>Larger values are refused: one would make a chunk of its own size.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>The column's builder.</summary>
    public abstract Arrow.ArrayBuilder Builder { get; }

    /// <summary>Appends the row's value.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">From 0; never before one that was read.</param>
    /// <returns>Null if it was appended; else why it does not fit (a null was appended). Never tells the value.</returns>
    public string? Append(SqlDataReader row, int column)
    {
        if (row.IsDBNull(column))
        {
            Builder.AppendNull();
            return null;
        }
        var reason = Value(row, column);
        if (reason is not null) Builder.AppendNull();
        return reason;
    }

    /// <summary>Bytes of the last text or blob.</summary>
    public virtual long LastBytes => 0;

    /// <summary>Appends a value that is not null, or says why not.</summary>
    protected abstract string? Value(SqlDataReader row, int column);
}
