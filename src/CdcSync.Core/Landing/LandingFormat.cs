using System.Globalization;
using System.Runtime.InteropServices;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Landing;

/// <summary>
/// Chunks as batches of a landing file: the kind of change, the row's fault as text, then the target's columns. All of these may be null in the file,
/// for it holds rows that the gates have not seen; the key's columns are marked in their metadata.
/// </summary>
internal sealed class LandingFormat
{
    private const string Kind = "_cdc_kind";
    private const string Fault = "_cdc_fault";
    private const string KeyMark = "cdcsync.key";
    private const string MaskMark = "cdcsync.mask";
    private const string FoldMark = "cdcsync.fold";
    private const string FilterMark = "cdcsync.filter";
    private const string Between = ": ";

    private LandingFormat(Schema file, Schema target)
    {
        File = file;
        Target = target;
    }

    /// <summary>The file's schema.</summary>
    internal Schema File { get; }

    /// <summary>The schema of the chunks.</summary>
    internal Schema Target { get; }

    internal static LandingFormat For(string pipeline, Dataset dataset)
    {
        var target = dataset.TargetSchema;
        var keys = dataset.TargetKey;
        DatasetColumn[] written = [.. dataset.Columns.Where(c => c.Target is not null)];
        List<Field> fields = [new(Kind, UInt8Type.Default, nullable: false), new(Fault, StringType.Default, nullable: true)];
        for (var i = 0; i < target.Fields.Count; i++)
        {
            fields.Add(new Field(target.Fields[i].Name, target.Fields[i].DataType, nullable: true, MarksOf(written[i], keys.ToList().IndexOf(i))));
        }
        return new LandingFormat(new Schema(fields, new Dictionary<string, string>
        {
            ["cdcsync.pipeline"] = pipeline,
            ["cdcsync.dataset"] = dataset.Id.Value,
            ["cdcsync.contract"] = dataset.Contract.Id,
            ["cdcsync.contract_version"] = dataset.Contract.Version,
            [FilterMark] = FilterOf(dataset),
        }), target);
    }

    /// <summary>A dataset's filter as its files name it; empty = none.</summary>
    internal static string FilterOf(Dataset dataset) => dataset.Filter is { } filter ? $"{filter.SourceColumn} in {string.Join(", ", filter.Values.Order(StringComparer.Ordinal))}" : "";

    /// <summary>What was done to a column's values that can't be undone: where it stands in the key and how that was folded, and what masked it. Two columns of which it is equal hold the same of a value.</summary>
    internal static (string? Key, string? Fold, string? Mask) TreatmentOf(Field field) => (Mark(field, KeyMark), Mark(field, FoldMark), Mark(field, MaskMark));

    /// <summary>The filter that the file's rows went through; null = it was not noted.</summary>
    internal string? Filter => File.Metadata.GetValueOrDefault(FilterMark);

    private static Dictionary<string, string>? MarksOf(DatasetColumn column, int keyOrdinal)
    {
        var marks = new Dictionary<string, string>();
        if (keyOrdinal >= 0) marks[KeyMark] = keyOrdinal.ToString(CultureInfo.InvariantCulture);
        if (column.Fold is { } fold and not KeyFold.None) marks[FoldMark] = fold.ToString();
        if (column.Mask is { } mask) marks[MaskMark] = mask.KeyName;
        return marks.Count == 0 ? null : marks;
    }

    private static string? Mark(Field field, string name) => field.Metadata.GetValueOrDefault(name);

    /// <summary>The format of a file that is read; null if it is not a landing file's.</summary>
    internal static LandingFormat? Of(Schema file) =>
        file.Fields is [{ Name: Kind, DataType: UInt8Type }, { Name: Fault, DataType: StringType }, ..]
            ? new LandingFormat(file, new Schema([.. file.Fields.Skip(2).Select(f => new Field(f.Name, f.DataType, !f.Metadata.ContainsKey(KeyMark)))])) : null;

    internal RecordBatch ToFile(ChangeChunk chunk)
    {
        var kinds = MemoryMarshal.AsBytes(chunk.Kinds.Span).ToArray();
        return new RecordBatch(File, [new FixedWidthArray<byte>(UInt8Type.Default, kinds.Length, kinds), FaultColumn(chunk), .. chunk.Rows.Columns], chunk.Length);
    }

    /// <exception cref="InvalidDataException">A kind is none.</exception>
    internal ChangeChunk FromFile(RecordBatch batch)
    {
        var bytes = ((FixedWidthArray<byte>)batch.Column(0)).Values;
        if (batch.Column(0).NullCount > 0 || bytes.ContainsAnyExceptInRange((byte)ChangeKind.Upsert, (byte)ChangeKind.Erase)) throw new InvalidDataException("a row has no kind of change");
        return new ChangeChunk(new RecordBatch(Target, [.. batch.Columns.Skip(2)], batch.Length), MemoryMarshal.Cast<byte, ChangeKind>(bytes).ToArray(), ReadFaults((VarLengthArray)batch.Column(1)));
    }

    private static ArrowArray FaultColumn(ChangeChunk chunk)
    {
        var builder = new VarLengthBuilder(StringType.Default, chunk.Length);
        foreach (var fault in chunk.Faults)
        {
            if (fault.Row < builder.Length) continue;
            builder.AppendNulls(fault.Row - builder.Length);
            builder.Append(fault.Column + Between + fault.Reason);
        }
        builder.AppendNulls(chunk.Length - builder.Length);
        return builder.Build();
    }

    private IReadOnlyList<RowFault> ReadFaults(VarLengthArray texts)
    {
        if (texts.NullCount == texts.Length) return [];
        var faults = new List<RowFault>();
        for (var row = 0; row < texts.Length; row++)
            if (texts.IsValid(row)) faults.Add(ReadFault(row, texts.GetString(row)));
        return faults;
    }

    private RowFault ReadFault(int row, string text)
    {
        // A column's name may hold the separator too: the longest name that fits is the column's.
        var known = Target.Fields.Select(f => f.Name).Where(n => text.StartsWith(n + Between, StringComparison.Ordinal)).MaxBy(n => n.Length);
        var end = known?.Length ?? text.IndexOf(Between, StringComparison.Ordinal);
        return end < 0 ? new RowFault(row, "", text) : new RowFault(row, text[..end], text[(end + Between.Length)..]);
    }
}
