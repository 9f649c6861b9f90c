using System.Text.Json;
using CdcSync.Cli.Config;
using CdcSync.Core.Errors;
using CdcSync.Core.Tests.Contracts;

namespace CdcSync.Core.Tests.Configuration;

public sealed class SecretTests : IDisposable
{
    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("${env:WAREHOUSE}", "${env:WAREHOUSE}")]
    [InlineData("Host=h;Password=${env:PW};Database=d", "Host=h;Password=${env:PW};Database=d")]
    [InlineData("Host=h;Integrated Security=true", "Host=h;Integrated Security=true")]
    [InlineData("Host=h;Password=;Database=d", "Host=h;Password=;Database=d")]
    [InlineData("${env:NOT_SET:-Host=h;Database=d}", "${env:NOT_SET:-…}")]
    public void A_connection_by_reference_shows_its_reference(string text, string shown) =>
        Assert.Equal(shown, Warehouse($"warehouse: {{kind: postgres, connection: \"{text}\"}}").Connection.ToString());

    [Theory]
    [InlineData("Host=h;Password=canary-secret")]
    [InlineData("Host=h;pwd = 'canary-secret'")]
    [InlineData("Host=h;PASSWORD=canary-secret;x=y")]
    [InlineData("Host=h;Password=canary-secret${env:PW}")]
    [InlineData("Host=h;SSL Password=canary-secret")]
    [InlineData("postgres://u:canary-secret@h/d")]
    [InlineData("${env:NOT_SET:-Host=h;Password=canary-secret}")]
    public void An_inline_password_is_refused_and_never_shown(string text)
    {
        var finding = Assert.Single(_folder.LoadRoot($"warehouse: {{kind: postgres, connection: \"{text}\"}}").Findings);
        Assert.Same(ErrorCodes.InlineSecret, finding.Code);
        Assert.DoesNotContain("canary", finding.ToString(), StringComparison.Ordinal);

        var allowed = Warehouse($"allowInlineSecrets: true\nwarehouse: {{kind: postgres, connection: \"{text}\"}}");
        Assert.Contains("canary-secret", allowed.Connection.Reveal(), StringComparison.Ordinal);
        Assert.DoesNotContain("canary", allowed.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pii: \"${env:PII}\"", null)]
    [InlineData("pii: \"base64:${env:B64}\"", null)]
    [InlineData("pii: \"${env:NOT_SET}\"", "keys.pii: ${env:NOT_SET} is not resolved: the variable is not set.")]
    [InlineData("pii: \"${env:SHORT}\"", "keys.pii: the key is shorter than 16 bytes.")]
    [InlineData("pii: \"base64:${env:SHORT}\"", "keys.pii: the key is no base64.")]
    [InlineData("pii: canary-secret-canary", "keys.pii: a secret stands in the file.")]
    [InlineData("pii: \"${env:NOT_SET:-canary-secret-canary}\"", "keys.pii: a secret stands in the file.")]
    [InlineData("pii: 1234567890123456", "keys.pii: expected a text")]
    [InlineData("pii: [\"canary\"]", "keys.pii: expected a text")]
    [InlineData("pii: \"${PII}\"", "keys.pii: expected ${env:NAME}")]
    public void Keys_come_from_references(string keys, string? message)
    {
        _folder.Environment["B64"] = Convert.ToBase64String(new byte[16]);
        var result = _folder.LoadRoot($"keys: {{{keys}}}");
        if (message is null) Assert.Empty(result.Findings);
        else Assert.StartsWith(message, Assert.Single(result.Messages()), StringComparison.Ordinal);
        Assert.DoesNotContain("canary", string.Concat(result.Findings), StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789", string.Concat(result.Findings), StringComparison.Ordinal);
    }

    [Fact]
    public void Inline_keys_are_taken_where_the_file_allows_them() =>
        Assert.Equal(["pii"], _folder.LoadRoot("allowInlineSecrets: true\nkeys: {pii: canary-secret-canary}").OrThrow().Keys.Names);

    [Fact]
    public void A_configuration_shows_no_secret_however_it_is_printed()
    {
        var config = _folder.LoadRoot("warehouse: {kind: postgres, connection: \"${env:WAREHOUSE}\"}\nkeys: {pii: \"${env:PII}\"}\nhttp: {token: \"${env:PII}\"}").OrThrow();
        foreach (var text in (string[])[config.ToString(), config.Warehouse.ToString(), config.Http.ToString(), JsonSerializer.Serialize(config.Warehouse), JsonSerializer.Serialize(config.Http), JsonSerializer.Serialize(config.Keys)])
        {
            Assert.DoesNotContain("hunter22", text, StringComparison.Ordinal);
            Assert.DoesNotContain("0123456789abcdef", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("a", null, "a")]
    [InlineData("s.a", "s", "a")]
    [InlineData("\"s.x\".\"a \"\"b\"\"\"", "s.x", "a \"b\"")]
    [InlineData("my table", null, "my table")]
    [InlineData("größe", null, "größe")]
    public void Names_of_tables_are_read_and_written_alike(string text, string? schema, string name)
    {
        Assert.Equal((schema, name), QualifiedName.Parse(text));
        Assert.Equal(text, QualifiedName.Write(schema, name));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("a.b.c")]
    [InlineData("\"a")]
    [InlineData("a\"b")]
    [InlineData("\"a\"b")]
    [InlineData("\"\"")]
    [InlineData(" a")]
    public void What_is_no_name_is_refused(string text) => Assert.Null(QualifiedName.Parse(text));

    private SystemConfig.Postgres Warehouse(string yaml) => Assert.IsType<SystemConfig.Postgres>(_folder.LoadRoot(yaml).OrThrow().Warehouse);
}
