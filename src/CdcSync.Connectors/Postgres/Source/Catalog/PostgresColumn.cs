using System.Globalization;

namespace CdcSync.Connectors.Postgres.Source.Catalog;

/// <summary>A column as the catalogue describes it.</summary>
/// <param name="Number">Its number in the table (attnum), never given twice; in a query its place.</param>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type; of a domain the type below it.</param>
/// <param name="Modifier">The type's modifier (atttypmod), of a domain its own; -1 = none.</param>
/// <param name="DeclaredType">The type as PostgreSQL writes it: <c>numeric(12,2)</c>, <c>shop.email</c>.</param>
internal sealed record PostgresColumn(int Number, string Name, PostgresTypeInfo Type, int Modifier, string DeclaredType)
{
    private const int VarHeader = 4;

    /// <summary>True if it may hold NULL.</summary>
    public bool IsNullable { get; init; } = true;

    /// <summary>True if its values are computed from other columns (GENERATED ALWAYS AS … STORED).</summary>
    public bool IsGenerated { get; init; }

    /// <summary>True if it gives numbers by itself (GENERATED … AS IDENTITY).</summary>
    public bool IsIdentity { get; init; }

    /// <summary>Its collation, with the schema: <c>pg_catalog.default</c>; null = its values have none.</summary>
    public string? Collation { get; init; }

    /// <summary>False for a collation under which texts of other bytes may be equal.</summary>
    public bool IsDeterministic { get; init; } = true;

    /// <summary>False if the role may not read it.</summary>
    public bool MaySelect { get; init; } = true;

    /// <summary>The digits of a numeric and how many of them stand after the point; null = any.</summary>
    public (int Precision, int Scale)? Digits => Modifier < VarHeader ? null
        // The scale has 11 bits and a sign since PostgreSQL 15.
        : (((Modifier - VarHeader) >> 16) & 0xFFFF, (((Modifier - VarHeader) & 0x7FF) ^ 1024) - 1024);

    /// <summary>The digits after the point of a second; 6 where it is not said.</summary>
    public int SecondDigits => Modifier < 0 ? 6 : Modifier;

    /// <summary>What makes two columns the same for who reads their values: the number changes where a column is dropped and added again.</summary>
    public string Fingerprint => string.Create(CultureInfo.InvariantCulture, $"{Name}\u0001{Number}\u0001{Type.Oid}\u0001{Modifier}\u0001{Collation}\u0001{(IsGenerated ? 'g' : ' ')}");
}

/// <summary>A type as the catalogue describes it.</summary>
/// <param name="Oid">Its number; those of PostgreSQL's own types never change (<see cref="PostgresOid"/>).</param>
/// <param name="Schema">Its schema.</param>
/// <param name="Name">Its name in the catalogue: <c>int4</c>, <c>_text</c>.</param>
/// <param name="Kind">pg_type.typtype: b = base, c = composite, e = enum, r = range, m = multirange, p = pseudo.</param>
/// <param name="Element">An array's element, or a range's bounds; null for other types.</param>
internal sealed record PostgresTypeInfo(uint Oid, string Schema, string Name, char Kind, PostgresTypeInfo? Element = null)
{
    /// <summary>True for an array.</summary>
    public bool IsArray => Kind == 'b' && Element is not null;
}
