using CdcSync.Arrow;

namespace CdcSync.Core.Batches;

/// <summary>What happened to a row.</summary>
public enum ChangeKind : byte
{
    /// <summary>The row is there, with these values.</summary>
    Upsert = 0,

    /// <summary>The row is gone in the source; only its key has values.</summary>
    Delete = 1,

    /// <summary>The row must not be in the warehouse (consent, legal, left the filter); removed also under soft delete. Only its key has values.</summary>
    Erase = 2,
}

/// <summary>A bounded part of a micro-batch, in the order of the source. Later rows of one key win.</summary>
public sealed class ChangeChunk
{
    /// <summary>Creates a chunk.</summary>
    /// <param name="rows">The rows; columns as the dataset's source schema before the shape, as its target schema after it.</param>
    /// <param name="kinds">One <see cref="ChangeKind"/> per row.</param>
    /// <param name="faults">Rows with a value that could not be held, ascending by row; that value is null in <paramref name="rows"/>.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public ChangeChunk(RecordBatch rows, ReadOnlyMemory<ChangeKind> kinds, IReadOnlyList<RowFault> faults)
    {
        if (kinds.Length != rows.Length)
            throw new ArgumentException($"{rows.Length} rows, {kinds.Length} kinds", nameof(kinds));
        Rows = rows;
        Kinds = kinds;
        Faults = faults;
    }

    /// <summary>The rows.</summary>
    public RecordBatch Rows { get; }

    /// <summary>One kind per row.</summary>
    public ReadOnlyMemory<ChangeKind> Kinds { get; }

    /// <summary>Rows with a value that could not be held.</summary>
    public IReadOnlyList<RowFault> Faults { get; }

    /// <summary>The number of rows.</summary>
    public int Length => Rows.Length;

    /// <summary>A chunk in which every row is an upsert, without faults.</summary>
    public static ChangeChunk Upserts(RecordBatch rows) => new(rows, new ChangeKind[rows.Length], []);
}

/// <summary>A value that could not be held, named without being shown.</summary>
/// <param name="Row">The row's index in its chunk.</param>
/// <param name="Column">The column.</param>
/// <param name="Reason">Why: found and expected type or range, never the value.</param>
public sealed record RowFault(int Row, string Column, string Reason);

/// <summary>The size at which a reader ends a chunk.</summary>
public static class ChunkLimit
{
    /// <summary>Rows of a chunk at the most.</summary>
    public const int Rows = 16_384;

    /// <summary>Bytes of a chunk, after which no further row is added.</summary>
    public const long Bytes = 8L << 20;
}
