using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>A target as the catalogue has it.</summary>
/// <param name="HasSchema">True if its schema exists.</param>
/// <param name="Kind">sys.objects.type; null = it is not there.</param>
/// <param name="MissingRights">Of SELECT, INSERT, UPDATE, DELETE those that the user has not.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="UniqueKeys">The columns of each unique index that a merge can go by, sorted; without those that CdcSync added.</param>
internal sealed record FoundTable(bool HasSchema, string? Kind, IReadOnlyList<string> MissingRights, IReadOnlyList<FoundColumn> Columns, IReadOnlyList<IReadOnlyList<string>> UniqueKeys)
{
    private static readonly string[] Rights = ["SELECT", "INSERT", "UPDATE", "DELETE"];

    /// <summary>Reads the catalogue, in one round trip.</summary>
    public static async Task<FoundTable> ReadAsync(WarehouseSession session, SqlServerTable table, CancellationToken ct)
    {
        await using var reader = await session.ReadAsync(new Statement(CatalogueSql.Target(), Parameter.Schema.With(table.Schema), Parameter.Table.With(table.Dataset.Target.Name), Parameter.QualifiedName.With(table.Name)), ct);
        await reader.ReadAsync(ct);
        var hasSchema = reader.GetInt32(0) == 1;
        await reader.NextResultAsync(ct);
        string? kind = null;
        string[] missing = [];
        if (await reader.ReadAsync(ct))
        {
            kind = reader.GetString(0);
            missing = [.. Rights.Where((_, i) => reader.IsDBNull(1 + i) || reader.GetInt32(1 + i) == 0)];
        }
        await reader.NextResultAsync(ct);
        List<FoundColumn> columns = [];
        while (await reader.ReadAsync(ct)) columns.Add(Column(reader));
        await reader.NextResultAsync(ct);
        List<(int Index, string Column)> keys = [];
        while (await reader.ReadAsync(ct)) keys.Add((reader.GetInt32(0), reader.GetString(1)));
        return new FoundTable(hasSchema, kind, missing, columns, [.. keys
            .Where(k => !k.Column.StartsWith(SqlServerTable.Reserved, StringComparison.Ordinal))
            .GroupBy(k => k.Index, k => k.Column)
            .Select(g => g.Order(StringComparer.Ordinal).ToArray())]);
    }

    private static FoundColumn Column(SqlDataReader reader) => new(
        reader.GetString(0),
        ColumnType.Found(reader.IsDBNull(1) ? "(no base type)" : reader.GetString(1), reader.GetInt16(2), reader.GetByte(3), reader.GetByte(4)),
        !reader.GetBoolean(5), reader.GetInt32(6) == 1, reader.GetBoolean(7), reader.GetBoolean(8), reader.IsDBNull(9) ? null : reader.GetString(9));
}

/// <summary>A column as the catalogue has it.</summary>
/// <param name="Name">Its name as it is.</param>
/// <param name="Type">Its type.</param>
/// <param name="IsNotNull">True if it refuses null.</param>
/// <param name="HasDefault">True if a row that does not name it gets a value.</param>
/// <param name="IsComputed">True if SQL Server computes it.</param>
/// <param name="IsIdentity">True if SQL Server numbers it.</param>
/// <param name="Collation">Its collation; null where it is no text.</param>
internal sealed record FoundColumn(string Name, ColumnType Type, bool IsNotNull, bool HasDefault, bool IsComputed, bool IsIdentity, string? Collation)
{
    /// <summary>True if a row that does not name it can't be inserted.</summary>
    public bool MustBeGiven => IsNotNull && !HasDefault && !IsComputed && !IsIdentity && Type.Kind != "timestamp";

    /// <summary>True if texts that differ (other than in blanks at their end) are different in it.</summary>
    public bool IsBytewise => Collation is null || Collation.Contains("_BIN", StringComparison.OrdinalIgnoreCase);
}
