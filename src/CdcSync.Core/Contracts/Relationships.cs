using System.Text.RegularExpressions;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>Where a relationship stands.</summary>
internal enum RelationshipLevel
{
    /// <summary>At a table: from and to are both named.</summary>
    Object,

    /// <summary>At a property, which it goes out from.</summary>
    Property,
}

/// <summary>Checks the form of <c>relationships</c>; what they point at is judged where they are executed.</summary>
internal static partial class Relationships
{
    internal static void Check(FieldReader element, RelationshipLevel level)
    {
        foreach (var reader in element.Maps("relationships"))
        {
            reader.Choice("type", ("foreignKey", 1));
            reader.CustomProperties([]);
            var to = Ends(reader, "to");
            if (level is RelationshipLevel.Object && Ends(reader, "from") is var from && from > 0 && to > 0 && from != to)
                reader.Error("to", $"expected as many properties as in 'from' ({from}), found {to}.");
            reader.End();
        }
    }

    private static int Ends(FieldReader reader, string key)
    {
        if (reader.RequiredNode(key) is not { } node) return 0;
        if (node is YamlList { Items.Count: 0 }) reader.Error(key, "expected at least one property.");
        var ends = node is YamlList ? reader.Texts(key) ?? [] : reader.Text(key) is { } end ? [end] : [];
        foreach (var wrong in ends.Where(e => !Shorthand().IsMatch(e) && !Qualified().IsMatch(e))) reader.Error(key, $"expected table.column, found '{wrong}'.");
        return ends.Count;
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex Shorthand();

    [GeneratedRegex(@"^(?:(?:https?:\/\/)?[A-Za-z0-9._\-\/]+\.yaml#)?\/?[A-Za-z_][A-Za-z0-9_]*\/[A-Za-z0-9_-]+(?:\/[A-Za-z_][A-Za-z0-9_]*\/[A-Za-z0-9_-]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex Qualified();
}
