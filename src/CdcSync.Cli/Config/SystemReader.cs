using System.Text;
using CdcSync.Core.Sources.Pacing;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>Reads databases: what opens a source or the warehouse.</summary>
internal sealed class SystemReader(string folder, SecretReader secrets)
{
    // Of a name PostgreSQL keeps so many bytes.
    private const int LongestName = 63;

    // Of a server the next range comes while one is on its way. A file's pages are read by the processor that shapes them: a second reading would only share it.
    private const int ServerParallelRanges = 2;

    /// <summary>Reads an entry of <c>sources</c>.</summary>
    internal SystemConfig? Source(FieldReader reader)
    {
        var (blackout, budget, parallel) = (ScheduleReader.Blackout(reader), Budget(reader), ParallelRanges(reader));
        var system = Read(reader, ["sqlite", "postgres", "sqlserver"], postgres => Postgres(postgres) is { } server ? server with { Log = Log(postgres) } : null);
        if (system is SystemConfig.SqlServer { Schema: not null } or SystemConfig.Postgres { Schema: not null }) reader.Error("schema", "is a warehouse's: in a source each object names its schema, as in sales.orders.");
        return system is null ? null : system with { Blackout = blackout, Budget = budget, ParallelRanges = parallel ?? (system is SystemConfig.Sqlite ? 1 : ServerParallelRanges) };
    }

    /// <summary>Reads <c>warehouse</c>.</summary>
    internal SystemConfig? Warehouse(FieldReader reader) => Read(reader, ["sqlite", "postgres", "sqlserver"], Postgres);

    private SystemConfig? Read(FieldReader reader, IReadOnlyList<string> kinds, Func<FieldReader, SystemConfig?> postgres)
    {
        var kind = reader.RequiredText("kind");
        if (kind.Length > 0 && !kinds.Contains(kind)) reader.Error("kind", $"unknown kind '{kind}'.{Suggestion.For(kind, kinds)}");
        // The keys of an unknown kind are unknown too: one error is enough.
        if (!kinds.Contains(kind)) return null;
        SystemConfig? system = kind switch
        {
            "postgres" => postgres(reader),
            "sqlserver" => Server(reader) is var (connection, schema) ? new SystemConfig.SqlServer(connection, schema) : null,
            _ => Sqlite(reader),
        };
        reader.End();
        return system;
    }

    private SystemConfig.Sqlite? Sqlite(FieldReader reader)
    {
        var path = reader.RequiredText("path");
        if (path.Length is 0) return null;
        if (ConfinedPath.Resolve(folder, path) is { } full) return new SystemConfig.Sqlite(full);
        reader.Error("path", $"'{path}' leaves the folder of the pipeline file: write an absolute path.");
        return null;
    }

    private SystemConfig.Postgres? Postgres(FieldReader reader) => Server(reader) is var (connection, schema) ? new SystemConfig.Postgres(connection, schema) : null;

    private static ReadBudget? Budget(FieldReader source)
    {
        if (source.Map("budget") is not { } reader) return null;
        var budget = new ReadBudget(reader.Integer("rowsPerSecond", min: 1), (int?)reader.Integer("parallel", min: 1, max: 64)) { Connections = (int?)reader.Integer("connections", min: 2, max: 256) };
        reader.End();
        return budget;
    }

    private static int? ParallelRanges(FieldReader source)
    {
        if (source.Map("firstLoad") is not { } reader) return null;
        var parallel = (int?)reader.Integer("parallel", min: 1, max: 16);
        reader.End();
        return parallel;
    }

    /// <summary>How change tracking uses a source's log.</summary>
    private static PostgresLogConfig Log(FieldReader reader)
    {
        var (slot, publication) = (reader.Text("slot"), reader.Text("publication"));
        if (slot is not null && (slot.Length is 0 or > LongestName || slot.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '_')))
            reader.Error("slot", $"'{slot}' can't be a slot's name: expected 1 to {LongestName} of a-z 0-9 _.");
        if (publication is not null && (publication.Length is 0 || Encoding.UTF8.GetByteCount(publication) > LongestName))
            reader.Error("publication", $"'{publication}' can't be a publication's name: expected 1 to {LongestName} bytes.");
        return new PostgresLogConfig(slot, publication, reader.Size("retain"));
    }

    private (SecretString Connection, string? Schema)? Server(FieldReader reader)
    {
        var schema = reader.Node("schema") is null ? null : reader.RequiredText("schema");
        return reader.RequiredNode("connection") is { } node && secrets.Connection(node, reader.PathOf("connection")) is { } connection ? (connection, schema) : null;
    }
}
