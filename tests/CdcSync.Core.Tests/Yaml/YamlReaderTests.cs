using System.Text;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Tests.Yaml;

public sealed class YamlReaderTests
{
    private readonly Diagnostics _diagnostics = new(ErrorCodes.ConfigInvalid);

    [Fact]
    public void Every_node_knows_its_place()
    {
        var root = Assert.IsType<YamlMap>(YamlReader.Read("a: 1\nb:\n  - x\n  - {c: \"y\"}\n", "f.yaml", _diagnostics));

        Assert.Equal(new FileLocation("f.yaml", 1, 4), root.Find("a")!.Value.At);
        var list = Assert.IsType<YamlList>(root.Find("b")!.Value);
        Assert.Equal("f.yaml:3:5", list.Items[0].At.ToString());
        Assert.Equal("f.yaml:4:9", Assert.IsType<YamlMap>(list.Items[1]).Find("c")!.Value.At.ToString());
        Assert.False(_diagnostics.HasErrors);
    }

    [Theory]
    [InlineData("a: &x 1\nb: *x\n", "f.yaml:1:4", "anchors")]
    [InlineData("b: *x\n", "f.yaml:1:4", "aliases")]
    [InlineData("a: !!str 1\n", "f.yaml:1:4", "tags")]
    [InlineData("a: !secret x\n", "f.yaml:1:4", "tags")]
    [InlineData("%TAG !e! tag:example.com,2000:\n---\na: 1\n", "f.yaml:1:1", "%TAG")]
    [InlineData("a: 1\n<<: {b: 2}\n", "f.yaml:2:1", "merge keys")]
    [InlineData("a: 1\n---\nb: 2\n", "f.yaml:2:1", "one document")]
    [InlineData("? [a]\n: 1\n", "f.yaml:1:3", "a key must be a text")]
    [InlineData("a: 1\nb: 2\na: 3\n", "f.yaml:3:1", "the key 'a' is there twice; the first is on line 1")]
    [InlineData("a: [1, 2\n", "f.yaml:2:1", "malformed")]
    [InlineData("a: 1\n\tb: 2\n", "f.yaml:1:4", "tab character")]
    [InlineData("a: 1\nb: [x, }\n", "f.yaml:2:8", "malformed")]
    [InlineData("a: \"\\UFFFFFFFF\"\n", "f.yaml:1:15", "malformed")]
    [InlineData("", "f.yaml:1:1", "empty")]
    [InlineData("# only a comment\n", "f.yaml:1:1", "empty")]
    public void What_makes_yaml_surprising_is_refused_at_its_place(string text, string place, string message)
    {
        YamlReader.Read(text, "f.yaml", _diagnostics);

        var finding = Assert.Single(_diagnostics.Items);
        Assert.Equal(place, finding.At.ToString());
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
        Assert.Equal(DiagnosticSeverity.Error, finding.Severity);
    }

    [Theory]
    [InlineData(32, true)]
    [InlineData(33, false)]
    public void Nesting_ends_at_32(int depth, bool accepted)
    {
        var root = YamlReader.Read(new string('[', depth) + "1" + new string(']', depth), "f.yaml", _diagnostics);

        Assert.Equal(accepted, root is not null);
        Assert.Equal(accepted, !_diagnostics.HasErrors);
    }

    [Fact]
    public void A_hundred_thousand_open_brackets_are_refused_at_once()
    {
        Assert.Null(YamlReader.Read(new string('[', 100_000), "f.yaml", _diagnostics));
        Assert.Contains("nest deeper", Assert.Single(_diagnostics.Items).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_above_1_MiB_is_refused()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.CreateVersion7():N}.yaml");
        try
        {
            File.WriteAllText(path, "a: " + new string('x', YamlReader.MaxBytes - 3));
            Assert.NotNull(YamlReader.ReadFile(path, _diagnostics));
            File.AppendAllText(path, "y");
            Assert.Null(YamlReader.ReadFile(path, _diagnostics));
            Assert.Contains("larger than 1 MiB", Assert.Single(_diagnostics.Items).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_named_by_line()
    {
        Assert.Null(YamlReader.Read([.. "a: 1\nb: "u8, 0xFF, (byte)'\n'], "f.yaml", _diagnostics));
        Assert.Equal("f.yaml:2:1: CDC1002 the line is not UTF-8.", Assert.Single(_diagnostics.Items).ToString());
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_the_first_key()
    {
        var root = Assert.IsType<YamlMap>(YamlReader.Read([.. Encoding.UTF8.Preamble, .. "a: 1"u8], "f.yaml", _diagnostics));
        Assert.NotNull(root.Find("a"));
    }

    [Fact]
    public void A_missing_file_is_a_finding()
    {
        Assert.Null(YamlReader.ReadFile("/nowhere/at/all.yaml", _diagnostics));
        Assert.Equal("/nowhere/at/all.yaml:1:1: CDC1002 there is no such file.", Assert.Single(_diagnostics.Items).ToString());
    }

    [Theory]
    [InlineData("12", YamlScalarKind.Integer)]
    [InlineData("-0", YamlScalarKind.Integer)]
    [InlineData("1.0", YamlScalarKind.Float)]
    [InlineData("1e3", YamlScalarKind.Float)]
    [InlineData("~", YamlScalarKind.Null)]
    [InlineData("true", YamlScalarKind.Boolean)]
    [InlineData("no", YamlScalarKind.Text)]
    [InlineData("yes", YamlScalarKind.Text)]
    [InlineData("01067", YamlScalarKind.Text)]
    [InlineData("0x10", YamlScalarKind.Text)]
    [InlineData("2026-01-05", YamlScalarKind.Text)]
    [InlineData("1.2.3", YamlScalarKind.Text)]
    public void Plain_scalars_mean_what_yaml_1_2_says_and_norway_is_a_text(string text, YamlScalarKind kind)
    {
        Assert.Equal(kind, new YamlScalar(default, text, IsPlain: true).Kind);
        Assert.Equal(YamlScalarKind.Text, new YamlScalar(default, text, IsPlain: false).Kind);
    }
}
