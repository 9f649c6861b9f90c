using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Connectors.SqlServer.Source.Catalog;

/// <summary>A table, a view or a query as the catalogue describes it.</summary>
/// <param name="Schema">Its schema.</param>
/// <param name="Name">Its name.</param>
/// <param name="ObjectId">Its number; another one after it was dropped and created again. 0 for a query.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Columns">Its columns in order; computed ones too.</param>
/// <param name="Tracking">Its change tracking; null = off.</param>
internal sealed record SqlServerObject(string Schema, string Name, int ObjectId, ObjectKind Kind, IReadOnlyList<SqlServerColumn> Columns, TrackedTable? Tracking = null)
{
    /// <summary>The primary key's columns, in its order.</summary>
    public IReadOnlyList<SqlServerColumn> Key => field ??= [.. Columns.Where(c => c.KeyOrdinal > 0).OrderBy(c => c.KeyOrdinal)];

    /// <summary>May the login read it? Null = not known.</summary>
    public bool? MaySelect { get; init; }

    /// <summary>May the login read its changes? Null = not known.</summary>
    public bool? MayViewChanges { get; init; }

    /// <summary>Rows by the catalogue's count; null = not known.</summary>
    public long? Rows { get; init; }

    /// <summary>Its columns as every source tells them. The columns of a query and of a view have no numbers that last.</summary>
    public IReadOnlyList<SourceColumn> Describe() =>
        [.. Columns.Select(c => new SourceColumn(c.Name, c.DeclaredType, c.IsNullable, c.KeyOrdinal > 0 ? c.KeyOrdinal : null, Kind == ObjectKind.Table ? c.Ordinal : null))];

    /// <summary>Finds a column. Case does not distinguish: whether it would depends on the database.</summary>
    public SqlServerColumn? Column(string name) => Columns.FirstOrDefault(c => c.Name == name) ?? Columns.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc/>
    public override string ToString() => Kind == ObjectKind.Query ? "(query)" : $"{Schema}.{Name}";
}

/// <summary>What is read.</summary>
internal enum ObjectKind
{
    /// <summary>A table.</summary>
    Table,

    /// <summary>A view.</summary>
    View,

    /// <summary>A query of the pipeline file.</summary>
    Query,
}

/// <summary>The change tracking of a table.</summary>
/// <param name="SideTable">The number of the hidden table that records its changes: another one after tracking was switched off and on. Null = the login can't see it.</param>
internal sealed record TrackedTable(int? SideTable);
