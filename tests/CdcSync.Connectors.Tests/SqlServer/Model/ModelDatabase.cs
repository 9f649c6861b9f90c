using System.Globalization;
using System.Text.Json;
using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer;
using CdcSync.Connectors.SqlServer.Digests;
using CdcSync.Connectors.SqlServer.Source;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Marks;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.Tests.SqlServer.Model;

/// <summary>A connection to the model. Others may write between any two of its steps.</summary>
internal sealed class ModelDatabase(ServerModel server) : ISourceDatabase
{
    private ReadIsolation _isolation = ReadIsolation.Committed;
    private Dictionary<string, TableState>? _snapshot;
    private CancellationToken _ct;

    public DatabaseFacts Facts() => Step(() => new DatabaseFacts(server.Clock, server.AllowsSnapshot, server.IsReadOnly, "model", server.ShowsInternals ? server.Fork : null, server.Retention));

    public ulong Ceiling() => Step(() => server.Ceiling);

    public IReadOnlyList<Description> Describe(IReadOnlyList<SourceObject> objects) => Step(() => (IReadOnlyList<Description>)[.. objects.Select(o => new Description(
        o is SourceObject.Table t && server.Tables.TryGetValue($"{t.Schema ?? "dbo"}.{t.Name}", out var state) ? Defined(state) : null))]);

    public IReadOnlyList<SqlServerObject> DescribeAll() => Step(() => (IReadOnlyList<SqlServerObject>)[.. server.Tables.Values.Select(Defined)]);

    public DatabaseSetup Setup() => new("mo]del", server.Retention, server.AllowsSnapshot);

    public ServerHealth Health() => Step(() => server.Health);

    public TimeSpan? OldestWriter() => Step(() => server.Health.Transactions?.OldestWriter);

    public IReadOnlyList<string> Leading(SqlServerObject table) => Step(() => server.Leading);

    public void Alter(TSql statement) => server.Altered.Add(statement.Text);

    public IDisposable CancelledBy(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        _ct = ct;
        return new MemoryStream();
    }

    public IRowCursor Find(Dataset dataset, SqlServerObject source, IReadOnlyList<DigestedColumn> key, IReadOnlyList<object?[]> keys) => Rows(dataset, source);

    public DigestServer DigestServer() => Connectors.SqlServer.Digests.DigestServer.None;

    public List<T> Ask<T>(TSql sql, IReadOnlyDictionary<string, object?> values, Func<SqlDataReader, T> row) => throw new NotSupportedException("the model has no T-SQL");

    public void Begin(ReadIsolation isolation) => Step(() => _isolation = isolation);

    public TrackingVersions Versions(IReadOnlyList<(SqlServerObject Table, long? Last)> tables)
    {
        var current = Step(() => server.Version);
        var changed = tables.Select(t => Step(() => t.Last is { } last && Seen(t.Table).After(last).Any())).ToList();
        var minimum = tables.Select(t => Minimum(t.Table)).ToList();
        return new TrackingVersions(current, [.. changed.Zip(minimum)]);
    }

    public long? Minimum(SqlServerObject table) => Step(() => server.Tables.TryGetValue($"{table.Schema}.{table.Name}", out var state) && state.SideTable is not null ? state.Minimum : (long?)null);

    public IChangeCursor Changes(Dataset dataset, SqlServerObject table, long last)
    {
        var changes = Step(() => Seen(table).After(last).ToList());
        return new ChangeCursor(this, dataset, table, changes);
    }

    public IRowCursor Rows(Dataset dataset, SqlServerObject source) => Range(dataset, source, null, null);

    public bool HasRowVersions(Dataset dataset, SqlServerObject source, RowVersionWindow window) => Step(() => InWindow(source, window).Any());

    public IRowCursor RowVersions(Dataset dataset, SqlServerObject source, RowVersionWindow window) => Step(() => new RowCursor(this, dataset, source, [.. InWindow(source, window)]));

    public IRowCursor Marks(Dataset dataset, SqlServerObject source, SqlServerColumn mark, Int128? from) => Step(() => new RowCursor(this, dataset, source,
        [.. Seen(source).Rows.Values.Where(r => from is null || MarkOf(source, mark, r) >= from)]));

    public Int128? HighestMark(Dataset dataset, SqlServerObject source, SqlServerColumn mark, Int128? to) =>
        Step(() => Seen(source).Rows.Values.Select(r => MarkOf(source, mark, r)).Where(m => m is not null && !(m > to)).Max());

    public IReadOnlyList<string> Bounds(Dataset dataset, SqlServerObject table, long step) =>
        Step(() => (IReadOnlyList<string>)[.. Seen(table).Rows.Keys.Index().Where(k => (k.Index + 1) % step == 0 && k.Index + 1 < Seen(table).Rows.Count).Select(k => JsonSerializer.Serialize(k.Item))]);

    public IRowCursor Range(Dataset dataset, SqlServerObject table, string? from, string? to) => Step(() =>
    {
        var order = KeyOrder.Of(table);
        var (low, high) = (Bound(from), Bound(to));
        return new RowCursor(this, dataset, table, [.. Seen(table).Rows.Where(r => (low is null || order.Compare(r.Key, low) > 0) && (high is null || order.Compare(r.Key, high) <= 0)).Select(r => r.Value)]);
    });

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private IEnumerable<object?[]> InWindow(SqlServerObject source, RowVersionWindow window)
    {
        var column = source.Columns.ToList().FindIndex(c => c.Name == window.Column);
        return Seen(source).Rows.Values.Where(r => r[column] is ulong rv && rv > window.Last && rv < window.Ceiling);
    }

    private static Int128? MarkOf(SqlServerObject source, SqlServerColumn mark, object?[] row) => row[source.Columns.ToList().FindIndex(c => c.Name == mark.Name)] switch
    {
        null => null,
        DateTime t => (Int128)(t - DateTime.UnixEpoch).Ticks * 100,
        var number => (Int128)Convert.ToInt64(number, CultureInfo.InvariantCulture),
    };

    private static object[]? Bound(string? json)
    {
        if (json is null) return null;
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.Number ? (object)e.GetInt64() : e.GetString()!)];
    }

    // Under SNAPSHOT what the first row saw; else what is there now.
    private TableState Seen(SqlServerObject table)
    {
        var state = _isolation == ReadIsolation.Snapshot ? server.LastSnapshot = _snapshot ??= server.Copy() : server.Tables;
        return state.TryGetValue($"{table.Schema}.{table.Name}", out var found) ? found
            : throw new Core.Errors.CdcSyncException(Core.Errors.ErrorCodes.SourceSchemaChanged, $"{table} is gone.", "It is read again.");
    }

    private SqlServerObject Defined(TableState state) => state.Definition with
    {
        Tracking = state.SideTable is { } side ? new TrackedTable(server.ShowsInternals ? side : null) : null,
        MaySelect = state.Definition.MaySelect ?? true,
        MayViewChanges = state.Definition.MayViewChanges ?? true,
    };

    private T Step<T>(Func<T> step)
    {
        _ct.ThrowIfCancellationRequested();
        server.Between?.Invoke();
        return server.Locked(step);
    }

    private static void Add(RowChunks chunks, int column, object? value)
    {
        chunks.Bytes += value switch { string s => s.Length, byte[] b => b.Length, _ => 0 };
        switch (chunks[column], value)
        {
            case (var builder, null): builder.AppendNull(); break;
            case (FixedWidthBuilder<long> { Type: TimestampType } b, DateTime t): b.Append((t - DateTime.UnixEpoch).Ticks / 10); break;
            case (FixedWidthBuilder<long> b, _): b.Append(Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
            case (FixedWidthBuilder<Int128> b, decimal d): b.Append((Int128)(d * 100)); break;
            case (BoolBuilder b, bool v): b.Append(v); break;
            case (VarLengthBuilder b, string s): b.Append(s); break;
            case (VarLengthBuilder b, byte[] bytes): b.Append(bytes); break;
            default: throw new ArgumentException($"{chunks[column].Type} from {value.GetType().Name}");
        }
    }

    private static void AddRow(RowChunks chunks, SqlServerObject table, object?[] row)
    {
        foreach (var (i, column) in chunks.Dataset.Columns.Index()) Add(chunks, i, row[table.Columns.ToList().FindIndex(c => c.Name == column.Source)]);
        chunks.EndRow(ChangeKind.Upsert);
    }

    private sealed class RowCursor(ModelDatabase database, Dataset dataset, SqlServerObject table, IReadOnlyList<object?[]> rows) : IRowCursor
    {
        private int _at = -1;

        public bool Read()
        {
            database._ct.ThrowIfCancellationRequested();
            return ++_at < rows.Count;
        }

        public void AddTo(RowChunks chunks)
        {
            Assert.Equal(dataset.Id, chunks.Dataset.Id);
            AddRow(chunks, table, rows[_at]);
        }

        public void Dispose()
        {
        }
    }

    private sealed class ChangeCursor(ModelDatabase database, Dataset dataset, SqlServerObject table, IReadOnlyList<ChangeEntry> changes) : IChangeCursor
    {
        private int _at = -1;
        private object?[]? _row;

        public bool Read()
        {
            if (++_at >= changes.Count) return false;
            _row = database.Step(() => database.Seen(table).Rows.GetValueOrDefault(changes[_at].Key));
            return true;
        }

        public long Version => changes[_at].Version;

        public bool IsDelete => changes[_at].IsDelete;

        public Presence Presence => _row is null ? Presence.Absent
            : table.Key.Select(k => _row[table.Columns.ToList().IndexOf(k)]).SequenceEqual(changes[_at].Key) ? Presence.Present : Presence.UnderOtherKey;

        public void AddDeleteTo(RowChunks chunks)
        {
            var key = changes[_at].Key;
            var columnOfKey = KeyColumns.Of(dataset, table);
            for (var i = 0; i < dataset.Columns.Count; i++)
                Add(chunks, i, Array.IndexOf(columnOfKey, i) is >= 0 and var place ? key[place] : null);
            chunks.EndRow(ChangeKind.Delete);
        }

        public void AddUpsertTo(RowChunks chunks) => AddRow(chunks, table, _row!);

        public void Dispose()
        {
        }
    }
}
