using System.Globalization;
using CdcSync.Connectors.SqlServer.Digests;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Marks;
using CdcSync.Connectors.SqlServer.Source.Ranges;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>A database on the wire: sends the statements of the classes named …Sql and reads their answers.</summary>
internal sealed class WireDatabase : ISourceDatabase
{
    private readonly string _source;
    private readonly SqlServerConnection _connection;
    private CancellationToken _cancellation;

    private WireDatabase(string source, SqlServerConnection connection) => (_source, _connection) = (source, connection);

    /// <summary>Connects.</summary>
    /// <exception cref="CdcSyncException">The server can't be reached, or refuses.</exception>
    public static async ValueTask<ISourceDatabase> OpenAsync(string source, SqlServerSourceOptions options, CancellationToken ct)
    {
        var text = SqlServerConnectionString.Complete(options.ConnectionString(), options.Application, ErrorCodes.SourceDenied);
        try
        {
            return new WireDatabase(source, await SqlServerConnection.OpenAsync(text, options.CommandTimeout, ct));
        }
        catch (NotSupportedException e)
        {
            throw new CdcSyncException(ErrorCodes.SourceFailed, $"source {source}: connecting: {e.Message}", "SQL Server's driver needs ICU: install libicu, and don't set DOTNET_SYSTEM_GLOBALIZATION_INVARIANT. Run: cdcsync validate", e);
        }
        catch (Exception e) when (SourceErrors.IsDriver(e))
        {
            throw SourceErrors.From(e, source, "connecting", ct);
        }
    }

    public DatabaseFacts Facts() => Ask(SessionSql.Facts(), "reading the state of the database", rows =>
    {
        if (!rows.Read()) throw new CdcSyncException(ErrorCodes.SourceDenied, $"source {_source}: the login can't see its own database in sys.databases.", "Grant VIEW ANY DATABASE, or VIEW DEFINITION in the database. Run: cdcsync validate");
        var clock = new DateTimeOffset(rows.GetDateTime(0), TimeSpan.Zero);
        var allowsSnapshot = Int(rows, 1) == 1;
        var isReadOnly = Text(rows, 2) == "READ_ONLY";
        var broker = Text(rows, 3);
        var name = Text(rows, 4)!;
        TimeSpan? retention = rows.IsDBNull(5) ? null : TimeSpan.FromMinutes(Int(rows, 5));
        var hasBroker = Guid.TryParse(broker, out var id) && id != Guid.Empty;
        return new DatabaseFacts(clock, allowsSnapshot, isReadOnly, hasBroker ? id.ToString() : name, rows.NextResult() && rows.Read() ? Text(rows, 0)?.ToLowerInvariant() : null, retention);
    });

    public ulong Ceiling() => Ask(SessionSql.Ceiling(), "reading the ceiling of rowversions", rows => rows.Read() ? Values.RowVersions.Of((byte[])rows.GetValue(0)) : 0);

    public IReadOnlyList<Description> Describe(IReadOnlyList<SourceObject> objects)
    {
        var found = new Description[objects.Count];
        foreach (var part in objects.Index().Where(o => o.Item is SourceObject.Table).Select(o => (o.Index, Table: (SourceObject.Table)o.Item)).Chunk(CatalogueSql.ObjectsAtOnce))
        {
            object?[] values = [.. part.SelectMany(p => (object?[])[p.Table.Schema, p.Table.Name])];
            var tables = Ask(CatalogueSql.Named(part.Length), "reading the catalogue", ReadObjects, values).ToLookup(o => o.Ordinal, o => o.Object);
            for (var i = 0; i < part.Length; i++) found[part[i].Index] = new Description(tables[i].FirstOrDefault());
        }
        foreach (var (index, query) in objects.Index().Where(o => o.Item is SourceObject.Query)) found[index] = Describe((SourceObject.Query)query);
        return found;
    }

    public IReadOnlyList<SqlServerObject> DescribeAll() => [.. Ask(CatalogueSql.All(), "reading the catalogue", ReadObjects).Select(o => o.Object)];

    public DatabaseSetup Setup() => Ask(SetupSql.State(), "reading the state of change tracking", rows =>
    {
        rows.Read();
        var isOn = Int(rows, 0) == 1;
        var minutes = Int(rows, 1);
        // 1 = on, 3 = comes into force when the transactions that run have ended.
        var allowsSnapshot = Int(rows, 2) is 1 or 3;
        return new DatabaseSetup(Text(rows, 3)!, isOn ? TimeSpan.FromMinutes(minutes) : null, allowsSnapshot);
    });

    public ServerHealth Health()
    {
        var (version, compatibility, mayDiagnose, maySee) = Ask(HealthSql.Server(), "reading the server's version",
            rows => rows.Read() ? (Text(rows, 0) ?? "", Int(rows, 2), Flag(rows, 5) == true, Flag(rows, 6) == true) : ("", 0, false, false));
        return new ServerHealth(version, compatibility, maySee ? new OpenTransactions(Age(HealthSql.OldestWriter()), Age(HealthSql.OldestSnapshot())) : null, mayDiagnose ? new TrackedCommits(Age(HealthSql.CommitTable())) : null);
    }

    public TimeSpan? OldestWriter() => Ask(HealthSql.Server(), "reading the login's rights", rows => rows.Read() && Flag(rows, 6) == true) ? Age(HealthSql.OldestWriter()) : null;

    public IReadOnlyList<string> Leading(SqlServerObject table) => Ask(CatalogueSql.Indexes(), $"reading the indexes of {table}", rows =>
    {
        var columns = new List<string>();
        while (rows.Read()) columns.Add(rows.GetString(0));
        return columns;
    }, table.ObjectId);

    public void Alter(TSql statement) => Send(statement, "preparing the database");

    public IDisposable CancelledBy(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        _cancellation = ct;
        return ct.Register(_connection.Cancel);
    }

    public void Begin(ReadIsolation isolation) => Send(isolation == ReadIsolation.Snapshot ? SessionSql.Begin() : SessionSql.BeginCommitted(), "beginning to read");

    public TrackingVersions Versions(IReadOnlyList<(SqlServerObject Table, long? Last)> tables)
    {
        long? current = null;
        var found = new List<(bool, long?)>();
        foreach (var part in tables.Chunk(ChangesSql.TablesAtOnce))
        {
            var sql = ChangesSql.Readings([.. part.Select(t => new TrackedName(t.Table.Schema, t.Table.Name, t.Last is not null))]);
            object?[] values = [.. part.Where(t => t.Last is not null).Select(t => (object?)t.Last)];
            current = Ask(sql, "looking for changes", rows =>
            {
                var now = rows.Read() ? Long(rows, 0) : null;
                var changed = part.Select(_ => rows.NextResult() && rows.Read() && rows.GetInt32(0) == 1).ToList();
                rows.NextResult();
                rows.Read();
                for (var i = 0; i < part.Length; i++) found.Add((changed[i], Long(rows, i)));
                // What a later part has beyond the first part's version is read again by the next window.
                return current is { } first && first < now ? first : now;
            }, values);
        }
        return new TrackingVersions(current, found);
    }

    public long? Minimum(SqlServerObject table) =>
        Ask(ChangesSql.Minimum([new TrackedName(table.Schema, table.Name, true)]), $"looking for the changes of {table}", rows => rows.Read() ? Long(rows, 0) : null);

    public IChangeCursor Changes(Dataset dataset, SqlServerObject table, long last) =>
        new WireChangeCursor(Open(ChangesSql.Changes(dataset, table), dataset, last), ColumnsOf(dataset, table), KeyColumns.Of(dataset, table), Guarded(dataset));

    public IRowCursor Rows(Dataset dataset, SqlServerObject source) => Cursor(dataset, source, RowsSql.All(dataset, source));

    public bool HasRowVersions(Dataset dataset, SqlServerObject source, RowVersionWindow window) => Ask(MarksSql.HasRowVersions(dataset, source, window.Column), $"reading dataset {dataset.Id}",
        rows => rows.Read() && rows.GetInt32(0) == 1, Values.RowVersions.Bytes(window.Last), Values.RowVersions.Bytes(window.Ceiling));

    public IRowCursor RowVersions(Dataset dataset, SqlServerObject source, RowVersionWindow window) =>
        Cursor(dataset, source, MarksSql.RowVersions(dataset, source, window.Column), Values.RowVersions.Bytes(window.Last), Values.RowVersions.Bytes(window.Ceiling));

    public IRowCursor Marks(Dataset dataset, SqlServerObject source, SqlServerColumn mark, Int128? from) => from is { } bound
        ? Cursor(dataset, source, MarksSql.From(dataset, source, mark), MarkValue.For(mark, bound)) : Rows(dataset, source);

    public Int128? HighestMark(Dataset dataset, SqlServerObject source, SqlServerColumn mark, Int128? to) => Ask(
        to is null ? MarksSql.Highest(dataset, source, mark) : MarksSql.HighestUpTo(dataset, source, mark), $"reading dataset {dataset.Id}",
        rows => rows.Read() && !rows.IsDBNull(0) ? MarkValue.Of(mark.TypeName is "decimal" or "numeric" ? rows.GetSqlDecimal(0) : rows.GetValue(0)) : (Int128?)null,
        to is null ? [] : [MarkValue.For(mark, to.Value)]);

    public IReadOnlyList<string> Bounds(Dataset dataset, SqlServerObject table, long step) => Ask(RangesSql.Bounds(dataset, table), $"planning the ranges of dataset {dataset.Id}", rows =>
    {
        var bounds = new List<string>();
        while (rows.Read())
            bounds.Add(KeyText.Write([.. dataset.Key.Select((k, i) => table.Column(k.Source)!.TypeName is "decimal" or "numeric" ? rows.GetSqlDecimal(i) : rows.GetValue(i))]));
        return bounds;
    }, step);

    public IRowCursor Range(Dataset dataset, SqlServerObject table, string? from, string? to)
    {
        var bounds = (from is null ? RangeBounds.None : RangeBounds.From) | (to is null ? RangeBounds.None : RangeBounds.To);
        return Cursor(dataset, table, RangesSql.Rows(dataset, table, bounds), [.. Bound(dataset, table, from), .. Bound(dataset, table, to)]);
    }

    public IRowCursor Find(Dataset dataset, SqlServerObject source, IReadOnlyList<DigestedColumn> key, IReadOnlyList<object?[]> keys) =>
        Cursor(dataset, source, RowsSql.Find(dataset, source, key, keys.Count), [.. keys.SelectMany(k => k)]);

    public DigestServer DigestServer() => Guard("asking what the server can do", () =>
    {
        try
        {
            using var rows = _connection.Query(DigestSql.Server());
            return rows.Read() ? Digests.DigestServer.Of(rows) : Digests.DigestServer.None;
        }
        catch (SqlException e) when (Digests.DigestServer.IsMissing(e))
        {
            return Digests.DigestServer.None;
        }
    });

    public List<T> Ask<T>(TSql sql, IReadOnlyDictionary<string, object?> values, Func<SqlDataReader, T> row) => Ask(sql, "comparing", rows =>
    {
        var all = new List<T>();
        while (rows.Read()) all.Add(row(rows));
        return all;
    }, [.. sql.Parameters.Select(p => values[p.Name])]);

    public async ValueTask DisposeAsync()
    {
        // A pooled connection would go on in its isolation; and a transaction that only reads is ended as soon as it has read.
        try
        {
            _connection.Execute(SessionSql.Commit());
        }
        catch (Exception e) when (SourceErrors.IsDriver(e))
        {
            // It is gone already.
        }
        await _connection.DisposeAsync();
    }

    private Description Describe(SourceObject.Query query) => Ask(CatalogueSql.Query(), "describing a query", rows =>
    {
        var columns = new List<SqlServerColumn>();
        while (rows.Read())
        {
            var ordinal = Int(rows, 0);
            var (name, type, length, precision, scale) = (Text(rows, 1), Text(rows, 2), Int(rows, 3), Int(rows, 4), Int(rows, 5));
            var (isNullable, collation) = (Int(rows, 6) != 0, Text(rows, 7));
            if (!rows.IsDBNull(8)) return new Description(null, Text(rows, 9) ?? string.Create(CultureInfo.InvariantCulture, $"error {Int(rows, 8)}"));
            columns.Add(new SqlServerColumn(ordinal, name ?? "", type ?? "", length, (byte)precision, (byte)scale, isNullable, collation));
        }
        return new Description(new SqlServerObject("", "query", 0, ObjectKind.Query, columns));
    }, query.Sql);

    private static List<(int Ordinal, SqlServerObject Object)> ReadObjects(SqlDataReader rows)
    {
        var objects = new List<(int Ordinal, SqlServerObject Object)>();
        while (rows.Read())
        {
            var (ordinal, id, kind, schema, name) = (Int(rows, 0), Int(rows, 1), Text(rows, 2), Text(rows, 3)!, Text(rows, 4)!);
            var (maySelect, mayViewChanges) = (Flag(rows, 5), Flag(rows, 6));
            objects.Add((ordinal, new SqlServerObject(schema, name, id, kind == "V" ? ObjectKind.View : ObjectKind.Table, []) { MaySelect = maySelect, MayViewChanges = mayViewChanges, Rows = Long(rows, 7) }));
        }
        rows.NextResult();
        var columns = new Dictionary<int, List<SqlServerColumn>>();
        while (rows.Read())
        {
            var id = Int(rows, 0);
            if (!columns.TryGetValue(id, out var list)) columns.Add(id, list = []);
            list.Add(new SqlServerColumn(Int(rows, 1), Text(rows, 2)!, Text(rows, 3) ?? "", Int(rows, 4), (byte)Int(rows, 5), (byte)Int(rows, 6), Int(rows, 7) != 0, Text(rows, 8), Text(rows, 9), (Hiding)Int(rows, 10), Int(rows, 11)));
        }
        var tracked = new Dictionary<int, TrackedTable>();
        if (rows.NextResult())
            while (rows.Read())
                tracked[rows.GetInt32(0)] = new TrackedTable(rows.IsDBNull(1) ? null : rows.GetInt32(1));
        return [.. objects.Select(o => (o.Ordinal, o.Object with { Columns = columns.GetValueOrDefault(o.Object.ObjectId) ?? [], Tracking = tracked.GetValueOrDefault(o.Object.ObjectId) }))];
    }

    private static IReadOnlyList<SqlServerColumn> ColumnsOf(Dataset dataset, SqlServerObject source) => [.. dataset.Columns.Select(c => source.Column(c.Source)!)];

    private static object[] Bound(Dataset dataset, SqlServerObject table, string? text) => text is null ? []
        : KeyText.Read(text, [.. dataset.Key.Select(k => table.Column(k.Source)!)]) ?? throw new CdcSyncException(ErrorCodes.StateCorrupt,
            $"dataset {dataset.Id}: a bound of the first load's ranges does not fit the key ({string.Join(", ", dataset.Key.Select(k => k.Source))}).",
            $"The key changed since the load began: load the dataset again. Run: cdcsync resync {dataset.Id}");

    private WireCursor Cursor(Dataset dataset, SqlServerObject source, TSql sql, params object?[] values) => new(Open(sql, dataset, values), ColumnsOf(dataset, source), 0, Guarded(dataset));

    private SqlDataReader Open(TSql sql, Dataset dataset, params object?[] values) => Guard($"reading dataset {dataset.Id}", () => _connection.Query(sql, values));

    private Func<Func<bool>, bool> Guarded(Dataset dataset)
    {
        var doing = $"reading dataset {dataset.Id}";
        return step => Guard(doing, step);
    }

    private T Ask<T>(TSql sql, string doing, Func<SqlDataReader, T> read, params object?[] values) => Guard(doing, () =>
    {
        using var rows = _connection.Query(sql, values);
        return read(rows);
    });

    /// <summary>The second column of the first row, in seconds; null = there is no row.</summary>
    private TimeSpan? Age(TSql sql) => Ask(sql, "reading the ages of transactions",
        rows => rows.Read() && !rows.IsDBNull(1) ? TimeSpan.FromSeconds(Convert.ToInt64(rows.GetValue(1), CultureInfo.InvariantCulture)) : (TimeSpan?)null);

    private void Send(TSql sql, string doing) => Guard(doing, () =>
    {
        _connection.Execute(sql);
        return true;
    });

    private T Guard<T>(string doing, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (SourceErrors.IsDriver(e))
        {
            throw SourceErrors.From(e, _source, doing, _cancellation);
        }
    }

    private static string? Text(SqlDataReader rows, int column) => rows.IsDBNull(column) ? null : rows.GetString(column);

    private static int Int(SqlDataReader rows, int column) => rows.IsDBNull(column) ? 0 : rows.GetInt32(column);

    private static bool? Flag(SqlDataReader rows, int column) => rows.IsDBNull(column) ? null : rows.GetInt32(column) == 1;

    private static long? Long(SqlDataReader rows, int column) => rows.IsDBNull(column) ? null : rows.GetInt64(column);
}
