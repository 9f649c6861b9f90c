using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Tests.Yaml;

public sealed class ReferencesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cdcsync-references-");
    private readonly Dictionary<string, string> _environment = new() { ["A"] = "alpha", ["EMPTY"] = "", ["N"] = "5", ["T"] = "true" };
    private readonly Diagnostics _diagnostics = new(ErrorCodes.ConfigInvalid);

    private References References => new(_folder.FullName, _environment.GetValueOrDefault);

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("${env:A}", "alpha")]
    [InlineData("x${env:A}y${env:A}", "xalphayalpha")]
    [InlineData("${env:B:-beta}", "beta")]
    [InlineData("${env:EMPTY:-beta}", "beta")]
    [InlineData("${env:EMPTY}", "")]
    [InlineData("${env:B:-}", "")]
    [InlineData("${env:B:-a:-b}", "a:-b")]
    [InlineData("$${env:A}", "${env:A}")]
    [InlineData("costs 5$ or $5", "costs 5$ or $5")]
    public void References_resolve(string text, string expected)
    {
        var parsed = ReferenceText.Parse(text, out var problem);
        Assert.Null(problem);
        Assert.Equal(expected, References.Resolve(parsed));
    }

    [Theory]
    [InlineData("${A}")]
    [InlineData("${env:}")]
    [InlineData("${env:A B}")]
    [InlineData("${file:}")]
    [InlineData("${env:A")]
    [InlineData("${vault:A}")]
    public void A_malformed_reference_is_a_problem(string text)
    {
        ReferenceText.Parse(text, out var problem);
        Assert.StartsWith("expected ${env:NAME}", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r\n", "secret")]
    [InlineData("two\n\n", "two\n")]
    [InlineData(" blanks ", " blanks ")]
    public void A_file_is_read_without_its_last_line_end(string content, string expected)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "s"), content);
        Assert.Equal(expected, References.Resolve(ReferenceText.Parse("${file:s}", out _)));
        Assert.Equal(expected, References.Resolve(ReferenceText.Parse($"${{file:{_folder.FullName}/s}}", out _)));
    }

    [Theory]
    [InlineData("${env:NOT_SET}", "the variable is not set")]
    [InlineData("${file:missing}", "there is no such file")]
    [InlineData("${file:../outside}", "stays in the folder")]
    public void What_does_not_resolve_is_an_error(string text, string message)
    {
        var error = Assert.Throws<CdcSyncException>(() => References.Resolve(ReferenceText.Parse(text, out _)));
        Assert.Same(ErrorCodes.UnresolvedReference, error.Code);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_shows_its_reference_and_finds_a_rotated_value()
    {
        var secret = new SecretString(ReferenceText.Parse("${env:A}", out _), References, "${env:A}");
        Assert.Equal("${env:A}", $"{secret}");
        Assert.Equal("alpha", secret.Reveal());
        _environment["A"] = "rotated";
        Assert.Equal("rotated", secret.Reveal());
    }

    [Fact]
    public void A_resolved_value_may_be_a_number_and_is_never_shown_when_it_is_wrong()
    {
        var reader = new FieldReader((YamlMap)YamlReader.Read("{n: \"${env:N}\", t: \"${env:T}\", bad: \"${env:A}\", lost: \"${env:LOST}\"}", "f", _diagnostics)!, new ReadContext(_diagnostics, References), "");

        Assert.Equal(5, reader.Integer("n"));
        Assert.True(reader.Flag("t"));
        Assert.Equal("5", reader.Text("n"));
        Assert.Null(reader.Integer("bad"));
        Assert.Null(reader.Text("lost"));

        Assert.Equal(
            ["bad: expected a whole number, found '${env:A}'.", "lost: ${env:LOST} is not resolved: the variable is not set."],
            _diagnostics.Items.Select(d => d.Message));
        Assert.Same(ErrorCodes.UnresolvedReference, _diagnostics.Items[1].Code);
        Assert.DoesNotContain("alpha", string.Concat(_diagnostics.Items), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_references_a_dollar_means_nothing()
    {
        var reader = new FieldReader((YamlMap)YamlReader.Read("{a: \"${env:A}\"}", "f", _diagnostics)!, new ReadContext(_diagnostics), "");
        Assert.Equal("${env:A}", reader.Text("a"));
    }
}
