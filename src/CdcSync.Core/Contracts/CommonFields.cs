using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>The fields that many elements of the standard share.</summary>
internal static class CommonFields
{
    /// <summary>A stable identifier: letters, digits, <c>_</c> and <c>-</c>.</summary>
    internal static string? StableId(this FieldReader reader)
    {
        var id = reader.Text("id");
        if (id is not null && (id.Length is 0 || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))) reader.Error("id", "expected letters, digits, _ and - only.");
        return id;
    }

    /// <summary>Texts for people, of which only the type is checked.</summary>
    internal static void CheckTexts(this FieldReader reader, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys) reader.Text(key);
    }

    internal static void CheckTags(this FieldReader reader) => reader.Texts("tags");

    internal static void CheckAuthoritativeDefinitions(this FieldReader reader)
    {
        foreach (var definition in reader.Maps("authoritativeDefinitions"))
        {
            definition.StableId();
            definition.RequiredText("url");
            definition.RequiredText("type");
            definition.CheckTexts("description");
            definition.End();
        }
    }

    internal static void CheckRoles(this FieldReader reader)
    {
        foreach (var role in reader.Maps("roles"))
        {
            role.StableId();
            role.RequiredText("role");
            role.CheckTexts("description", "access", "firstLevelApprovers", "secondLevelApprovers");
            role.CustomProperties([]);
            role.End();
        }
    }

    /// <summary>The custom properties by name. One that is nearly one of CdcSync's own is an error: a mask or a filter must not be lost to a typing error.</summary>
    /// <param name="reader">The element that has them.</param>
    /// <param name="own">The names that mean something to CdcSync there.</param>
    internal static IReadOnlyDictionary<string, CustomProperty> CustomProperties(this FieldReader reader, IReadOnlyList<string> own)
    {
        var found = new Dictionary<string, CustomProperty>(StringComparer.Ordinal);
        foreach (var item in reader.Maps("customProperties"))
        {
            item.StableId();
            var name = item.RequiredText("property");
            item.CheckTexts("description");
            if (item.RequiredNode("value") is { } value && !found.TryAdd(name, new(value, item.PathOf("value"))) && own.Contains(name))
                item.Error("property", $"'{name}' is there twice.");
            if (!own.Contains(name) && Suggestion.Nearest(name, own) is { } near && (name.Length > 7 || name.Equals(near, StringComparison.OrdinalIgnoreCase)))
                item.Error("property", $"unknown property '{name}'. Did you mean '{near}'?");
            item.End();
        }
        return found;
    }
}

/// <summary>The value of a custom property.</summary>
/// <param name="Value">The value.</param>
/// <param name="Path">Where it hangs, for messages.</param>
internal sealed record CustomProperty(YamlNode Value, string Path);
