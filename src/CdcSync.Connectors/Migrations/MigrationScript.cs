using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Migrations;

/// <summary>A step of the control schema, as it stands in migrations/. Never edited once released.</summary>
/// <param name="Name">Its file name; the order of names is the order of scripts.</param>
/// <param name="Sql">Its statements.</param>
/// <param name="OldestBinary">The oldest version of CdcSync that may run on a schema that has this script.</param>
internal sealed record MigrationScript(string Name, string Sql, Version OldestBinary)
{
    private const string Header = "-- oldest-binary: ";

    /// <summary>The scripts of an engine that this binary carries, in order.</summary>
    /// <param name="engine">The folder in migrations/: <c>sqlite</c>, <c>postgres</c>.</param>
    public static IReadOnlyList<MigrationScript> Embedded(string engine)
    {
        var assembly = typeof(MigrationScript).Assembly;
        var folder = $"migrations/{engine}/";
        return
        [
            .. from resource in assembly.GetManifestResourceNames()
               where resource.StartsWith(folder, StringComparison.Ordinal)
               orderby resource
               select Parse(resource[folder.Length..], Text(resource)),
        ];

        string Text(string resource)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            return reader.ReadToEnd();
        }
    }

    /// <summary>Reads a script's first line, which names the oldest binary.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.InternalError"/> if it does not.</exception>
    public static MigrationScript Parse(string name, string sql)
    {
        var first = sql.AsSpan(0, sql.AsSpan().IndexOf('\n') is >= 0 and var end ? end : sql.Length).TrimEnd();
        if (!first.StartsWith(Header, StringComparison.Ordinal) || !Version.TryParse(first[Header.Length..], out var oldest))
            throw new CdcSyncException(ErrorCodes.InternalError, $"migration {name}: the first line must be '{Header}<version>'.", "Report it as a bug. Run: cdcsync --version");
        return new MigrationScript(name, sql, oldest);
    }
}
