using System.Buffers;
using System.Buffers.Binary;
using CdcSync.Core.Batches;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>
/// The last change of each key of a dataset, as far as memory goes: rows in one growing buffer, the key's columns first. A later row of a key takes the place of the
/// earlier one, at the end of the order, and takes over from it the values that are not sent again.
/// </summary>
internal sealed class FoldedRows : IDisposable
{
    private const int Null = -1;
    private const int Absent = -2;
    private const int BytesPerEntry = 48;

    private readonly int[] _order;
    private readonly int _keys;
    private readonly List<Entry> _entries = [];
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(4 << 10);
    private int _used;
    private int[] _buckets = NewBuckets(64);

    /// <summary>Starts empty.</summary>
    /// <param name="columns">How many columns a row has.</param>
    /// <param name="key">Those of the key, in key order.</param>
    public FoldedRows(int columns, IReadOnlyList<int> key)
    {
        _order = [.. key, .. Enumerable.Range(0, columns).Except(key)];
        _keys = key.Count;
    }

    /// <summary>The keys there are.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes it takes.</summary>
    public long Bytes => _used + ((long)_entries.Count * BytesPerEntry);

    /// <summary>Adds a row that is gone.</summary>
    /// <returns>What the key had before, for <see cref="AddUpsert"/>; -1 = nothing.</returns>
    public int AddDelete(RowFields row, uint xid)
    {
        var start = _used;
        for (var i = 0; i < _order.Length; i++) Write(i < _keys ? row.Field(_order[i]) : new RowField(FieldForm.Unchanged, default), default);
        return Enter(ChangeKind.Delete, start, xid);
    }

    /// <summary>Adds a row that is there.</summary>
    /// <param name="row">Its fields.</param>
    /// <param name="xid">The transaction.</param>
    /// <param name="before">What <see cref="AddDelete"/> gave for the key the row had before this change; null = it had the same.</param>
    public void AddUpsert(RowFields row, uint xid, int? before = null)
    {
        var start = _used;
        for (var i = 0; i < _keys; i++) Write(row.Field(_order[i]), default);
        before ??= Find(_bytes.AsSpan(start, _used - start), out _);
        var inherited = before >= 0 && _entries[before.Value].Kind == ChangeKind.Upsert ? new EntryFields(this, before.Value) : default;
        for (var i = 0; i < _keys && inherited.IsThere; i++) inherited.NextPlace();
        for (var i = _keys; i < _order.Length; i++) Write(row.Field(_order[i]), inherited.IsThere ? inherited.NextPlace() : default);
        Enter(ChangeKind.Upsert, start, xid);
    }

    /// <summary>The rows in the order of their last change.</summary>
    public IEnumerable<int> Live()
    {
        for (var i = 0; i < _entries.Count; i++)
            if (!_entries[i].IsDead) yield return i;
    }

    /// <summary>What happened to a row.</summary>
    public ChangeKind Kind(int row) => _entries[row].Kind;

    /// <summary>The transaction that changed it last.</summary>
    public uint Xid(int row) => _entries[row].Xid;

    /// <summary>True if a row that is there lacks values that were not sent.</summary>
    public bool IsOpen(int row) => _entries[row].IsOpen;

    /// <summary>The bytes of a row's key: equal for equal keys.</summary>
    public ReadOnlySpan<byte> Key(int row) => _bytes.AsSpan(_entries[row].Start, _entries[row].KeyLength);

    /// <summary>A row's fields, in the order of <see cref="Order"/>.</summary>
    public EntryFields Fields(int row) => new(this, row);

    /// <summary>The dataset's columns in the order in which rows hold them: the key's first.</summary>
    public IReadOnlyList<int> Order => _order;

    /// <summary>How many columns the key has.</summary>
    public int KeyColumns => _keys;

    /// <summary>Forgets all rows.</summary>
    public void Clear()
    {
        _entries.Clear();
        _buckets.AsSpan().Fill(-1);
        (_used, Count) = (0, 0);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private int Enter(ChangeKind kind, int start, uint xid)
    {
        var keyLength = KeyLength(start);
        var previous = Find(_bytes.AsSpan(start, keyLength), out var hash);
        if (previous >= 0)
        {
            _entries[previous] = _entries[previous] with { IsDead = true };
            Count--;
        }
        if (_entries.Count >= _buckets.Length) Rehash(_buckets.Length * 2);
        var bucket = hash & (_buckets.Length - 1);
        _entries.Add(new Entry(kind, start, keyLength, xid, hash, _buckets[bucket], kind == ChangeKind.Upsert && HasAbsent(start), false));
        _buckets[bucket] = _entries.Count - 1;
        Count++;
        return previous;
    }

    private int Find(ReadOnlySpan<byte> key, out int hash)
    {
        var content = new HashCode();
        content.AddBytes(key);
        hash = content.ToHashCode();
        // The latest of a key stands first in its chain; those before it are dead.
        for (var i = _buckets[hash & (_buckets.Length - 1)]; i >= 0; i = _entries[i].Next)
            if (_entries[i].Hash == hash && !_entries[i].IsDead && Key(i).SequenceEqual(key)) return i;
        return -1;
    }

    private void Rehash(int size)
    {
        _buckets = NewBuckets(size);
        for (var i = 0; i < _entries.Count; i++)
        {
            var bucket = _entries[i].Hash & (size - 1);
            _entries[i] = _entries[i] with { Next = _buckets[bucket] };
            _buckets[bucket] = i;
        }
    }

    private static int[] NewBuckets(int size)
    {
        var buckets = new int[size];
        buckets.AsSpan().Fill(-1);
        return buckets;
    }

    private int KeyLength(int start)
    {
        var at = start;
        for (var i = 0; i < _keys; i++) at += sizeof(int) + Math.Max(0, BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(at)));
        return at - start;
    }

    private bool HasAbsent(int start)
    {
        var at = start;
        for (var i = 0; i < _order.Length; i++)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(at));
            if (length == Absent) return true;
            at += sizeof(int) + Math.Max(0, length);
        }
        return false;
    }

    /// <summary>Writes a field, or what is inherited where it is not sent. The inherited one is in this very buffer, which may move: it is named by its place.</summary>
    private void Write(RowField field, (int Start, int Length) inherited)
    {
        if (field.Form == FieldForm.Unchanged && inherited.Length != 0)
        {
            Reserve(sizeof(int) + inherited.Length);
            _bytes.AsSpan(inherited.Start, inherited.Length).CopyTo(_bytes.AsSpan(_used));
            _used += inherited.Length;
            return;
        }
        Reserve(sizeof(int) + field.Value.Length);
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_used), field.Form switch { FieldForm.Null => Null, FieldForm.Unchanged => Absent, _ => field.Value.Length });
        _used += sizeof(int);
        field.Value.CopyTo(_bytes.AsSpan(_used));
        _used += field.Value.Length;
    }

    private void Reserve(int more)
    {
        if (_bytes.Length - _used >= more) return;
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max((long)_bytes.Length * 2, (long)_used + more)));
        _bytes.AsSpan(0, _used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }

    private readonly record struct Entry(ChangeKind Kind, int Start, int KeyLength, uint Xid, int Hash, int Next, bool IsOpen, bool IsDead);

    /// <summary>The fields of a row, read one after the other in the order of <see cref="Order"/>.</summary>
    internal ref struct EntryFields(FoldedRows rows, int row)
    {
        private int _at = rows._entries[row].Start;

        public readonly bool IsThere => rows is not null;

        /// <summary>The next field.</summary>
        public RowField Next()
        {
            var (start, length) = NextPlace();
            return BinaryPrimitives.ReadInt32LittleEndian(rows._bytes.AsSpan(start)) switch
            {
                Null => new RowField(FieldForm.Null, default),
                Absent => new RowField(FieldForm.Unchanged, default),
                _ => new RowField(FieldForm.Binary, rows._bytes.AsSpan(start + sizeof(int), length - sizeof(int))),
            };
        }

        /// <summary>Where the next field is, with its length before it.</summary>
        internal (int Start, int Length) NextPlace()
        {
            var place = (_at, sizeof(int) + Math.Max(0, BinaryPrimitives.ReadInt32LittleEndian(rows._bytes.AsSpan(_at))));
            _at += place.Item2;
            return place;
        }
    }
}

/// <summary>One field of a row.</summary>
internal readonly ref struct RowField(FieldForm form, ReadOnlySpan<byte> value)
{
    public FieldForm Form { get; } = form;

    public ReadOnlySpan<byte> Value { get; } = value;
}

/// <summary>The fields of a row as the dataset has its columns.</summary>
/// <param name="message">The message.</param>
/// <param name="row">The row's fields in it.</param>
/// <param name="old">The row before: values that are not sent again are taken from there, as far as it has them; null = it is not told.</param>
/// <param name="form">What it has.</param>
/// <param name="places">Where the dataset's columns are among the fields.</param>
internal readonly ref struct RowFields(ReadOnlySpan<byte> message, TupleFields row, TupleFields? old, OldForm form, ColumnPlaces places)
{
    private readonly ReadOnlySpan<byte> _message = message;

    public RowField Field(int column)
    {
        var place = places[column];
        if (place < 0) return new RowField(FieldForm.Unchanged, default);
        var from = row.Form(place) == FieldForm.Unchanged && old is not null && (form == OldForm.Full || places.IsKey(column)) ? old : row;
        return new RowField(from.Form(place), from.Value(_message, place));
    }
}

/// <summary>For each column of a dataset its place among the fields of a row; -1 = it is not sent, or not in a form that is read.</summary>
internal sealed class ColumnPlaces(int[] places, bool[] isKey)
{
    public int this[int column] => places[column];

    public bool IsKey(int column) => isKey[column];
}
