using System.Collections;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using CdcSync.Core.Batches;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>A chunk as the rows that the driver's bulk copy reads: kind, order, then the chunk's columns. Only what bulk copy asks is answered.</summary>
/// <param name="chunk">The rows.</param>
/// <param name="firstSequence">The place of the first row in the order of the whole stage.</param>
internal sealed class ChunkReader(ChangeChunk chunk, long firstSequence) : DbDataReader
{
    private const int OwnColumns = 2;

    // Bulk copy takes values as objects, one by one: the kinds at least are made once.
    private static readonly object[] Kinds = [(byte)ChangeKind.Upsert, (byte)ChangeKind.Delete, (byte)ChangeKind.Erase];

    private readonly StagedColumn[] _columns = [.. chunk.Rows.Columns.Select(StagedColumn.For)];
    private int _row = -1;
    private bool _isClosed;

    public override int FieldCount => OwnColumns + _columns.Length;

    public override bool HasRows => chunk.Length > 0;

    public override bool IsClosed => _isClosed;

    public override int RecordsAffected => -1;

    public override int Depth => 0;

    public override object this[int ordinal] => GetValue(ordinal);

    public override object this[string name] => throw Unasked();

    public override bool Read() => ++_row < chunk.Length;

    public override bool NextResult() => false;

    public override object GetValue(int ordinal) => ordinal switch
    {
        0 => Kinds[(int)chunk.Kinds.Span[_row]],
        1 => firstSequence + _row,
        _ => _columns[ordinal - OwnColumns].Get(_row),
    };

    public override bool IsDBNull(int ordinal) => ordinal >= OwnColumns && _columns[ordinal - OwnColumns].IsNull(_row);

    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)]
    public override Type GetFieldType(int ordinal) => ordinal switch
    {
        0 => typeof(byte),
        1 => typeof(long),
        _ => _columns[ordinal - OwnColumns].FieldType,
    };

    public override void Close() => _isClosed = true;

    public override string GetName(int ordinal) => throw Unasked();

    public override int GetOrdinal(string name) => throw Unasked();

    public override string GetDataTypeName(int ordinal) => throw Unasked();

    public override int GetValues(object[] values) => throw Unasked();

    public override bool GetBoolean(int ordinal) => throw Unasked();

    public override byte GetByte(int ordinal) => throw Unasked();

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) => throw Unasked();

    public override char GetChar(int ordinal) => throw Unasked();

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) => throw Unasked();

    public override DateTime GetDateTime(int ordinal) => throw Unasked();

    public override decimal GetDecimal(int ordinal) => throw Unasked();

    public override double GetDouble(int ordinal) => throw Unasked();

    public override float GetFloat(int ordinal) => throw Unasked();

    public override Guid GetGuid(int ordinal) => throw Unasked();

    public override short GetInt16(int ordinal) => throw Unasked();

    public override int GetInt32(int ordinal) => throw Unasked();

    public override long GetInt64(int ordinal) => throw Unasked();

    public override string GetString(int ordinal) => throw Unasked();

    public override IEnumerator GetEnumerator() => throw Unasked();

    private static NotSupportedException Unasked() => new("bulk copy does not ask this");
}
