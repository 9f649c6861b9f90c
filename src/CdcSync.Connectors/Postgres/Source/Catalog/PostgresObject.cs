using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Connectors.Postgres.Source.Catalog;

/// <summary>What kind of relation a dataset reads.</summary>
internal enum ObjectKind
{
    /// <summary>A table of its own: of a table with children by inheritance only its own rows.</summary>
    Table,

    /// <summary>The root of a partitioned table: read once, with the rows of all its partitions.</summary>
    Partitioned,

    /// <summary>A view, materialised view or foreign table: it has no key of its own.</summary>
    View,

    /// <summary>A query of the pipeline file.</summary>
    Query,
}

/// <summary>What identifies the old row in the log of changes (<c>REPLICA IDENTITY</c>).</summary>
internal enum ReplicaIdentity
{
    /// <summary>Nothing: an UPDATE or DELETE would fail once the table is published.</summary>
    None,

    /// <summary>The primary key.</summary>
    PrimaryKey,

    /// <summary>Another unique index; see <see cref="PostgresObject.IdentityKey"/>.</summary>
    Index,

    /// <summary>All columns.</summary>
    Full,
}

/// <summary>A table, view or query as the catalogue describes it.</summary>
/// <param name="Oid">Its number; 0 = a query.</param>
/// <param name="Schema">Its schema; empty for a query.</param>
/// <param name="Name">Its name; empty for a query.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Columns">Its columns in order.</param>
internal sealed record PostgresObject(uint Oid, string Schema, string Name, ObjectKind Kind, IReadOnlyList<PostgresColumn> Columns)
{
    /// <summary>The primary key's columns in key order; empty = none.</summary>
    public IReadOnlyList<PostgresColumn> Key { get; init; } = [];

    /// <summary>What the log of changes holds of an old row.</summary>
    public ReplicaIdentity Identity { get; init; }

    /// <summary>The columns of the index that is the replica identity, or the primary key's where that is it; empty = none, or all.</summary>
    public IReadOnlyList<PostgresColumn> IdentityKey { get; init; } = [];

    /// <summary>The number of rows the planner believes in; null = it was never counted, or is no table.</summary>
    public long? Rows { get; init; }

    /// <summary>True if other tables inherit from it: their rows are not read with it.</summary>
    public bool HasChildren { get; init; }

    /// <summary>True for a partition of another table.</summary>
    public bool IsPartition { get; init; }

    /// <summary>True if it survives no crash and is not in the log of changes (UNLOGGED or TEMPORARY).</summary>
    public bool IsUnlogged { get; init; }

    /// <summary>True if the role may use its schema.</summary>
    public bool MayUseSchema { get; init; } = true;

    /// <summary>Its columns as every source tells them. The columns of a query and of a view have no numbers that last.</summary>
    public IReadOnlyList<SourceColumn> Describe() => [.. Columns.Select(c => new SourceColumn(c.Name, c.DeclaredType, c.IsNullable,
        Key.TakeWhile(k => k.Name != c.Name).Count() is var place && place < Key.Count ? place + 1 : null, Kind is ObjectKind.Table or ObjectKind.Partitioned ? c.Number : null))];

    /// <summary>A column by its name, as PostgreSQL compares names: by their bytes.</summary>
    /// <returns>Null if there is none.</returns>
    public PostgresColumn? Column(string name) => Columns.FirstOrDefault(c => c.Name == name);

    /// <inheritdoc/>
    public override string ToString() => Kind == ObjectKind.Query ? "(query)" : $"{Schema}.{Name}";
}

/// <summary>What was found for a dataset's object.</summary>
/// <param name="Object">The object; null = there is none.</param>
/// <param name="Fault">Why a query can't be described; else null.</param>
internal sealed record Description(PostgresObject? Object, string? Fault = null);
