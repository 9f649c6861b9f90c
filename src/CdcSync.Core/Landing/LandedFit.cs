using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Shaping;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Landing;

/// <summary>What happens where files were landed before the contract had a column.</summary>
public enum MissingColumns
{
    /// <summary>Such files are refused.</summary>
    Refused,

    /// <summary>Rows that were not landed again since have no value in it, as the live table until they are filled.</summary>
    AreNull,
}

/// <summary>
/// Makes rows of landing files what a dataset's contract says now: columns by name, those that are no longer taken left out, other types cast where there is an exact cast. What was masked, folded or filtered otherwise, or
/// has another key, is refused: the files do not hold what would be needed, and may hold what is no longer to be seen.
/// </summary>
/// <param name="dataset">The dataset as it is now.</param>
/// <param name="missing">What happens where a column is missing.</param>
internal sealed class LandedFit(Dataset dataset, MissingColumns missing)
{
    private readonly LandingFormat _now = LandingFormat.For("", dataset);
    private readonly SortedSet<string> _filled = new(StringComparer.Ordinal);

    /// <summary>The columns that some file did not have.</summary>
    public IReadOnlyCollection<string> Filled => _filled;

    /// <summary>How the chunks of a file are made fit.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.LandingOtherShape"/>.</exception>
    public Func<ChangeChunk, ChangeChunk> For(LandedFile file, LandingFormat format)
    {
        if (format.Filter != LandingFormat.FilterOf(dataset))
            throw Refused(file, format.Filter is null ? "it does not say by which filter its rows were landed" : "its rows were landed by another filter");
        // The first two are no columns of the dataset.
        Field[] now = [.. _now.File.Fields.Skip(2)], then = [.. format.File.Fields.Skip(2)];
        if (then.FirstOrDefault(f => LandingFormat.TreatmentOf(f).Key is not null && now.All(n => n.Name != f.Name)) is { } key)
            throw Refused(file, $"its key has the column '{key.Name}', the contract's has not");
        var columns = now.Select(field => Array.FindIndex(then, f => f.Name == field.Name) is var place and >= 0 ? Known(file, field, then[place], place) : Unknown(file, field)).ToArray();
        return chunk => Apply(chunk, columns, [.. then.Select(f => f.Name)]);
    }

    private ChangeChunk Apply(ChangeChunk chunk, Column[] columns, HashSet<string> known)
    {
        var faults = new FaultCollector(chunk.Length);
        // A fault of a column that is no longer taken goes with it; one of no column is about the row.
        foreach (var fault in chunk.Faults.Where(f => !known.Contains(f.Column) || dataset.TargetSchema.GetFieldIndex(f.Column) >= 0))
            faults.Add(fault.Row, fault.Column, fault.Reason);
        var rows = new RecordBatch(dataset.TargetSchema, [.. columns.Select(c => c.Take(chunk.Rows, faults))], chunk.Length);
        return new ChangeChunk(rows, chunk.Kinds, faults.Build());
    }

    private Column Known(LandedFile file, Field now, Field then, int place)
    {
        var (a, b) = (LandingFormat.TreatmentOf(now), LandingFormat.TreatmentOf(then));
        if (a.Mask != b.Mask) throw Refused(file, $"column '{now.Name}' was landed under another mask");
        if (a.Key != b.Key || a.Fold != b.Fold) throw Refused(file, $"column '{now.Name}' has another place in the key, or was folded otherwise");
        if (now.DataType == then.DataType) return new Column((rows, _) => rows.Column(place));
        var cast = new CastShape(Casts.For(then.DataType, now.DataType) ?? throw Refused(file, $"column '{now.Name}' was landed as {then.DataType}, and there is no cast to {now.DataType}"), then.DataType, now.DataType);
        return new Column((rows, faults) => cast.Apply(rows.Column(place), [], row => faults.Add(row, now.Name, cast.Misfit)));
    }

    private Column Unknown(LandedFile file, Field now)
    {
        if (LandingFormat.TreatmentOf(now).Key is not null) throw Refused(file, $"its key has not the column '{now.Name}', the contract's has");
        if (missing == MissingColumns.Refused)
        {
            throw new CdcSyncException(ErrorCodes.LandingOtherShape, $"{dataset.Id}: landing file {file.Path}: it was landed before there was the column '{now.Name}'.",
                $"The target is as it was. To leave the column empty in rows that were not landed since, add --accept-missing. To read it from the source, run: cdcsync resync {dataset.Id}");
        }

        _filled.Add(now.Name);
        return new Column((rows, _) =>
        {
            var nothing = ArrayBuilder.For(now.DataType, 0);
            nothing.AppendNulls(rows.Length);
            return nothing.Build();
        });
    }

    private CdcSyncException Refused(LandedFile file, string why) => new(ErrorCodes.LandingOtherShape, $"{dataset.Id}: landing file {file.Path}: {why}.",
        $"The target is as it was. What the files do not hold has to come from the source. Run: cdcsync resync {dataset.Id}");

    /// <summary>Where a column of the target comes from.</summary>
    private sealed record Column(Func<RecordBatch, FaultCollector, ArrowArray> Take);
}
