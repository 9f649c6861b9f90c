using System.Collections.Concurrent;
using System.Globalization;
using CdcSync.Connectors.Postgres.Source.Sql;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using Npgsql;
using NpgsqlTypes;

namespace CdcSync.Connectors.Postgres.Source.Catalog;

/// <summary>Reads what the catalogue says of objects. Types are remembered by their numbers, so that all objects of a pass cost one round trip.</summary>
internal sealed class Catalogue
{
    private const string Doing = "reading the catalogue";
    private const long NeverCounted = -1;

    private readonly ConcurrentDictionary<uint, PostgresTypeInfo> _types = new();

    /// <summary>Describes the objects of datasets, in their order.</summary>
    /// <param name="connection">The session; where it is in a transaction, tables are as its snapshot has them.</param>
    /// <param name="objects">Tables and views; not queries.</param>
    public IReadOnlyList<PostgresObject?> Describe(SourceConnection connection, IReadOnlyList<SourceObject.Table> objects)
    {
        NpgsqlParameter[] Names() => [Parameter.Texts([.. objects.Select(o => o.Schema)]), Parameter.Texts([.. objects.Select(o => (string?)o.Name)])];
        if (objects.Count == 0) return [];
        var found = Read(connection, Parameter.Statement(CatalogueSql.NamedObjects(), Names()), Parameter.Statement(CatalogueSql.NamedColumns(), Names()))
            .ToDictionary(o => o.Place, o => o.Object);
        return [.. Enumerable.Range(1, objects.Count).Select(place => found.GetValueOrDefault(place))];
    }

    /// <summary>Describes a dataset's object. A query's not in a transaction: one that does not compile would end it.</summary>
    public Description Describe(SourceConnection connection, Dataset dataset) =>
        dataset.Object is SourceObject.Query query ? DescribeQuery(connection, query, $"describing the query of dataset {dataset.Id}") : new Description(Describe(connection, [(SourceObject.Table)dataset.Object])[0]);

    /// <summary>Describes all tables and views but partitions and the system's own, by schema and name.</summary>
    public IReadOnlyList<PostgresObject> DescribeAll(SourceConnection connection) =>
        [.. Read(connection, Parameter.Statement(CatalogueSql.AllObjects()), Parameter.Statement(CatalogueSql.AllColumns())).Select(o => o.Object)];

    private Description DescribeQuery(SourceConnection connection, SourceObject.Query query, string doing)
    {
        try
        {
            var columns = connection.Describe(query.Sql, doing);
            var types = Types(connection, [.. columns.Select(c => c.Type)]);
            return new Description(new PostgresObject(0, "", "", ObjectKind.Query,
                [.. columns.Select((c, i) => new PostgresColumn(i + 1, c.Name, types(c.Type), ModifierOf(c.Display), c.Display))]));
        }
        catch (CdcSyncException e) when (!e.IsTransient || e.Code == ErrorCodes.SourceSchemaChanged)
        {
            return new Description(null, e.InnerException?.Message ?? e.Message);
        }
    }

    /// <summary>The names there are, as a dataset would write them, for suggestions.</summary>
    public static IReadOnlyList<string> Names(SourceConnection connection) => connection.Ask([Parameter.Statement(CatalogueSql.Names())], Doing, rows =>
    {
        var names = new List<string>();
        while (rows.Read())
        {
            names.Add($"{rows.GetString(0)}.{rows.GetString(1)}");
            if (rows.GetBoolean(2)) names.Add(rows.GetString(1));
        }
        return names;
    });

    private List<(long Place, PostgresObject Object)> Read(SourceConnection connection, NpgsqlBatchCommand objects, NpgsqlBatchCommand columns)
    {
        var (found, raw) = connection.Ask([objects, columns], Doing, rows =>
        {
            var found = new List<FoundObject>();
            while (rows.Read()) found.Add(FoundObject.Of(rows));
            rows.NextResult();
            var raw = new List<FoundColumn>();
            while (rows.Read()) raw.Add(FoundColumn.Of(rows));
            return (found, raw);
        });
        var types = Types(connection, [.. raw.Select(c => c.Type)]);
        var byRelation = raw.ToLookup(c => c.Relation, c => c.ToColumn(types(c.Type)));
        return [.. found.Select(o => (o.Place, o.ToObject([.. byRelation[o.Oid]])))];
    }

    /// <summary>Types by their numbers; those not met before are asked for.</summary>
    private Func<uint, PostgresTypeInfo> Types(SourceConnection connection, IReadOnlyList<uint> wanted)
    {
        var unknown = wanted.Where(oid => !_types.ContainsKey(oid)).Distinct().ToArray();
        if (unknown.Length > 0)
        {
            var parameter = new NpgsqlParameter<uint[]> { TypedValue = unknown, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid };
            var found = connection.Ask([Parameter.Statement(CatalogueSql.Types(), parameter)], Doing, rows =>
            {
                var found = new Dictionary<uint, (string Schema, string Name, char Kind, uint? Part)>();
                while (rows.Read())
                    found[rows.GetFieldValue<uint>(0)] = (rows.GetString(1), rows.GetString(2), rows.GetChar(3), rows.IsDBNull(4) ? null : rows.GetFieldValue<uint>(4));
                return found;
            });
            foreach (var oid in found.Keys) _types[oid] = Of(oid);

            PostgresTypeInfo Of(uint oid) => found[oid] is var (schema, name, kind, part) ? new(oid, schema, name, kind, part is { } p ? Of(p) : null) : throw new InvalidOperationException();
        }
        return oid => _types.TryGetValue(oid, out var type) ? type : throw Values.ValueReader.OtherType();
    }

    // The driver writes a result column's modifier only as a part of its type's name.
    private static int ModifierOf(string display)
    {
        var open = display.IndexOf('(', StringComparison.Ordinal);
        if (open < 0) return -1;
        var numbers = display[(open + 1)..display.IndexOf(')', open)].Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        if (display.StartsWith("numeric", StringComparison.Ordinal)) return ((numbers[0] << 16) | ((numbers.Length > 1 ? numbers[1] : 0) & 0x7FF)) + sizeof(int);
        return display.StartsWith("time", StringComparison.Ordinal) ? numbers[0] : -1;
    }

    /// <summary>A row of <see cref="CatalogueSql.NamedObjects"/>.</summary>
    private sealed record FoundObject(long Place, uint Oid, string Schema, string Name, char Kind, bool IsPartition, bool IsUnlogged, double Rows, char Identity, bool HasChildren, bool MayUseSchema, int[] Key, int[] Index)
    {
        public static FoundObject Of(NpgsqlDataReader rows) => new(rows.GetInt64(0), rows.GetFieldValue<uint>(1), rows.GetString(2), rows.GetString(3), rows.GetChar(4), rows.GetBoolean(5), rows.GetBoolean(6),
            rows.GetDouble(7), rows.GetChar(8), rows.GetBoolean(9), rows.GetBoolean(10), rows.IsDBNull(11) ? [] : rows.GetFieldValue<int[]>(11), rows.IsDBNull(12) ? [] : rows.GetFieldValue<int[]>(12));

        public PostgresObject ToObject(IReadOnlyList<PostgresColumn> columns)
        {
            IReadOnlyList<PostgresColumn> At(int[] numbers) => [.. numbers.Select(n => columns.First(c => c.Number == n))];
            var identity = Identity switch { 'd' when Key.Length > 0 => ReplicaIdentity.PrimaryKey, 'i' => ReplicaIdentity.Index, 'f' => ReplicaIdentity.Full, _ => ReplicaIdentity.None };
            return new PostgresObject(Oid, Schema, Name, Kind switch { 'r' => ObjectKind.Table, 'p' => ObjectKind.Partitioned, _ => ObjectKind.View }, columns)
            {
                Key = At(Key),
                Identity = identity,
                IdentityKey = identity switch { ReplicaIdentity.PrimaryKey => At(Key), ReplicaIdentity.Index => At(Index), _ => [] },
                Rows = Kind is 'r' or 'p' && Rows > NeverCounted ? (long)Rows : null,
                HasChildren = HasChildren,
                IsPartition = IsPartition,
                IsUnlogged = IsUnlogged,
                MayUseSchema = MayUseSchema,
            };
        }
    }

    /// <summary>A row of <see cref="CatalogueSql.NamedColumns"/>.</summary>
    private sealed record FoundColumn(uint Relation, int Number, string Name, uint Type, int Modifier, string Declared, bool IsNotNull, bool IsGenerated, bool IsIdentity, string? Collation, bool IsDeterministic, bool MaySelect)
    {
        public static FoundColumn Of(NpgsqlDataReader rows) => new(rows.GetFieldValue<uint>(0), rows.GetInt32(1), rows.GetString(2), rows.GetFieldValue<uint>(3), rows.GetInt32(4), rows.GetString(5), rows.GetBoolean(6),
            rows.GetBoolean(7), rows.GetBoolean(8), rows.IsDBNull(9) ? null : rows.GetString(9), rows.GetBoolean(10), rows.GetBoolean(11));

        public PostgresColumn ToColumn(PostgresTypeInfo type) => new(Number, Name, type, Modifier, Declared)
        {
            IsNullable = !IsNotNull,
            IsGenerated = IsGenerated,
            IsIdentity = IsIdentity,
            Collation = Collation,
            IsDeterministic = IsDeterministic,
            MaySelect = MaySelect,
        };
    }
}
