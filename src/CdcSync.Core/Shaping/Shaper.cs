using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Shaping;

/// <summary>
/// Does to rows what the contract says before anything is written anywhere: filters, renames, drops, casts, masks. Source schema in, target schema out.
/// Pure; safe for concurrent use. Columns that pass unchanged are not copied.
/// </summary>
/// <remarks>
/// Deletes and erases keep their key alone: every other value is null, and its bytes are gone. A value that its target type can't hold is null and
/// a fault. Of the faults of a row the first is kept: the key's before the filter's before the others, then in column order. Faults of columns that are
/// dropped, or blanked, are dropped with them; the filter's stays, so that an erase which nobody asked for can be explained.
/// </remarks>
public sealed class Shaper
{
    private readonly Dataset _dataset;
    private readonly RowSieve? _sieve;
    private readonly IReadOnlyList<Step> _steps;

    /// <summary>Prepares the shape of a dataset.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="keys">The keys of its masks.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.CastNotSupported"/>, <see cref="ErrorCodes.MaskKeyMissing"/>, <see cref="ErrorCodes.FilterInvalid"/>.</exception>
    public Shaper(Dataset dataset, Keyring keys)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(keys);
        _dataset = dataset;
        _sieve = dataset.Filter is null ? null : new RowSieve(dataset, dataset.Filter);
        _steps = [.. PlanSteps(dataset, keys)];
    }

    /// <summary>Shapes a chunk.</summary>
    /// <param name="sourceChunk">Rows in the dataset's source schema.</param>
    /// <returns>The same rows in the dataset's target schema, at most one fault each.</returns>
    /// <exception cref="ArgumentException">The columns are not the source schema's.</exception>
    public ChangeChunk Apply(ChangeChunk sourceChunk)
    {
        ArgumentNullException.ThrowIfNull(sourceChunk);
        CheckColumns(sourceChunk.Rows.Schema);
        var kinds = _sieve?.Apply(sourceChunk) ?? sourceChunk.Kinds;
        var blank = RowBits.Blank(kinds.Span);
        var faults = new FaultCollector(sourceChunk.Length);
        var columns = new ArrowArray[_dataset.TargetSchema.Fields.Count];
        foreach (var step in _steps)
        {
            CarryFaults(step, sourceChunk, kinds.Span, faults);
            if (step.Shape is not { } shape) continue;
            columns[step.Target] = shape.Apply(sourceChunk.Rows.Column(step.Source), step.IsKey ? [] : blank, row => faults.Add(row, step.Name, shape.Misfit));
        }
        CarryUnknownFaults(sourceChunk, kinds.Span, faults);
        return new ChangeChunk(new RecordBatch(_dataset.TargetSchema, columns, sourceChunk.Length), kinds, faults.Build());
    }

    /// <summary>One column on its way, or (without a shape) the faults of the filter's column.</summary>
    private sealed record Step(int Source, string SourceName, int Target, string Name, ColumnShape? Shape, FaultsOf Faults)
    {
        internal bool IsKey => Faults == FaultsOf.AllRows;
    }

    /// <summary>The rows whose faults of a column matter.</summary>
    private enum FaultsOf
    {
        Upserts,
        UpsertsAndErases,
        AllRows,
    }

    // The order of the steps is the order of the faults: key, filter, the rest.
    private static IEnumerable<Step> PlanSteps(Dataset dataset, Keyring keys)
    {
        var written = dataset.Columns.Select((column, source) => (column, source)).Where(c => c.column.Target is not null).Select((c, target) =>
            new Step(c.source, c.column.Source, target, c.column.Target!, ShapeOf(dataset, c.column, keys), c.column.KeyOrdinal is null ? FaultsOf.Upserts : FaultsOf.AllRows)).ToList();
        foreach (var key in dataset.Key.Where(k => k.Target is not null)) yield return written.First(s => s.Name == key.Target);
        if (dataset.Filter is { } filter)
        {
            var column = dataset.Columns.First(c => c.Source == filter.SourceColumn);
            yield return new Step(-1, column.Source, -1, column.Target ?? column.Source, null, FaultsOf.UpsertsAndErases);
        }
        foreach (var step in written.Where(s => !s.IsKey)) yield return step;
    }

    private static ColumnShape ShapeOf(Dataset dataset, DatasetColumn column, Keyring keys)
    {
        var (from, to) = (column.ReadType, column.TargetType!);
        if (column.Mask is { } mask)
        {
            var toText = from is StringType or BinaryType or FixedSizeBinaryType ? null : Casts.For(from, StringType.Default) ?? throw NotSupported(dataset, column, from, to);
            if (to is not StringType) throw NotSupported(dataset, column, from, to, " under a mask, which makes utf8");
            return keys.TryGet(mask.KeyName, out var key) ? new MaskShape(key, toText) : throw KeyMissing(dataset, column, mask);
        }
        if (column.Fold is { } fold and not KeyFold.None)
            return (from, to) is (StringType, StringType) ? new FoldShape(fold) : throw NotSupported(dataset, column, from, to, " folded, which makes utf8 of utf8");
        return from == to ? new PassShape() : new CastShape(Casts.For(from, to) ?? throw NotSupported(dataset, column, from, to), from, to);
    }

    private static void CarryFaults(Step step, ChangeChunk chunk, ReadOnlySpan<ChangeKind> kinds, FaultCollector faults)
    {
        foreach (var fault in chunk.Faults)
            if (fault.Column == step.SourceName && Matters(step.Faults, kinds[fault.Row])) faults.Add(fault.Row, step.Name, fault.Reason);
    }

    // A fault of no column of the dataset is about the row itself (too large to read): it keeps an upsert out.
    private void CarryUnknownFaults(ChangeChunk chunk, ReadOnlySpan<ChangeKind> kinds, FaultCollector faults)
    {
        foreach (var fault in chunk.Faults)
            if (kinds[fault.Row] == ChangeKind.Upsert && _dataset.SourceSchema.GetFieldIndex(fault.Column) < 0) faults.Add(fault.Row, fault.Column, fault.Reason);
    }

    private static bool Matters(FaultsOf faults, ChangeKind kind) => faults switch
    {
        FaultsOf.AllRows => true,
        FaultsOf.UpsertsAndErases => kind != ChangeKind.Delete,
        _ => kind == ChangeKind.Upsert,
    };

    private void CheckColumns(Schema found)
    {
        var expected = _dataset.SourceSchema;
        if (ReferenceEquals(found, expected)) return;
        if (!found.Fields.Select(f => (f.Name, f.DataType)).SequenceEqual(expected.Fields.Select(f => (f.Name, f.DataType))))
            throw new ArgumentException($"{_dataset.Id}: the chunk has the columns {found}, the dataset reads {expected}.", nameof(found));
    }

    private static CdcSyncException NotSupported(Dataset dataset, DatasetColumn column, ArrowType from, ArrowType to, string suffix = "") => new(ErrorCodes.CastNotSupported,
        $"{dataset.Id}: column '{column.Source}' is read as {from} and written as {to}{suffix}: there is no such cast.",
        "Change the property's type or its readAs (docs/landing.md lists the casts), or cast it in a view or query of the source. Run: cdcsync validate");

    private static CdcSyncException KeyMissing(Dataset dataset, DatasetColumn column, ColumnMask mask) => new(ErrorCodes.MaskKeyMissing,
        $"{dataset.Id}: column '{column.Source}' is masked with the key '{mask.KeyName}', and the pipeline has no such key, or it is empty.",
        "Add it under keys in the pipeline file, from a file or the environment. Run: cdcsync validate");
}
