using System.Globalization;

namespace CdcSync.Connectors.SqlServer.Digests;

/// <summary>The part of a statement that looks rows up by their keys; pure. Keys travel as parameters of their columns' types, so that an index is sought in.</summary>
internal static class KeysSql
{
    // A statement of all the parameters that a server takes is compiled for longer than it runs.
    private const int ParametersAtOnce = 1_000;

    /// <summary>How many keys one statement takes.</summary>
    public static int AtOnce(IReadOnlyList<DigestedColumn> key) => Math.Max(1, ParametersAtOnce / key.Count);

    /// <summary>The keys joined with a table.</summary>
    public static string Join(string from, IReadOnlyList<DigestedColumn> key, int keys) =>
        $"(VALUES {string.Join(", ", Enumerable.Range(0, keys).Select(row => $"({string.Join(", ", key.Select((_, part) => Name(row, part)))})"))}) AS k ({string.Join(", ", key.Select((_, part) => Column(part)))})"
        + $" INNER LOOP JOIN {from} ON {string.Join(" AND ", key.Select(Same))}";

    /// <summary>A parameter for each part of each key: <c>@k0_0</c>.</summary>
    public static IEnumerable<TSqlParameter> Parameters(IReadOnlyList<DigestedColumn> key, int keys) =>
        Enumerable.Range(0, keys).SelectMany(row => key.Select((k, part) => new TSqlParameter(Name(row, part), k.Sought!)));

    /// <summary>The name of a parameter.</summary>
    public static string Name(int row, int part) => string.Create(CultureInfo.InvariantCulture, $"@k{row}_{part}");

    // Blanks and zeros at the end do not distinguish to SQL Server.
    private static string Same(DigestedColumn key, int part) =>
        $"{key.Column} = k.{Column(part)}{(key.IsPadded ? $" AND DATALENGTH({key.Column}) = DATALENGTH(k.{Column(part)})" : "")}";

    private static string Column(int part) => string.Create(CultureInfo.InvariantCulture, $"k{part}");
}
