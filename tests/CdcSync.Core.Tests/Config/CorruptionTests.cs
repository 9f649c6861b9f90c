using System.Text;
using CdcSync.Cli.Config;
using CdcSync.Core.Contracts;
using CdcSync.Core.Tests.Contracts;

namespace CdcSync.Core.Tests.Configuration;

public sealed class CorruptionTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string[] Splinters = ["", "\n", "  ", "\t", ":", ": ", "- ", "{", "}", "[", "]", "\"", "'", "#", "&a ", "*a ", "!x ", "|\n", ">\n", "? ", "%", "@", "~", "null", "9999999999999999999999", "\0", "\u0085", "é", "---\n", "..."];
    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_damaged_contract_is_read_or_has_findings_but_never_throws()
    {
        var text = File.ReadAllText(Path.Combine(ContractText.Root(), "contracts", "shop.odcs.yaml"));
        foreach (var damaged in Damage(text, 1_500))
        {
            var result = ContractReader.Read(damaged, "damaged");
            Assert.True(result.Value is not null || result.Findings.Count > 0, damaged);
        }
    }

    [Fact]
    public void A_damaged_pipeline_file_is_read_or_has_findings_but_never_throws()
    {
        _folder.Environment["CDCSYNC_PII_KEY"] = "0123456789abcdef";
        Directory.CreateDirectory(Path.Combine(_folder.Folder.FullName, "contracts"));
        File.Copy(Path.Combine(_folder.Folder.FullName, "shop.odcs.yaml"), Path.Combine(_folder.Folder.FullName, "contracts", "shop.odcs.yaml"));
        var document = File.ReadAllText(Path.Combine(ContractText.Root(), "docs", "configuration.md"));
        var text = document.Split("```yaml\n")[1].Split("```")[0];
        Assert.NotNull(_folder.Load(text).Value);
        foreach (var damaged in Damage(text, 500))
        {
            var result = _folder.Load(damaged);
            Assert.True(result.Value is not null || result.Findings.Count > 0, damaged);
        }
    }

    // Some characters are taken out, and a splinter of YAML is put in their place.
    private IEnumerable<string> Damage(string text, int times)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < times; i++)
        {
            var damaged = new StringBuilder(text);
            for (var wounds = random.Next(1, 4); wounds > 0; wounds--)
            {
                var at = random.Next(damaged.Length);
                damaged.Remove(at, Math.Min(random.Next(6), damaged.Length - at)).Insert(at, Splinters[random.Next(Splinters.Length)]);
            }
            yield return damaged.ToString();
        }
    }
}
