using CdcSync.Connectors.SqlServer.Source;
using CdcSync.Connectors.SqlServer.Source.Catalog;

namespace CdcSync.Connectors.Tests.SqlServer.Model;

/// <summary>
/// SQL Server's change tracking in memory, by its documentation: a version per commit, the last change per key, a minimum valid version per table that a clean-up lifts
/// before it sweeps, TRUNCATE and switching that are not recorded, restores on another recovery fork, SNAPSHOT that begins with the first row that is read, and DDL.
/// It says nothing of the wire and of T-SQL.
/// </summary>
internal sealed class ServerModel
{
    private readonly Lock _lock = new();
    private int _nextId = 1_000;

    public Dictionary<string, TableState> Tables { get; private set; } = [];

    public long Version { get; private set; }

    public string Fork { get; private set; } = "fork-0";

    public ulong RowVersion { get; private set; } = 2_001;

    /// <summary>Rowversions that open transactions have taken.</summary>
    public List<ulong> OpenRowVersions { get; } = [];

    public DateTimeOffset Clock { get; set; } = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);

    public bool AllowsSnapshot { get; set; } = true;

    public bool IsReadOnly { get; set; }

    /// <summary>May the login see the recovery fork and the side tables?</summary>
    public bool ShowsInternals { get; set; } = true;

    /// <summary>How long the database keeps changes; null = it tracks none.</summary>
    public TimeSpan? Retention { get; set; } = TimeSpan.FromDays(2);

    /// <summary>What diagnostics see.</summary>
    public ServerHealth Health { get; set; } = new("16.0.4135.4", 160, new OpenTransactions(null, null), new TrackedCommits(null));

    /// <summary>The columns that lead an index, of any table.</summary>
    public IReadOnlyList<string> Leading { get; set; } = [];

    /// <summary>What was run to prepare it.</summary>
    public List<string> Altered { get; } = [];

    /// <summary>What others do between any two steps of a reader.</summary>
    public Action? Between { get; set; }

    /// <summary>The state that the last SNAPSHOT saw.</summary>
    public Dictionary<string, TableState>? LastSnapshot { get; set; }

    public T Locked<T>(Func<T> work)
    {
        lock (_lock) return work();
    }

    public void Create(SqlServerObject table, bool isTracked = true) => Locked(() =>
    {
        Tables[$"{table.Schema}.{table.Name}"] = new TableState(table with { ObjectId = _nextId++ }, Version) { SideTable = isTracked ? _nextId++ : null };
        return true;
    });

    public void Drop(string name) => Locked(() => Tables.Remove(name));

    /// <summary>Commits writes as one transaction: one version.</summary>
    public void Commit(params IReadOnlyList<RowWrite> writes) => Locked(() =>
    {
        if (writes.Count == 0) return true;
        Version++;
        foreach (var write in writes) Tables[write.Table].Apply(write, Version, () => RowVersion++);
        return true;
    });

    /// <summary>A clean-up declares that changes up to a version are no longer kept; it removes them later.</summary>
    public void Lift(string table, long version) => Locked(() => Tables[table].Minimum = Math.Max(Tables[table].Minimum, Math.Min(version, Version)));

    /// <summary>A clean-up removes what was declared.</summary>
    public void Sweep(string table) => Locked(() => Tables[table].Log.RemoveAll(e => e.Version <= Tables[table].Minimum));

    /// <summary>Not recorded row by row.</summary>
    public void Truncate(string table) => Locked(() =>
    {
        Version++;
        Tables[table].Rows.Clear();
        return Retrack(Tables[table]);
    });

    /// <summary>Tracking goes off, others write unrecorded, tracking goes on.</summary>
    public void SwitchOffAndOn(string table, params IReadOnlyList<RowWrite> unrecorded) => Locked(() =>
    {
        var state = Tables[table];
        state.SideTable = null;
        foreach (var write in unrecorded) state.Apply(write, Version, () => RowVersion++);
        return Retrack(state);
    });

    public Action BackUp() => Locked<Action>(() =>
    {
        var (tables, version) = (Tables.ToDictionary(t => t.Key, t => t.Value.Copy()), Version);
        return () => Locked(() =>
        {
            (Tables, Version, Fork) = (tables.ToDictionary(t => t.Key, t => t.Value.Copy()), version, $"fork-{_nextId++}");
            return true;
        });
    });

    public ulong Ceiling => OpenRowVersions.Count > 0 ? OpenRowVersions.Min() : RowVersion;

    /// <summary>An open transaction takes its rowversion now and commits later.</summary>
    public Action OpenRowVersionWrite(RowWrite write) => Locked<Action>(() =>
    {
        var taken = RowVersion++;
        OpenRowVersions.Add(taken);
        return () => Locked(() =>
        {
            OpenRowVersions.Remove(taken);
            Version++;
            Tables[write.Table].Apply(write, Version, () => taken);
            return true;
        });
    });

    /// <summary>The state that a SNAPSHOT sees.</summary>
    public Dictionary<string, TableState> Copy() => Tables.ToDictionary(t => t.Key, t => t.Value.Copy());

    private bool Retrack(TableState state)
    {
        state.Log.Clear();
        state.SideTable = _nextId++;
        state.Minimum = Version;
        return true;
    }
}

/// <summary>A table: its rows by key, and the changes that are recorded.</summary>
internal sealed class TableState(SqlServerObject definition, long minimum)
{
    public SqlServerObject Definition { get; set; } = definition;

    public SortedDictionary<object[], object?[]> Rows { get; private init; } = new(KeyOrder.Of(definition));

    public List<ChangeEntry> Log { get; private init; } = [];

    public long Minimum { get; set; } = minimum;

    /// <summary>Null = tracking is off.</summary>
    public int? SideTable { get; set; }

    public TableState Copy()
    {
        var copy = new TableState(Definition, Minimum) { SideTable = SideTable, Log = [.. Log] };
        foreach (var (key, row) in Rows) copy.Rows.Add(key, row);
        return copy;
    }

    public object[] KeyOf(object?[] row) => [.. Definition.Key.Select(k => row[Definition.Columns.ToList().IndexOf(k)]!)];

    /// <summary>The last change of each key after a version. Where one version both deleted and inserted a key, the delete may come last (KB4135113).</summary>
    public IEnumerable<ChangeEntry> After(long last) => Log.Where(e => e.Version > last).GroupBy(e => e.Key, KeyOrder.Of(Definition))
        .Select(g => g.OrderBy(e => e.Version).ThenBy(e => e.IsDelete).Last());

    public void Apply(RowWrite write, long version, Func<ulong> rowVersion)
    {
        switch (write)
        {
            case RowWrite.Put put:
                if (put.OldKey is { } old && KeyOrder.Of(Definition).Compare(old, KeyOf(put.Row)) is not 0)
                {
                    Rows.Remove(old);
                    Record(old, version, true);
                }
                else if (Rows.Remove(KeyOf(put.Row)) && put.OldKey is { } same && !same.SequenceEqual(KeyOf(put.Row)))
                {
                    Record(same, version, true);
                }
                var row = (object?[])put.Row.Clone();
                for (var i = 0; i < row.Length; i++)
                    if (Definition.Columns[i].TypeName == "timestamp") row[i] = rowVersion();
                Rows[KeyOf(row)] = row;
                Record(KeyOf(row), version, false);
                break;
            case RowWrite.Replace replace:
                foreach (var inTheWay in Rows.Where(r => r.Value[replace.Unique] is { } taken && Equals(taken, replace.Row[replace.Unique])).Select(r => r.Key).ToList())
                    Apply(new RowWrite.Delete(write.Table, inTheWay), version, rowVersion);
                Apply(new RowWrite.Put(write.Table, replace.Row), version, rowVersion);
                break;
            case RowWrite.Delete delete:
                if (Rows.Remove(delete.Key)) Record(delete.Key, version, true);
                break;
        }
    }

    private void Record(object[] key, long version, bool isDelete)
    {
        if (SideTable is not null) Log.Add(new ChangeEntry(key, version, isDelete));
    }
}

internal sealed record ChangeEntry(object[] Key, long Version, bool IsDelete);

/// <summary>A write to a table of the model.</summary>
internal abstract record RowWrite(string Table)
{
    /// <summary>The row is there afterwards; an old key that is another leaves.</summary>
    public sealed record Put(string Table, object?[] Row, object[]? OldKey = null) : RowWrite(Table);

    /// <summary>Rows with the same value of a unique column are deleted first.</summary>
    public sealed record Replace(string Table, object?[] Row, int Unique) : RowWrite(Table);

    public sealed record Delete(string Table, object[] Key) : RowWrite(Table);
}

/// <summary>The server's order of keys: texts of a collation that ignores case and trailing blanks are equal so.</summary>
internal sealed class KeyOrder(bool[] ignoresCase) : IComparer<object[]>, IEqualityComparer<object[]>
{
    public static KeyOrder Of(SqlServerObject table) => new([.. table.Key.Select(k => k.Collation?.Contains("_CI", StringComparison.Ordinal) == true)]);

    public int Compare(object[]? x, object[]? y)
    {
        for (var i = 0; i < x!.Length; i++)
        {
            var order = x[i] is string a ? string.CompareOrdinal(Normal(a, i), Normal((string)y![i], i)) : Comparer<object>.Default.Compare(x[i], y![i]);
            if (order != 0) return order;
        }
        return 0;
    }

    public bool Equals(object[]? x, object[]? y) => Compare(x, y) == 0;

    public int GetHashCode(object[] key) => key.Select((k, i) => k is string s ? Normal(s, i).GetHashCode(StringComparison.Ordinal) : k.GetHashCode()).Aggregate(17, HashCode.Combine);

    private string Normal(string text, int i) => (ignoresCase[i] ? text.ToUpperInvariant() : text).TrimEnd(' ');
}
