using System.Text.RegularExpressions;
using CdcSync.Cli.Config;
using CdcSync.Core.Contracts;
using CdcSync.Core.Tests.Contracts;

namespace CdcSync.Core.Tests.Configuration;

/// <summary>What the documents show is what the code reads.</summary>
public sealed partial class DocumentationTests : IDisposable
{
    private readonly ConfigFolder _folder = new();

    public DocumentationTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Folder.FullName, "contracts"));
        File.Copy(Path.Combine(ContractText.Root(), "contracts", "shop.odcs.yaml"), Path.Combine(_folder.Folder.FullName, "contracts", "shop.odcs.yaml"));
        _folder.Environment["CDCSYNC_PII_KEY"] = "0123456789abcdef";
        _folder.Environment["LEGACY_KEY"] = Convert.ToBase64String(new byte[32]);
        foreach (var token in new[] { "CDCSYNC_HTTP_TOKEN", "CDCSYNC_METRICS_TOKEN" })
            _folder.Environment[token] = "sample-" + token;
    }

    public static TheoryData<string> Blocks =>
        [.. from document in (string[])["configuration.md", "contracts.md"] from Match block in Yaml().Matches(Document(document)) select block.Groups[1].Value];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Every_example_is_valid(string yaml)
    {
        var messages = yaml.Split('\n')[0] switch
        {
            "# root" => _folder.LoadRoot(yaml).Messages(),
            "# dataset" => _folder.LoadRoot("datasets:\n  d:\n" + Indented(yaml, 4) + "\ndefaults: {}").Messages(),
            "# object" => ContractText.Root("schema:\n  -\n" + Indented(yaml, 4)).Messages(),
            "# property" => ContractText.Root("schema:\n  - name: t\n    properties:\n      -\n" + Indented(yaml, 8)).Messages(),
            var first when first.StartsWith("pipeline:", StringComparison.Ordinal) => _folder.Load(yaml).Messages(),
            var first when first.StartsWith("apiVersion:", StringComparison.Ordinal) => ContractReader.Read(yaml, "example").Messages(),
            var first => [$"an example begins with # root, # dataset, # object or # property, or is a whole file; this one begins with {first}"],
        };
        // The sample's contract promises seconds; a nightly example would be warned of.
        Assert.DoesNotContain(messages, m => !m.Contains("that the contract promises", StringComparison.Ordinal) && !m.Contains("is not checked: no dataset has the contract's table 'customers'", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_key_of_the_pipeline_file_is_described()
    {
        var document = Document("configuration.md");
        var sources = Directory.GetFiles(Path.Combine(ContractText.Root(), "src", "CdcSync.Cli", "Config"), "*Reader.cs").Select(File.ReadAllText);
        var keys = sources.SelectMany(s => Keys().Matches(s)).Select(m => m.Groups[1].Value).Distinct().ToList();

        Assert.True(keys.Count > 30, "the readers' keys were not found");
        Assert.All(keys, key => Assert.Contains($"`{key}`", document, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_key_of_a_contract_but_mere_texts_for_people_is_described()
    {
        var document = Document("contracts.md");
        var sources = Directory.GetFiles(Path.Combine(ContractText.Root(), "src", "CdcSync.Core", "Contracts"), "*.cs").Select(File.ReadAllText);
        var keys = sources.SelectMany(s => Keys().Matches(s)).Select(m => m.Groups[1].Value).Distinct().ToList();

        Assert.True(keys.Count > 60, "the readers' keys were not found");
        Assert.Equal("", string.Join(", ", keys.Where(key => !Regex.IsMatch(document, $@"\b{key}\b"))));
    }

    private static string Document(string name) => File.ReadAllText(Path.Combine(ContractText.Root(), "docs", name));

    private static string Indented(string yaml, int by) => string.Join('\n', yaml.Split('\n').Select(line => new string(' ', by) + line));

    [GeneratedRegex("^```yaml\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Yaml();

    [GeneratedRegex("\\.(?:Text|RequiredText|Flag|Integer|Number|Duration|Size|Choice|Map|Maps|Items|Names|Texts|Node|RequiredNode)\\(\"(\\w+)\"")]
    private static partial Regex Keys();
}
