using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer;
using CdcSync.Connectors.SqlServer.Digests;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Connectors.SqlServer.Source.Values;
using CdcSync.Connectors.Tests.SqlServer.Binding;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Tests.SqlServer.Source;

/// <summary>Every statement the source can send, over a matrix of tables; made by the functions the source calls.</summary>
internal static class SourceStatements
{
    public const string Query = "SELECT o.[order id], o.[größe], o.[stamp] FROM [odd schema]].x].[or]]der's] AS o -- the open ones";

    public static IReadOnlyList<SqlServerObject> Tables { get; } =
    [
        Table("dbo", "orders", [Column("id", "int", key: 1), Column("name", "nvarchar", 200, collation: "Latin1_General_100_CI_AS"), Column("rv", "timestamp", 8), Column("at", "datetime2", scale: 7)]),
        Table("odd schema].x", "or]der's", [Column("größe", "nvarchar", -1), Column("order id", "bigint", key: 2), Column("ten]ant", "varchar", 20, collation: "Latin1_General_CI_AS", key: 1), Column("stamp", "datetime")]),
        Table("dbo", "日本 table", [.. AllTypes.Select((t, i) => t with { Ordinal = i + 1 })]),
        .. KeyTypes.Select((key, i) => Table("keys", $"by {key.DeclaredType}", [key with { Name = "k]1", KeyOrdinal = 1, IsNullable = false }, Column("v", "int")])),
    ];

    public static BindingCatalogue Catalogue { get; } = new(Tables.Select(t => new BoundTable(t.Schema, t.Name, [.. t.Columns.Select(c => new BoundColumn(c.Name, c.ParameterType?.ToString(), c.KeyOrdinal > 0))])));

    /// <summary>The statements, each under the name of the function that made it.</summary>
    public static IEnumerable<(string Function, TSql Sql)> All()
    {
        yield return Made(SessionSql.Facts());
        yield return Made(SessionSql.Ceiling());
        yield return Made(SessionSql.Begin());
        yield return Made(SessionSql.BeginCommitted());
        yield return Made(SessionSql.Commit());
        yield return Made(CatalogueSql.Named(1));
        yield return Made(CatalogueSql.Named(3));
        yield return Made(CatalogueSql.Named(CatalogueSql.ObjectsAtOnce));
        yield return Made(CatalogueSql.All());
        yield return Made(CatalogueSql.Query());
        yield return Made(CatalogueSql.Indexes());
        yield return Made(ChangesSql.Readings([.. Tables.Select((t, i) => new TrackedName(t.Schema, t.Name, i != 1))]));
        yield return Made(ChangesSql.Minimum([.. Tables.Select(t => new TrackedName(t.Schema, t.Name, true))]));
        yield return Made(SetupSql.State());
        yield return Made(SetupSql.AllowSnapshot("shop]x"));
        foreach (var minutes in new[] { 1, 90, 120, 2880 })
            foreach (var state in Enum.GetValues<DatabaseTracking>())
                yield return Made(SetupSql.TrackDatabase("shop", TimeSpan.FromMinutes(minutes), state));
        yield return Made(SetupSql.CreateUser("cdc]sync"));
        yield return Made(SetupSql.GrantDiagnostics("cdc sync"));
        yield return Made(SetupSql.GrantServerDiagnostics("cdc sync"));
        yield return Made(HealthSql.Server());
        yield return Made(HealthSql.OldestWriter());
        yield return Made(HealthSql.OldestSnapshot());
        yield return Made(HealthSql.CommitTable());
        foreach (var table in Tables)
        {
            yield return Made(SetupSql.TrackTable(table.Schema, table.Name));
            yield return Made(SetupSql.UntrackTable(table.Schema, table.Name));
            foreach (var rights in Enum.GetValues<SourceRights>()) yield return Made(SetupSql.Grant(table.Schema, table.Name, "cdc]sync", rights));
            var dataset = Dataset(table);
            yield return Made(ChangesSql.Changes(dataset, table));
            yield return Made(RangesSql.Bounds(dataset, table));
            foreach (var bounds in Enum.GetValues<RangeBounds>().Append(RangeBounds.From | RangeBounds.To)) yield return Made(RangesSql.Rows(dataset, table, bounds));
            foreach (var made in Rows(dataset, table)) yield return made;
        }

        var query = Dataset(Tables[1]) with { Object = new SourceObject.Query(Query), Columns = [Read("order id", 0), Read("größe"), Read("stamp")] };
        foreach (var made in Rows(query, Tables[1] with { Kind = ObjectKind.Query, ObjectId = 0, Columns = [.. Tables[1].Columns.Where(c => c.Name != "ten]ant")] })) yield return made;
    }

    public static Dataset Dataset(SqlServerObject table) => new()
    {
        Id = new DatasetId("d"),
        SourceName = "erp",
        Object = new SourceObject.Table(table.Schema, table.Name),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, "d"),
        Contract = new ContractReference("d", "1.0.0", "tests"),
        Columns = [.. table.Columns.Select(c => Read(c.Name, c.KeyOrdinal > 0 ? c.KeyOrdinal - 1 : null))],
    };

    private static IEnumerable<(string, TSql)> Rows(Dataset dataset, SqlServerObject source)
    {
        yield return Made(RowsSql.All(dataset, source));
        if (SourceDigestTable.Key(dataset with { Columns = [.. dataset.Columns.Select(c => SqlServerTypes.Natural(source.Column(c.Source)!).Type is { } type ? c with { ReadType = type, TargetType = type } : c)] }, source) is { } key)
            foreach (var keys in new[] { 1, 3 }) yield return Made(RowsSql.Find(dataset, source, key, keys));
        foreach (var column in source.Columns.Where(c => c.TypeName == "timestamp"))
        {
            yield return Made(MarksSql.RowVersions(dataset, source, column.Name));
            yield return Made(MarksSql.HasRowVersions(dataset, source, column.Name));
        }
        foreach (var column in source.Columns.Where(c => c.TypeName is "datetime" or "datetime2" or "datetimeoffset" or "smalldatetime" or "date" or "int" or "bigint" or "decimal"))
        {
            yield return Made(MarksSql.From(dataset, source, column));
            yield return Made(MarksSql.Highest(dataset, source, column));
            yield return Made(MarksSql.HighestUpTo(dataset, source, column));
        }
    }

    private static (string, TSql) Made(TSql sql, [CallerArgumentExpression(nameof(sql))] string function = "") => (function[..function.IndexOf('(', StringComparison.Ordinal)], sql);

    private static SqlServerObject Table(string schema, string name, IEnumerable<SqlServerColumn> columns) => new(schema, name, 100 + name.Length, ObjectKind.Table, [.. columns]);

    private static SqlServerColumn Column(string name, string type, int length = 0, byte precision = 0, byte scale = 0, string? collation = null, int key = 0) =>
        new(0, name, type, length, precision, scale, key == 0, collation, KeyOrdinal: key);

    private static DatasetColumn Read(string name, int? key = null) => new(name, name, StringType.Default, StringType.Default, key);

    private static SqlServerColumn[] KeyTypes =>
    [
        Column("k", "bigint"), Column("k", "int"), Column("k", "smallint"), Column("k", "tinyint"), Column("k", "bit"), Column("k", "decimal", 17, 38, 4), Column("k", "numeric", 9, 10),
        Column("k", "money"), Column("k", "smallmoney"), Column("k", "float"), Column("k", "real"), Column("k", "date"), Column("k", "time", 5, 16, 7), Column("k", "datetime"),
        Column("k", "smalldatetime"), Column("k", "datetime2", 8, 27, 7), Column("k", "datetimeoffset", 10, 34, 3), Column("k", "char", 10), Column("k", "varchar", 50), Column("k", "nchar", 20),
        Column("k", "nvarchar", 100), Column("k", "binary", 16), Column("k", "varbinary", 30), Column("k", "timestamp", 8), Column("k", "uniqueidentifier", 16),
    ];

    private static SqlServerColumn[] AllTypes =>
    [
        .. KeyTypes.Select((t, i) => t with { Name = $"c{i} [{t.DeclaredType}]", KeyOrdinal = i is 1 or 14 or 18 ? i : 0 }),
        Column("text", "text"), Column("ntext", "ntext"), Column("image", "image"), Column("xml", "xml"), Column("vmax", "varchar", -1), Column("nmax", "nvarchar", -1), Column("bmax", "varbinary", -1),
        new(0, "computed", "int", Definition: "([c1]*(2))"),
    ];
}
