using CdcSync.Arrow;
using CdcSync.Cli.Config;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using CdcSync.Core.Tests.Contracts;

namespace CdcSync.Core.Tests.Configuration;

public sealed class TemplateTests : IDisposable
{
    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_init_writes_is_valid()
    {
        Write(InitTemplate.ContractFile, InitTemplate.Contract);
        var result = _folder.Load(InitTemplate.Pipeline);

        Assert.Empty(result.Findings);
        Assert.Equal("notes", Assert.Single(result.OrThrow().Pipeline.Datasets).Target.Name);
    }

    [Fact]
    public void What_discover_writes_is_valid()
    {
        DiscoveredColumn[] columns = [new("id", "INTEGER", Int64Type.Default, false), new("odd \"one\"", "X", null, true, "no type holds it")];
        DiscoveredObject[] objects =
        [
            new(null, "Order Details", false, columns, ["id"], true, 1), new(null, "order-details", false, columns, ["id"], false, 1), new(null, "größe.x", false, columns, [], false, 1),
            new("main", "a", true, columns, [], false, null), new(null, "___", false, columns, ["id"], true, 1), new(null, "void", false, [new("x", "X", null, true, "no")], [], false, 0),
        ];
        Write("contracts/found.odcs.yaml", ContractWriter.Write(new("found", "Found", "me"), objects));

        var result = _folder.LoadRoot("datasets:\n" + PipelineText.Datasets("shop", "contracts/found.odcs.yaml", objects));

        Assert.Empty(result.Findings);
        var datasets = result.OrThrow().Pipeline.Datasets;
        Assert.Equal(["order-details", "order-details-2", "gr--e.x", "a", "dataset"], datasets.Select(d => d.Id.Value));
        Assert.Equal(["Order Details", "order-details", "größe.x", "main.a", "___"], datasets.Select(d => d.Object.ToString()));
        Assert.Equal([true, true, false, false, true], datasets.Select(d => d.Capture is Capture.ChangeTracking));
        Assert.Equal("größe.x", datasets[2].Target.Name);
    }

    private void Write(string path, string text)
    {
        var full = Path.Combine(_folder.Folder.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
