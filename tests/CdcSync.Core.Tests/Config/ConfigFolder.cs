using CdcSync.Cli.Config;
using CdcSync.Core.Tests.Contracts;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Tests.Configuration;

/// <summary>A temporary folder with the sample's contract and a pipeline file.</summary>
internal sealed class ConfigFolder : IDisposable
{
    private const string Orders = "{source: shop, object: orders, contract: shop.odcs.yaml#orders}";

    internal ConfigFolder()
    {
        Folder = Directory.CreateTempSubdirectory("cdcsync-config-");
        // Few pipelines here have the customers, and that orders can't be checked for theirs is a warning.
        var contract = System.IO.File.ReadAllText(Path.Combine(ContractText.Root(), "contracts", "shop.odcs.yaml"));
        System.IO.File.WriteAllText(Path.Combine(Folder.FullName, "shop.odcs.yaml"), contract.Replace(", relationships: [{ to: customers.customer_id }]", "", StringComparison.Ordinal));
    }

    internal DirectoryInfo Folder { get; }

    internal Dictionary<string, string> Environment { get; } = new() { ["PII"] = "0123456789abcdef", ["SHORT"] = "0123456789", ["WAREHOUSE"] = "Host=db;Username=u;Password=hunter22", ["PW"] = "hunter22" };

    internal string File => Path.Combine(Folder.FullName, "cdcsync.yaml");

    public void Dispose() => Folder.Delete(recursive: true);

    internal LoadResult<PipelineConfig> Load(string yaml)
    {
        System.IO.File.WriteAllText(File, yaml);
        return PipelineConfig.Load(File, Environment.GetValueOrDefault);
    }

    /// <summary>A file with more keys at its root, and a dataset unless they have datasets.</summary>
    internal LoadResult<PipelineConfig> LoadRoot(string keys)
    {
        var lines = new List<string> { keys };
        if (!keys.Contains("pipeline:", StringComparison.Ordinal)) lines.Add("pipeline: shop");
        if (!keys.Contains("sources:", StringComparison.Ordinal)) lines.Add("sources: {shop: {kind: sqlite, path: shop.db}}");
        if (!keys.Contains("warehouse:", StringComparison.Ordinal)) lines.Add("warehouse: {kind: sqlite, path: warehouse.db}");
        if (!keys.Contains("defaults:", StringComparison.Ordinal)) lines.Add("defaults: {interval: 10s}");
        if (!keys.Contains("datasets:", StringComparison.Ordinal)) lines.Add($"datasets: {{orders: {Orders}}}");
        return Load(string.Join('\n', lines));
    }

    /// <summary>A file with one dataset, whose keys are given in flow style; source, object and contract unless they are given.</summary>
    internal LoadResult<PipelineConfig> LoadDataset(string keys)
    {
        var all = new List<string>();
        if (keys.Length > 0) all.Add(keys);
        if (!keys.Contains("source:", StringComparison.Ordinal)) all.Add("source: shop");
        if (!keys.Contains("object:", StringComparison.Ordinal) && !keys.Contains("query:", StringComparison.Ordinal)) all.Add("object: orders");
        if (!keys.Contains("contract:", StringComparison.Ordinal)) all.Add("contract: shop.odcs.yaml#orders");
        return LoadRoot($"datasets: {{d: {{{string.Join(", ", all)}}}}}");
    }
}
