using System.Globalization;
using System.Text.RegularExpressions;
using CdcSync.Arrow;
using CdcSync.Core.Contracts;

namespace CdcSync.Core.Sources.Schemas;

/// <summary>What changed between the columns that a source had and those that it has.</summary>
public static partial class SchemaDrift
{
    /// <summary>Compares. Order and case count as the source gives them: names that differ in case alone are one.</summary>
    public static IReadOnlyList<SchemaChange> Between(IReadOnlyList<SourceColumn> old, IReadOnlyList<SourceColumn> now)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(now);
        var changes = new List<SchemaChange>();
        var renamed = new HashSet<SourceColumn>();
        foreach (var column in now)
        {
            if (old.FirstOrDefault(o => Same(o, column)) is { } same) changes.AddRange(Within(same, column));
            else if (old.FirstOrDefault(o => o.Number is not null && o.Number == column.Number && now.All(n => !Same(n, o))) is { } before)
            {
                renamed.Add(before);
                changes.Add(new SchemaChange(SchemaChangeKind.Renamed, column.Name, $"'{before.Name}' is '{column.Name}' now"));
                changes.AddRange(Within(before, column));
            }
            else changes.Add(new SchemaChange(SchemaChangeKind.Added, column.Name, $"'{column.Name}' {column.Type} is new".Replace("  ", " ", StringComparison.Ordinal)));
        }
        changes.AddRange(old.Where(o => !renamed.Contains(o) && now.All(n => !Same(n, o))).Select(o => new SchemaChange(SchemaChangeKind.Dropped, o.Name, $"'{o.Name}' is gone")));
        var (oldKey, key) = (Key(old), Key(now));
        // A key whose column was renamed is the same key.
        if (oldKey.Count != key.Count || oldKey.Zip(key).Any(k => !Same(k.First, k.Second) && !(renamed.Contains(k.First) && k.First.Number == k.Second.Number)))
            changes.Add(new SchemaChange(SchemaChangeKind.Key, Names(key), $"the key was ({Names(oldKey)}), and is ({Names(key)})"));
        return changes;
    }

    private static IEnumerable<SchemaChange> Within(SourceColumn old, SourceColumn now)
    {
        if (!old.Type.Equals(now.Type, StringComparison.OrdinalIgnoreCase))
            yield return new SchemaChange(Holds(now.Type, old.Type) ? SchemaChangeKind.Widened : SchemaChangeKind.Narrowed, now.Name, $"'{now.Name}' was {old.Type}, and is {now.Type}");
        if (old.IsNullable != now.IsNullable)
            yield return new SchemaChange(SchemaChangeKind.Nullable, now.Name, now.IsNullable ? $"'{now.Name}' may be null now" : $"'{now.Name}' may not be null any more");
    }

    /// <summary>True if a type as a source writes it surely holds all values of another.</summary>
    internal static bool Holds(string wide, string narrow)
    {
        if (PhysicalType.Read(wide)?.Type is not { } w || PhysicalType.Read(narrow)?.Type is not { } n || !TypeWidth.Holds(w, n)) return false;
        // Of texts and bytes the length is in the name alone; none, and max, is the greatest.
        return w is not (StringType or BinaryType) || Length(wide) >= Length(narrow);
    }

    private static long Length(string type) => Lengths().Match(type) is { Success: true } match ? long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : long.MaxValue;

    private static bool Same(SourceColumn one, SourceColumn other) => one.Name.Equals(other.Name, StringComparison.OrdinalIgnoreCase);

    private static List<SourceColumn> Key(IReadOnlyList<SourceColumn> columns) => [.. columns.Where(c => c.Key is not null).OrderBy(c => c.Key)];

    private static string Names(IEnumerable<SourceColumn> columns) => string.Join(", ", columns.Select(c => c.Name));

    [GeneratedRegex(@"\((\d{1,18})\)")]
    private static partial Regex Lengths();
}
