using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.RealData;

/// <summary>Changes any SQLite database at random, in small transactions: inserts, updates, deletes, key changes, REPLACE. One seed, one history.</summary>
internal sealed class RandomChanges(SqliteConnection connection, int seed)
{
    private readonly Random _random = new(seed);
    private int _fresh = 100_000_000 + seed % 1_000 * 1_000_000;

    /// <summary>Makes changes, spread over all tables.</summary>
    /// <returns>How many rows changed, by kind.</returns>
    public IReadOnlyDictionary<string, int> Apply(int changes)
    {
        var tables = SourceTable.ReadAll(connection).Where(HasRowId).Select(t => new Target(t, Ids(t))).ToList();
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var done = 0; done < changes;)
        {
            using var transaction = connection.BeginTransaction();
            for (var i = _random.Next(1, 20); i > 0 && done < changes; i--, done++)
            {
                var target = tables[_random.Next(tables.Count)];
                var (kind, rows) = Change(target, transaction);
                counts[kind] = counts.GetValueOrDefault(kind) + rows;
            }

            transaction.Commit();
        }

        return counts;
    }

    private (string Kind, int Rows) Change(Target target, SqliteTransaction transaction)
    {
        if (target.RowIds.Count == 0)
            return ("none: empty", 0);
        var kinds = target.Table.Key.Count > 0 ? 5 : 3;
        return _random.Next(kinds) switch
        {
            0 => ("update", Update(target, transaction)),
            1 => ("insert", Insert(target, transaction)),
            2 => ("delete", Delete(target, transaction)),
            3 => ("key change", Rekey(target, transaction)),
            _ => ("replace", Replace(target, transaction)),
        };
    }

    /// <summary>Sets a column to another row's value, to a variation of its own, or to null.</summary>
    private int Update(Target target, SqliteTransaction transaction)
    {
        var open = target.Table.Columns.Where(c => c.KeyPlace == 0).ToList();
        if (open.Count == 0)
            return 0;
        var column = open[_random.Next(open.Count)];
        var name = SourceTable.Quote(column.Name);
        var other = connection.ExecuteScalar($"SELECT {name} FROM {target.Name} WHERE rowid = {Pick(target)}", transaction: transaction);
        var value = !column.NotNull && _random.Next(5) == 0 ? null : _random.Next(2) == 0 ? Vary(other, column) : other;
        if (value is null && column.NotNull)
            return 0;
        return Execute($"UPDATE {target.Name} SET {name} = $value WHERE rowid = $row", transaction, ("$value", value), ("$row", Pick(target)));
    }

    /// <summary>A row like another, with a key that never was.</summary>
    private int Insert(Target target, SqliteTransaction transaction)
    {
        var values = target.Table.Columns.Select(c => c.KeyPlace > 0 ? "$" + c.KeyPlace : SourceTable.Quote(c.Name));
        var rows = Execute(
            $"INSERT OR IGNORE INTO {target.Name} ({target.ColumnList}) SELECT {string.Join(", ", values)} FROM {target.Name} WHERE rowid = $row",
            transaction, [("$row", Pick(target)), .. FreshKey(target)]);
        if (rows > 0)
            target.RowIds.Add(connection.ExecuteScalar<long>("SELECT last_insert_rowid()", transaction: transaction));
        return rows;
    }

    /// <summary>Never the last row: an empty source is an error of its own, with tests of its own.</summary>
    private int Delete(Target target, SqliteTransaction transaction) => Execute(
        $"DELETE FROM {target.Name} WHERE rowid = $row AND EXISTS (SELECT 1 FROM {target.Name} WHERE rowid <> $row)", transaction, ("$row", Pick(target)));

    private int Rekey(Target target, SqliteTransaction transaction)
    {
        var sets = target.Table.Key.Select(c => $"{SourceTable.Quote(c.Name)} = ${c.KeyPlace}");
        return Execute($"UPDATE OR IGNORE {target.Name} SET {string.Join(", ", sets)} WHERE rowid = $row", transaction, [("$row", Pick(target)), .. FreshKey(target)]);
    }

    /// <summary>One row's key with another row's values.</summary>
    private int Replace(Target target, SqliteTransaction transaction)
    {
        var values = target.Table.Columns.Select(c => (c.KeyPlace > 0 ? "k." : "v.") + SourceTable.Quote(c.Name));
        return Execute(
            $"REPLACE INTO {target.Name} ({target.ColumnList}) SELECT {string.Join(", ", values)} FROM {target.Name} k, {target.Name} v WHERE k.rowid = $k AND v.rowid = $v",
            transaction, ("$k", Pick(target)), ("$v", Pick(target)));
    }

    private IEnumerable<(string, object?)> FreshKey(Target target) => target.Table.Key.Select(c => ("$" + c.KeyPlace, (object?)FreshKeyPart(c)));

    private object FreshKeyPart(SourceColumn column) => column.Declared switch
    {
        _ when column.Declared.Contains("INT", StringComparison.Ordinal) => _fresh++,
        "BLOB" => BitConverter.GetBytes(_fresh++),
        "DATE" => new DateOnly(1500, 1, 1).AddDays(_fresh++ % 100_000).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        _ => FreshText(Length(column) ?? 8),
    };

    private string FreshText(int length) => string.Create(length, _random, static (text, random) =>
    {
        for (var i = 0; i < text.Length; i++)
            text[i] = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789é"[random.Next(35)];
    });

    private object? Vary(object? value, SourceColumn column) => value switch
    {
        long n when column.Declared == "BOOLEAN" => 1 - n,
        long n => n + _random.Next(-50, 50),
        double d when column.Declared.StartsWith("NUMERIC", StringComparison.Ordinal) || column.Declared.StartsWith("DECIMAL", StringComparison.Ordinal) => Math.Round(d + _random.Next(-500, 500) / 100.0, 2),
        double d => d * (1 + _random.NextDouble()),
        string when column.Declared == "DATE" => AnyInstant().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        string when column.Declared is "DATETIME" or "TIMESTAMP" => AnyInstant().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        string text => Shorten(text + " «ñ漢🙂'\"\\", Length(column)),
        _ => value,
    };

    private DateTime AnyInstant() => new DateTime(2000 + _random.Next(30), 1, 1).AddMinutes(_random.Next(500_000));

    private static string Shorten(string text, int? length)
    {
        if (length is not { } limit || text.Length <= limit)
            return text;
        var cut = text[..limit];
        return char.IsHighSurrogate(cut[^1]) ? cut[..^1] : cut;
    }

    private static int? Length(SourceColumn column)
    {
        var open = column.Declared.IndexOf('(', StringComparison.Ordinal);
        return open > 0 && column.Declared.Contains("CHAR", StringComparison.Ordinal) ? int.Parse(column.Declared.AsSpan(open + 1).TrimEnd(')'), CultureInfo.InvariantCulture) : null;
    }

    private long Pick(Target target) => target.RowIds[_random.Next(target.RowIds.Count)];

    private bool HasRowId(SourceTable table) => connection.ExecuteScalar<int>("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = $name", new { name = table.Name }) == 0;

    private List<long> Ids(SourceTable table) => [.. connection.Query<long>($"SELECT rowid FROM {SourceTable.Quote(table.Name)} ORDER BY 1")];

    private int Execute(string sql, SqliteTransaction transaction, params (string Name, object? Value)[] parameters)
    {
        using var command = new SqliteCommand(sql, connection, transaction);
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command.ExecuteNonQuery();
    }

    private sealed record Target(SourceTable Table, List<long> RowIds)
    {
        public string Name { get; } = SourceTable.Quote(Table.Name);

        public string ColumnList { get; } = string.Join(", ", Table.Columns.Select(c => SourceTable.Quote(c.Name)));
    }
}
