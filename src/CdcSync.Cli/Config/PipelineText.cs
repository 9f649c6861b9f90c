using System.Globalization;
using System.Text;
using CdcSync.Core.Contracts;
using CdcSync.Core.Sources;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>Writes entries of <c>datasets</c> for discovered tables.</summary>
internal static class PipelineText
{
    /// <summary>One dataset per table of a contract that <see cref="ContractWriter"/> wrote from the same tables.</summary>
    /// <param name="source">The source's name in the pipeline file.</param>
    /// <param name="contractPath">The contract's path, relative to the pipeline file.</param>
    /// <param name="objects">The tables and views.</param>
    /// <returns>Lines that belong under <c>datasets:</c>, indented by two.</returns>
    internal static string Datasets(string source, string contractPath, IReadOnlyList<DiscoveredObject> objects)
    {
        var names = ContractWriter.ObjectNames(objects);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var text = new StringBuilder();
        foreach (var found in objects.Where(o => o.Columns.Any(c => c.Type is not null)))
        {
            text.Append(CultureInfo.InvariantCulture, $"""
                  {YamlText.Write(Id(names[found], ids))}:
                    source: {YamlText.Write(source)}
                    object: {YamlText.Write(QualifiedName.Write(found.Schema, found.Name))}
                    contract: {YamlText.Write($"{contractPath}#{names[found]}")}
                    capture: {Capture(source, found)}

                """);
        }
        return text.ToString();
    }

    private static string Capture(string source, DiscoveredObject found)
    {
        if (found.Key.Count is 0 || found.IsView) return "full-refresh";
        return found.IsTracked ? "change-tracking" : $"change-tracking   # tracking is still off: cdcsync discover {source} --enable-tracking --apply";
    }

    // A table's name in the form of a dataset's name.
    private static string Id(string name, HashSet<string> taken)
    {
        var id = string.Concat(name.ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '.' or '-' ? c : '-')).TrimStart('_', '.', '-');
        if (id.Length is 0) id = "dataset";
        if (id.Length > 60) id = id[..60];
        var unique = id;
        for (var n = 2; !taken.Add(unique); n++) unique = $"{id[..Math.Min(id.Length, 58)]}-{n}";
        return unique;
    }
}
