using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Connectors.Sqlite.Source.Catalog;

/// <summary>A table or view as the catalogue describes it.</summary>
internal sealed record SqliteTable
{
    /// <summary>Its name as the catalogue spells it.</summary>
    public required string Name { get; init; }

    /// <summary>What it is.</summary>
    public required TableKind Kind { get; init; }

    /// <summary>All columns in order, generated ones too.</summary>
    public required IReadOnlyList<SqliteColumn> Columns { get; init; }

    /// <summary>The primary key's columns in key order; empty = none.</summary>
    public required IReadOnlyList<SqliteColumn> Key { get; init; }

    /// <summary>A name by which SQL reaches the hidden row id; null where there is none (WITHOUT ROWID, a view, or all three names taken by columns),
    /// or where the key is it.</summary>
    public required string? HiddenRowId { get; init; }

    /// <summary>True if the key is the row id itself (INTEGER PRIMARY KEY).</summary>
    public required bool KeyIsRowId { get; init; }

    /// <summary>The unique indexes, the primary key's among them where it has one.</summary>
    public required IReadOnlyList<UniqueIndex> UniqueIndexes { get; init; }

    /// <summary>Its columns as every source tells them.</summary>
    public IReadOnlyList<SourceColumn> Describe() =>
        [.. Columns.Select(c => new SourceColumn(c.Name, c.DeclaredType, !c.NotNull, Key.TakeWhile(k => k != c).Count() is var place && place < Key.Count ? place + 1 : null))];

    /// <summary>The column of that name (SQLite ignores the case of ASCII letters); null = none.</summary>
    public SqliteColumn? Column(string name) => Columns.FirstOrDefault(c => SqliteNames.Same(c.Name, name));
}

/// <summary>What a name in the catalogue stands for.</summary>
internal enum TableKind
{
    /// <summary>A table.</summary>
    Table,

    /// <summary>A view.</summary>
    View,

    /// <summary>A virtual table: readable, but it takes no triggers.</summary>
    Virtual,

    /// <summary>Where a virtual table keeps its data; nobody else reads it.</summary>
    Shadow,
}

/// <summary>A column.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DeclaredType">The type as written; empty = none.</param>
/// <param name="Affinity">What SQLite makes of values stored in it.</param>
/// <param name="NotNull">True if declared NOT NULL.</param>
/// <param name="Default">The default's expression as written; null = none.</param>
/// <param name="IsGenerated">True for a generated column.</param>
internal sealed record SqliteColumn(string Name, string DeclaredType, Affinity Affinity, bool NotNull, string? Default, bool IsGenerated);

/// <summary>What SQLite makes of a value that is stored in a column (datatype3.html, section 3).</summary>
internal enum Affinity
{
    /// <summary>Values stay as they are.</summary>
    Blob,

    /// <summary>Numbers become texts.</summary>
    Text,

    /// <summary>Texts that look like numbers become numbers.</summary>
    Numeric,

    /// <summary>As numeric; integral real numbers become integers.</summary>
    Integer,

    /// <summary>As numeric; integers become real numbers.</summary>
    Real,
}

/// <summary>A unique index: what makes REPLACE delete other rows.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsPrimaryKey">True for the primary key's.</param>
/// <param name="Parts">What is indexed, in order.</param>
/// <param name="Predicate">Which rows are indexed, as SQL over bare column names; null = all.</param>
internal sealed record UniqueIndex(string Name, bool IsPrimaryKey, IReadOnlyList<IndexPart> Parts, string? Predicate);

/// <summary>A part of an index.</summary>
/// <param name="Column">The column; null where it is an expression.</param>
/// <param name="Expression">The expression over bare column names; null where it is a column.</param>
/// <param name="Collation">How texts are compared.</param>
/// <param name="IsDescending">True if it is sorted downwards.</param>
internal sealed record IndexPart(SqliteColumn? Column, string? Expression, string Collation, bool IsDescending);
