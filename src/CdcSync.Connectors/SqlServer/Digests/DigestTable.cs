using System.Data;
using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;

namespace CdcSync.Connectors.SqlServer.Digests;

/// <summary>What digests are computed of: a target, or a source's object seen as the target should be.</summary>
/// <param name="From">A FROM item with an alias.</param>
/// <param name="Columns">One per column of the dataset's target schema.</param>
/// <param name="Key">In key order.</param>
/// <param name="Server">What the server can do.</param>
internal sealed record DigestTable(string From, IReadOnlyList<DigestedColumn> Columns, IReadOnlyList<DigestedColumn> Key, DigestServer Server)
{
    /// <summary>The conditions of rows that count; <c>@filter</c> is a JSON array of the filter's values.</summary>
    public IReadOnlyList<string> Live { get; init; } = [];

    /// <summary>The filter's values; null = there is no filter, and no parameter for it.</summary>
    public IReadOnlyList<string>? Filter { get; init; }

    /// <summary>The condition of rows that are marked as deleted; null = none can be.</summary>
    public string? Deleted { get; init; }

    /// <summary>True if rows can be looked up by their keys.</summary>
    public bool CanSeek => Key.All(k => k.Sought is not null);

    /// <summary>True if T-SQL can make all bytes that a comparison needs.</summary>
    public bool CanSay(DigestScope scope) => Server.ReadsJson && scope.Columns.All(i => Columns[i].Canonical is not null) && Key.All(k => k.Canonical is not null) && CanSay(scope.Range) && (!scope.Places.IsOrdered || Key[0].Found.Integers is not null);

    /// <summary>True if T-SQL can compute a control total.</summary>
    public bool CanSay(TotalScope scope) => Server.ReadsJson && scope.Groups.All(i => Columns[i].Grouped is not null) && CanSay(scope.Range)
        && (scope.Sum is not { } sum || Columns[sum].Found is { Integers: not null } or { Kind: "decimal" or "numeric" or "money" or "smallmoney" });

    private bool CanSay(RowRange? range) => range is null || Columns[range.Column] is { Canonical: not null, Compared: not null };

    /// <summary>A warehouse's target, its alias t.</summary>
    /// <param name="table">A target.</param>
    /// <param name="found">The types its columns really have, by their name.</param>
    /// <param name="server">What the server can do.</param>
    public static DigestTable Of(SqlServerTable table, IReadOnlyDictionary<string, ColumnType> found, DigestServer server)
    {
        DigestedColumn[] columns = [.. table.Columns.Select((c, i) => DigestedColumn.Of($"t.{c.Name}", table.Dataset.TargetSchema.Fields[i].DataType, FoundType.Of(found.GetValueOrDefault(c.Plain, c.Type)), server) with { IsPadded = c.Type.IsPadded })];
        return new DigestTable($"{table.Name} AS t", columns, [.. table.Dataset.TargetKey.Select(i => columns[i])], server)
        {
            Live = table.MarksDeletes ? [$"t.{SqlServerTable.DeletedAt} IS NULL"] : [],
            Deleted = table.MarksDeletes ? $"t.{SqlServerTable.DeletedAt} IS NOT NULL" : null,
        };
    }
}

/// <summary>A column of the dataset's target schema, and what T-SQL can say of it.</summary>
/// <param name="Column">The column, quoted and with its alias: what an index is over.</param>
/// <param name="Type">The dataset's type for it.</param>
/// <param name="Found">The type that it really has.</param>
/// <param name="Canonical">Its values in their canonical form; null = T-SQL can't make it.</param>
internal sealed record DigestedColumn(string Column, ArrowType Type, FoundType Found, DigestColumn? Canonical)
{
    /// <inheritdoc cref="DigestColumn.Of"/>
    public static DigestedColumn Of(string column, ArrowType type, FoundType found, DigestServer server) => new(column, type, found, DigestColumn.Of(column, type, found, server));

    /// <summary>As control totals group by it; null = T-SQL can't make it.</summary>
    public DigestColumn? Grouped => (Type, Found.Kind) switch
    {
        (TimestampType, "datetimeoffset") => DigestColumn.Day(Column, DigestColumn.Utc(Column)),
        (TimestampType, "datetime2" or "datetime" or "smalldatetime") => DigestColumn.Day(Column, Column),
        _ => Canonical,
    };

    /// <summary>The column in an order, and the type of its bounds; null = ranges of it are not for T-SQL.</summary>
    public (string Sql, TSqlType Type)? Compared => Found.Kind switch
    {
        "tinyint" => (Column, new(SqlDbType.TinyInt)),
        "smallint" => (Column, new(SqlDbType.SmallInt)),
        "int" => (Column, new(SqlDbType.Int)),
        "bigint" => (Column, TSqlType.BigInt),
        "date" => (Column, new(SqlDbType.Date)),
        "datetime2" => (Column, new(SqlDbType.DateTime2, Scale: (byte)Found.Scale)),
        "datetimeoffset" => (Column, new(SqlDbType.DateTimeOffset, Scale: (byte)Found.Scale)),
        // As they are read: to the millisecond.
        "datetime" or "smalldatetime" => ($"CAST({Column} AS datetime2(3))", new(SqlDbType.DateTime2, Scale: 3)),
        _ => null,
    };

    /// <summary>Of a key: the type in which a value for it travels; null = by values it can't be looked up.</summary>
    public TSqlType? Sought => Found.Kind switch
    {
        "tinyint" or "smallint" or "int" or "bigint" or "date" or "datetime2" or "datetimeoffset" => Compared!.Value.Type,
        "bit" => new(SqlDbType.Bit),
        "decimal" or "numeric" => new(SqlDbType.Decimal, 0, (byte)Found.Precision, (byte)Found.Scale),
        "time" => new(SqlDbType.Time, Scale: (byte)Found.Scale),
        "real" => new(SqlDbType.Real),
        "float" => new(SqlDbType.Float),
        "char" => new(SqlDbType.Char, Found.Length),
        "varchar" => new(SqlDbType.VarChar, Found.Length),
        "nchar" => new(SqlDbType.NChar, Found.Length),
        "nvarchar" => new(SqlDbType.NVarChar, Found.Length),
        "binary" => new(SqlDbType.Binary, Found.Length),
        "varbinary" => new(SqlDbType.VarBinary, Found.Length),
        "uniqueidentifier" => new(SqlDbType.UniqueIdentifier),
        _ => null,
    };

    /// <summary>Of a key: true if two of its values that SQL Server takes for equal are two keys, and differ in length.</summary>
    public bool IsPadded { get; init; }
}
