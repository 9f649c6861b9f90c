using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

/// <summary>A row on its way into a stage, as tests write it. Values in Arrow's own form (days, ticks of the unit); decimals as unscaled <see cref="Int128"/>.</summary>
public sealed record Change(ChangeKind Kind, params IReadOnlyList<object?> Values)
{
    /// <summary>All target columns in order.</summary>
    public static Change Upsert(params IReadOnlyList<object?> values) => new(ChangeKind.Upsert, values);

    /// <summary>The key's columns in key order.</summary>
    public static Change Delete(params IReadOnlyList<object?> key) => new(ChangeKind.Delete, key);

    /// <inheritdoc cref="Delete"/>
    public static Change Erase(params IReadOnlyList<object?> key) => new(ChangeKind.Erase, key);

    /// <summary>A chunk in the dataset's target schema.</summary>
    public static ChangeChunk Chunk(Dataset dataset, IReadOnlyList<Change> changes)
    {
        var builder = new RecordBatchBuilder(dataset.TargetSchema, changes.Count);
        foreach (var change in changes)
        {
            var values = change.Kind == ChangeKind.Upsert ? change.Values : KeyOnly(dataset, change.Values);
            for (var i = 0; i < values.Count; i++) Append(builder[i], values[i]);
        }
        return new ChangeChunk(builder.Build(), changes.Select(c => c.Kind).ToArray(), []);
    }

    private static object?[] KeyOnly(Dataset dataset, IReadOnlyList<object?> key)
    {
        var values = new object?[dataset.TargetSchema.Fields.Count];
        for (var k = 0; k < key.Count; k++) values[dataset.TargetKey[k]] = key[k];
        return values;
    }

    private static void Append(ArrayBuilder column, object? value)
    {
        switch (column)
        {
            case var any when value is null: any.AppendNull(); break;
            case BoolBuilder b: b.Append((bool)value!); break;
            case VarLengthBuilder b when value is string text: b.Append(text); break;
            case VarLengthBuilder b: b.Append((byte[])value!); break;
            case FixedSizeBinaryBuilder b: b.Append((byte[])value!); break;
            case FixedWidthBuilder<sbyte> b: b.Append(To<sbyte>(value!)); break;
            case FixedWidthBuilder<byte> b: b.Append(To<byte>(value!)); break;
            case FixedWidthBuilder<short> b: b.Append(To<short>(value!)); break;
            case FixedWidthBuilder<ushort> b: b.Append(To<ushort>(value!)); break;
            case FixedWidthBuilder<int> b: b.Append(To<int>(value!)); break;
            case FixedWidthBuilder<uint> b: b.Append(To<uint>(value!)); break;
            case FixedWidthBuilder<long> b: b.Append(To<long>(value!)); break;
            case FixedWidthBuilder<ulong> b: b.Append(To<ulong>(value!)); break;
            case FixedWidthBuilder<Half> b: b.Append((Half)value!); break;
            case FixedWidthBuilder<float> b: b.Append(To<float>(value!)); break;
            case FixedWidthBuilder<double> b: b.Append(To<double>(value!)); break;
            case FixedWidthBuilder<Int128> b: b.Append(value is Int128 wide ? wide : To<long>(value!)); break;
            default: throw new ArgumentException($"no builder for {column.Type}", nameof(column));
        }
    }

    private static T To<T>(object value) => (T)Convert.ChangeType(value, typeof(T), CultureInfo.InvariantCulture);
}
