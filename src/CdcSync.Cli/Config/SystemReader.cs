using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>Reads databases: what opens a source or the warehouse.</summary>
internal sealed class SystemReader(string folder, SecretReader secrets)
{
    /// <summary>Reads an entry of <c>sources</c>.</summary>
    internal SystemConfig? Source(FieldReader reader)
    {
        var system = Read(reader, ["sqlite", "postgres", "sqlserver"]);
        if (system is SystemConfig.SqlServer { Schema: not null } or SystemConfig.Postgres { Schema: not null }) reader.Error("schema", "is a warehouse's: in a source each object names its schema, as in sales.orders.");
        return system;
    }

    /// <summary>Reads <c>warehouse</c>.</summary>
    internal SystemConfig? Warehouse(FieldReader reader) => Read(reader, ["sqlite", "postgres", "sqlserver"]);

    private SystemConfig? Read(FieldReader reader, IReadOnlyList<string> kinds)
    {
        var kind = reader.RequiredText("kind");
        if (kind.Length > 0 && !kinds.Contains(kind)) reader.Error("kind", $"unknown kind '{kind}'.{Suggestion.For(kind, kinds)}");
        // The keys of an unknown kind are unknown too: one error is enough.
        if (!kinds.Contains(kind)) return null;
        SystemConfig? system = kind switch
        {
            "postgres" => Server(reader) is var (connection, schema) ? new SystemConfig.Postgres(connection, schema) : null,
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

    private (SecretString Connection, string? Schema)? Server(FieldReader reader)
    {
        var schema = reader.Node("schema") is null ? null : reader.RequiredText("schema");
        return reader.RequiredNode("connection") is { } node && secrets.Connection(node, reader.PathOf("connection")) is { } connection ? (connection, schema) : null;
    }
}
