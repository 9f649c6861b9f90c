using System.Globalization;
using System.Text;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>What a new contract says about itself.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="Owner">Who answers for it.</param>
public sealed record ContractTitle(string Id, string Name, string Owner);

/// <summary>Writes contracts from discovered tables: what <see cref="ContractReader"/> and the standard's JSON Schema accept, to be completed by people.</summary>
public static class ContractWriter
{
    /// <summary>The contract of several tables and views.</summary>
    /// <param name="title">What it says about itself.</param>
    /// <param name="objects">The tables and views; those without a column that can be taken become a comment.</param>
    /// <param name="finestTime">What the warehouse holds of a second: finer times are cut, and the contract says so.</param>
    /// <returns>The contract as YAML, with a final line end.</returns>
    public static string Write(ContractTitle title, IReadOnlyList<DiscoveredObject> objects, TimeUnit finestTime = TimeUnit.Nanosecond)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(objects);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $$"""
            # Written from the tables as they were found. Check names, types, keys and what is required; then it is yours.
            # docs/contracts.md explains each key that CdcSync acts on.
            apiVersion: v3.1.0
            kind: DataContract
            id: {{YamlText.Write(title.Id)}}
            name: {{YamlText.Write(title.Name)}}
            version: 1.0.0
            status: draft
            team:
              members:
                - { username: {{YamlText.Write(title.Owner)}}, role: Owner }
            schema:

            """);
        var names = ObjectNames(objects);
        var written = objects.Where(o => Taken(o).Count > 0).ToList();
        foreach (var found in written) Object(text, found, names[found], finestTime);
        if (written.Count is 0) text.Insert(text.Length - 1, " []");
        foreach (var empty in objects.Except(written)) Skipped(text, empty);
        return text.ToString();
    }

    /// <summary>The name of each table in a contract: its own, with the schema in front where two would be alike.</summary>
    /// <param name="objects">The tables and views of the contract.</param>
    public static IReadOnlyDictionary<DiscoveredObject, string> ObjectNames(IReadOnlyList<DiscoveredObject> objects)
    {
        ArgumentNullException.ThrowIfNull(objects);
        var names = new Dictionary<DiscoveredObject, string>(ReferenceEqualityComparer.Instance);
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var found in objects)
        {
            var twice = objects.Count(o => o.Name.Equals(found.Name, StringComparison.OrdinalIgnoreCase)) > 1;
            var name = twice && found.Schema is not null ? $"{found.Schema}_{found.Name}" : found.Name;
            for (var n = 2; !taken.Add(name); n++) name = $"{found.Name}_{n}";
            names[found] = name;
        }
        return names;
    }

    private static void Object(StringBuilder text, DiscoveredObject found, string name, TimeUnit finestTime)
    {
        var (taken, dropped) = (Taken(found), found.Columns.Except(Taken(found)).ToList());
        text.AppendLine();
        if (found.Key.Count is 0) text.AppendLine("  # No key was found: mark the columns that identify a row with primaryKey: true, or sync with capture: full-refresh.");
        else if (found.Key.Any(k => taken.All(c => c.Name != k))) text.AppendLine("  # A column of the key can't be taken: cast it in a view, or sync with capture: full-refresh.");
        text.Append(CultureInfo.InvariantCulture, $"""
              - name: {YamlText.Write(name)}
                physicalName: {YamlText.Write(name)}
                physicalType: {(found.IsView ? "view" : "table")}
                properties:

            """);
        var key = found.Key.All(k => taken.Exists(c => c.Name == k)) ? found.Key : [];
        foreach (var column in taken)
        {
            if (Cut(column, finestTime) is { } cut && !key.Contains(column.Name))
                text.AppendLine(CultureInfo.InvariantCulture, $"      - {Property(cut, key)[..^2]}, customProperties: [{"{"} property: precision, value: truncate {"}"}] {"}"}");
            else if (column.Fold is { } fold && key.Contains(column.Name)) FoldedKey(text, column, fold, taken, key);
            else text.AppendLine(CultureInfo.InvariantCulture, $"      - {Property(column, key)}");
        }
        if (dropped.Count is 0) return;
        text.AppendLine("    customProperties:");
        foreach (var column in dropped) text.AppendLine(CultureInfo.InvariantCulture, $"      # {YamlText.Comment($"'{column.Name}' ({column.DeclaredType}) is not taken: {WhyNot(column)}")}");
        text.AppendLine(CultureInfo.InvariantCulture, $"      - {{ property: dropColumns, value: {YamlText.Write(dropped.Select(c => c.Name))} }}");
    }

    // A time that is finer than the warehouse holds, as it will be there; null = it is not.
    private static DiscoveredColumn? Cut(DiscoveredColumn column, TimeUnit finestTime) => column.Type switch
    {
        TimestampType { Unit: TimeUnit.Nanosecond } t when finestTime < TimeUnit.Nanosecond => column with { DeclaredType = "", Type = new TimestampType(finestTime, t.Timezone) },
        Time64Type { Unit: TimeUnit.Nanosecond } when finestTime < TimeUnit.Nanosecond => column with { DeclaredType = "", Type = new Time64Type(finestTime) },
        _ => null,
    };

    // Two columns of one: the folded key, and what was written.
    private static void FoldedKey(StringBuilder text, DiscoveredColumn column, KeyFold fold, List<DiscoveredColumn> taken, IReadOnlyList<string> key)
    {
        var name = $"{column.Name}_key";
        for (var n = 2; taken.Exists(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase)); n++) name = string.Create(CultureInfo.InvariantCulture, $"{column.Name}_key{n}");
        var (how, what) = fold == KeyFold.CaseAndBlanks ? ("caseAndBlanks", "case and blanks at the end") : ("blanks", "blanks at the end");
        text.Append(CultureInfo.InvariantCulture, $"""
                  # {YamlText.Comment($"Texts of '{column.Name}' that differ in {what} are one key in the source: the key is folded, '{column.Name}' keeps what was written.")}
                  - {Property(column with { Name = name }, [.. key.Select(k => k == column.Name ? name : k)])[..^2]}, customProperties: [{"{"} property: sourceColumn, value: {YamlText.Write(column.Name)} {"}"}, {"{"} property: fold, value: {how} {"}"}] {"}"}
                  - {Property(column with { IsNullable = false }, [])}

            """);
    }

    private static void Skipped(StringBuilder text, DiscoveredObject found)
    {
        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"# {YamlText.Comment($"{found}: no column of it can be taken.")}");
        foreach (var column in found.Columns) text.AppendLine(CultureInfo.InvariantCulture, $"#   {YamlText.Comment($"'{column.Name}' ({column.DeclaredType}): {WhyNot(column)}")}");
    }

    private static List<DiscoveredColumn> Taken(DiscoveredObject found) => [.. found.Columns.Where(c => c.Type is not (null or NullType) && !IsReserved(c))];

    private static bool IsReserved(DiscoveredColumn column) => column.Name.Length is 0 || column.Name.StartsWith(PropertyReader.ReservedPrefix, StringComparison.OrdinalIgnoreCase);

    private static string WhyNot(DiscoveredColumn column) =>
        IsReserved(column) ? $"names that begin with {PropertyReader.ReservedPrefix} are CdcSync's own; rename it in a view." : column.Problem ?? "no type holds its values.";

    private static string Property(DiscoveredColumn column, IReadOnlyList<string> key)
    {
        var (logical, physical, format) = Type(column);
        var fields = new List<string> { $"name: {YamlText.Write(column.Name)}", $"logicalType: {logical}" };
        if (physical is not null) fields.Add($"physicalType: {YamlText.Write(physical)}");
        if (format is not null) fields.Add($"logicalTypeOptions: {{ {format} }}");
        if (key.ToList().IndexOf(column.Name) is >= 0 and var position) fields.Add(string.Create(CultureInfo.InvariantCulture, $"primaryKey: true, primaryKeyPosition: {position + 1}"));
        if (!column.IsNullable || key.Contains(column.Name)) fields.Add("required: true");
        return $"{{ {string.Join(", ", fields)} }}";
    }

    // The source's own word for the type where it means the same to us; types that SQL has no word for are said by the logical type's format.
    private static (string Logical, string? Physical, string? Format) Type(DiscoveredColumn column)
    {
        var logical = ContractType.LogicalOf(column.Type!).ToString().ToLowerInvariant();
        if (PhysicalType.Read(column.DeclaredType)?.Type == column.Type) return (logical, column.DeclaredType.Trim().ToLowerInvariant(), null);
        return column.Type switch
        {
            Int8Type => (logical, null, "format: i8"),
            UInt8Type => (logical, null, "format: u8"),
            UInt16Type => (logical, null, "format: u16"),
            UInt32Type => (logical, null, "format: u32"),
            UInt64Type => (logical, null, "format: u64"),
            TimestampType { Timezone: not null } => (logical, PhysicalType.NameOf(column.Type), "timezone: true"),
            _ => (logical, PhysicalType.NameOf(column.Type!), null),
        };
    }
}
