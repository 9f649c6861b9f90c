using CdcSync.Core.Contracts;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Tests.Contracts;

/// <summary>Small contracts, of which a test writes only what it is about.</summary>
internal static class ContractText
{
    private const string Head = """
        apiVersion: v3.1.0
        kind: DataContract
        id: test
        version: 1.0.0
        status: active
        team: {members: [{username: anna, role: Owner}]}
        """;

    /// <summary>A contract with more keys at its root.</summary>
    internal static LoadResult<DataContract> Root(string yaml) => ContractReader.Read($"{Head}\n{yaml}\n", "c.yaml");

    /// <summary>A contract with one object; its keys in flow style, as in <c>properties: [...]</c>.</summary>
    internal static LoadResult<DataContract> Object(string keys) => Root($"schema:\n- {{name: t, {keys}}}");

    /// <summary>A contract with one property; its keys in flow style.</summary>
    internal static LoadResult<DataContract> Property(string keys) => Object($"properties: [{{name: p, {keys}}}]");

    internal static string[] Messages<T>(this LoadResult<T> result)
        where T : class => [.. result.Findings.Select(f => f.Message)];

    internal static ContractProperty OnlyProperty(this LoadResult<DataContract> result) => Assert.Single(Assert.Single(result.OrThrow().Objects).Properties);

    /// <summary>The folder that holds the solution.</summary>
    internal static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "CdcSync.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("the tests run outside the repository");
    }
}
