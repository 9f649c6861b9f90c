using System.Text.RegularExpressions;
using CdcSync.Core.Checks;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>Properties whose values are those of another table's row.</summary>
/// <param name="At">Where it stands.</param>
/// <param name="From">The properties it goes out from, as the contract names them; empty = the property at which it stands.</param>
/// <param name="To">The other table's, in the same order.</param>
/// <param name="Severity">How bad a row without its parent is.</param>
public sealed record Relationship(FileLocation At, IReadOnlyList<string> From, IReadOnlyList<string> To, CheckSeverity Severity);

/// <summary>Where a relationship stands.</summary>
internal enum RelationshipLevel
{
    /// <summary>At a table: from and to are both named.</summary>
    Object,

    /// <summary>At a property, which it goes out from.</summary>
    Property,
}

/// <summary>Reads <c>relationships</c>; what they point at is looked up where they become checks.</summary>
internal static partial class Relationships
{
    internal static IReadOnlyList<Relationship> Read(FieldReader element, RelationshipLevel level)
    {
        var found = new List<Relationship>();
        foreach (var reader in element.Maps("relationships"))
        {
            reader.Choice("type", ("foreignKey", 1));
            var custom = reader.CustomProperties(["severity"]);
            var severity = custom.TryGetValue("severity", out var word) ? CheckSeverities.Read(reader.Context.Text(word.Value, word.Path)) : CheckSeverity.Error;
            var to = Ends(reader, "to");
            var from = level is RelationshipLevel.Object ? Ends(reader, "from") : [];
            if (from.Count > 0 && to.Count > 0 && from.Count != to.Count) reader.Error("to", $"expected as many properties as in 'from' ({from.Count}), found {to.Count}.");
            found.Add(new Relationship(reader.At, from, to, severity));
            reader.End();
        }
        return found;
    }

    /// <summary>The table and the property that a reference names within its own contract; null = it is one into another contract, or of more levels.</summary>
    internal static (string Table, string Property)? Parts(string reference) =>
        Shorthand().IsMatch(reference) && reference.Split('.') is [var table, var column] ? (table, column)
        : reference.TrimStart('/').Split('/') is ["schema", var tableId, "properties", var columnId] ? (tableId, columnId)
        : null;

    private static IReadOnlyList<string> Ends(FieldReader reader, string key)
    {
        if (reader.RequiredNode(key) is not { } node) return [];
        if (node is YamlList { Items.Count: 0 }) reader.Error(key, "expected at least one property.");
        var ends = node is YamlList ? reader.Texts(key) ?? [] : reader.Text(key) is { } end ? [end] : [];
        foreach (var wrong in ends.Where(e => !Shorthand().IsMatch(e) && !Qualified().IsMatch(e))) reader.Error(key, $"expected table.column, found '{wrong}'.");
        return ends;
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex Shorthand();

    [GeneratedRegex(@"^(?:(?:https?:\/\/)?[A-Za-z0-9._\-\/]+\.yaml#)?\/?[A-Za-z_][A-Za-z0-9_]*\/[A-Za-z0-9_-]+(?:\/[A-Za-z_][A-Za-z0-9_]*\/[A-Za-z0-9_-]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex Qualified();
}
