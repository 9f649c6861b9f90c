using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Wire;
using CdcSync.Core.Batches;
using Npgsql;
using NpgsqlTypes;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>A small stage as parameters: the kinds, then one array per column. Numbers with digits after the point, or more than a bigint has, travel as text.</summary>
internal static class ArrayParameters
{
    /// <summary>The parameters of <see cref="MergeSql.Arrays"/>.</summary>
    /// <param name="table">The target.</param>
    /// <param name="chunks">The stage's chunks, in order.</param>
    public static IEnumerable<NpgsqlParameter> For(PostgresTable table, IReadOnlyList<ChangeChunk> chunks)
    {
        var rows = chunks.Sum(c => c.Length);
        var kinds = new short[rows];
        var at = 0;
        foreach (var chunk in chunks)
            foreach (var kind in chunk.Kinds.Span) kinds[at++] = (short)kind;
        yield return Parameter.Of(kinds, NpgsqlDbType.Array | NpgsqlDbType.Smallint);
        for (var column = 0; column < table.Columns.Count; column++)
            yield return For(table.Dataset.TargetSchema.Fields[column].DataType, [.. chunks.Select(c => c.Rows.Column(column))], rows);
    }

    /// <summary>A column's values, chunk after chunk.</summary>
    public static NpgsqlParameter For(ArrowType type, IReadOnlyList<ArrowArray> parts, int rows) => type switch
    {
        BooleanType => Of(parts, rows, NpgsqlDbType.Boolean, static (a, i) => ((BoolArray)a).GetValue(i)),
        Int8Type => Of(parts, rows, NpgsqlDbType.Smallint, static (a, i) => (short)Value<sbyte>(a, i)),
        UInt8Type => Of(parts, rows, NpgsqlDbType.Smallint, static (a, i) => (short)Value<byte>(a, i)),
        Int16Type => Of(parts, rows, NpgsqlDbType.Smallint, Value<short>),
        UInt16Type => Of(parts, rows, NpgsqlDbType.Integer, static (a, i) => (int)Value<ushort>(a, i)),
        Int32Type => Of(parts, rows, NpgsqlDbType.Integer, Value<int>),
        UInt32Type => Of(parts, rows, NpgsqlDbType.Bigint, static (a, i) => (long)Value<uint>(a, i)),
        Int64Type => Of(parts, rows, NpgsqlDbType.Bigint, Value<long>),
        UInt64Type => OfClass(parts, rows, NpgsqlDbType.Text, static (a, i) => Value<ulong>(a, i).ToString(CultureInfo.InvariantCulture)),
        HalfFloatType => Of(parts, rows, NpgsqlDbType.Real, static (a, i) => (float)Value<Half>(a, i)),
        FloatType => Of(parts, rows, NpgsqlDbType.Real, Value<float>),
        DoubleType => Of(parts, rows, NpgsqlDbType.Double, Value<double>),
        StringType => OfClass(parts, rows, NpgsqlDbType.Text, static (a, i) => ((VarLengthArray)a).GetString(i)),
        BinaryType => OfClass(parts, rows, NpgsqlDbType.Bytea, static (a, i) => ((VarLengthArray)a).GetBytes(i).ToArray()),
        FixedSizeBinaryType => OfClass(parts, rows, NpgsqlDbType.Bytea, static (a, i) => ((FixedSizeBinaryArray)a).GetBytes(i).ToArray()),
        Decimal128Type t => OfClass(parts, rows, NpgsqlDbType.Text, (a, i) => $"{Value<Int128>(a, i).ToString(CultureInfo.InvariantCulture)}e{-t.Scale}"),
        Date32Type => Of(parts, rows, NpgsqlDbType.Date, static (a, i) => Value<int>(a, i) - PostgresTime.EpochDays),
        Time32Type t => Of(parts, rows, NpgsqlDbType.Time, (a, i) => Value<int>(a, i) * PostgresTime.Microseconds(t.Unit)),
        Time64Type t => Of(parts, rows, NpgsqlDbType.Time, (a, i) => Value<long>(a, i) * PostgresTime.Microseconds(t.Unit)),
        TimestampType t => Of(parts, rows, t.Timezone is null ? NpgsqlDbType.Timestamp : NpgsqlDbType.TimestampTz,
            (a, i) => PostgresTime.FromUnix(Value<long>(a, i), t.Unit)),
        _ => throw new ArgumentException($"{type} has no form in PostgreSQL.", nameof(type)),
    };

    private static T Value<T>(ArrowArray array, int row) where T : unmanaged => ((FixedWidthArray<T>)array)[row];

    private static NpgsqlParameter Of<T>(IReadOnlyList<ArrowArray> parts, int rows, NpgsqlDbType element, Func<ArrowArray, int, T> value) where T : struct
    {
        var values = new T?[rows];
        var at = 0;
        foreach (var part in parts)
            for (var i = 0; i < part.Length; i++, at++)
                if (part.IsValid(i)) values[at] = value(part, i);
        return Parameter.Of(values, NpgsqlDbType.Array | element);
    }

    private static NpgsqlParameter OfClass<T>(IReadOnlyList<ArrowArray> parts, int rows, NpgsqlDbType element, Func<ArrowArray, int, T> value) where T : class
    {
        var values = new T?[rows];
        var at = 0;
        foreach (var part in parts)
            for (var i = 0; i < part.Length; i++, at++)
                if (part.IsValid(i)) values[at] = value(part, i);
        return Parameter.Of(values, NpgsqlDbType.Array | element);
    }
}
