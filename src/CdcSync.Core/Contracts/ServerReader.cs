using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>Reads <c>servers</c>: each kind of server has keys of its own.</summary>
internal static class ServerReader
{
    // Kind → keys; those with a ! must be there. From the standard's JSON Schema 3.1.0.
    private static readonly Dictionary<string, string> Keys = new(StringComparer.Ordinal)
    {
        ["api"] = "location!",
        ["athena"] = "stagingDir! schema! catalog regionName",
        ["azure"] = "location! format! delimiter",
        ["bigquery"] = "project! dataset!",
        ["clickhouse"] = "host! port! database!",
        ["cloudsql"] = "host! port! database! schema!",
        ["custom"] = "account catalog database dataset delimiter endpointUrl format host location path port project region regionName schema serviceName stagingDir warehouse stream",
        ["databricks"] = "host catalog! schema!",
        ["db2"] = "host! port! database! schema",
        ["denodo"] = "host! port! database",
        ["dremio"] = "host! port! schema",
        ["duckdb"] = "database! schema",
        ["glue"] = "account! database! location format",
        ["hive"] = "host! port database!",
        ["impala"] = "host! port database!",
        ["informix"] = "host! port database!",
        ["kafka"] = "host! format",
        ["kinesis"] = "region format",
        ["local"] = "path! format!",
        ["mysql"] = "host! port! database!",
        ["oracle"] = "host! port! serviceName!",
        ["postgres"] = "host! port! database! schema!",
        ["postgresql"] = "host! port! database! schema!",
        ["presto"] = "host! catalog schema",
        ["pubsub"] = "project!",
        ["redshift"] = "host database! schema! region account",
        ["s3"] = "location! endpointUrl format delimiter",
        ["sftp"] = "location! format delimiter",
        ["snowflake"] = "host port account! database! schema! warehouse",
        ["sqlserver"] = "host! port database! schema!",
        ["synapse"] = "host! port! database!",
        ["trino"] = "host! port! catalog! schema!",
        ["vertica"] = "host! port! database! schema!",
        ["zen"] = "host! port database!",
    };

    internal static IReadOnlyList<ContractServer> Servers(FieldReader contract) => [.. contract.Maps("servers").Select(Server)];

    private static ContractServer Server(FieldReader reader)
    {
        reader.StableId();
        var name = reader.RequiredText("server");
        var type = reader.RequiredText("type");
        reader.CheckTexts("description");
        reader.CheckRoles();
        reader.CustomProperties([]);
        var environment = reader.Text("environment");
        if (Keys.TryGetValue(type, out var keys)) CheckKeys(reader, keys);
        else if (type.Length > 0) reader.Error("type", $"unknown kind of server '{type}'.{Suggestion.For(type, Keys.Keys)}");
        // The keys of an unknown kind are unknown too: one error is enough.
        if (keys is not null) reader.End();
        return new ContractServer(name, type, environment);
    }

    private static void CheckKeys(FieldReader reader, string keys)
    {
        foreach (var word in keys.Split(' '))
        {
            var key = word.TrimEnd('!');
            if (key is "port")
            {
                reader.Integer(key, 0, 65_535);
                if (word.EndsWith('!')) reader.RequiredNode(key);
            }
            else if (word.EndsWith('!'))
            {
                reader.RequiredText(key);
            }
            else
            {
                reader.Text(key);
            }
        }
    }
}
