using CdcSync.Connectors.SqlServer.Source.Catalog;

namespace CdcSync.Connectors.Tests.SqlServer.Source;

/// <summary>What collations ignore, by their names. The names are the server's own, the expectations Microsoft's descriptions in sys.fn_helpcollations.</summary>
public sealed class CollationTests
{
    [Theory]
    [InlineData("SQL_Latin1_General_CP1_CI_AS", "case kana width")]
    [InlineData("SQL_Latin1_General_CP1_CI_AI", "case accents kana width")]
    [InlineData("SQL_EBCDIC037_CP1_CS_AS", "kana width")]
    [InlineData("SQL_1xCompat_CP850_CI_AS", "case kana width")]
    [InlineData("SQL_Latin1_General_CP850_BIN2", "")]
    [InlineData("Latin1_General_CI_AS", "case kana width")]
    [InlineData("Latin1_General_100_CI_AI_SC", "case accents kana width")]
    [InlineData("Latin1_General_100_CS_AI_KS", "accents width")]
    [InlineData("Latin1_General_100_CI_AS_KS_WS_SC_UTF8", "case")]
    [InlineData("Japanese_XJIS_140_CS_AS_KS_WS_VSS", "")]
    [InlineData("Japanese_Unicode_CI_AS_WS", "case kana")]
    [InlineData("Latin1_General_BIN", "")]
    [InlineData("Latin1_General_100_BIN2_UTF8", "")]
    public void A_collations_name_says_what_it_ignores(string name, string ignored)
    {
        var collation = new Collation(name);
        string[] found = [.. new[] { ("case", collation.IgnoresCase), ("accents", collation.IgnoresAccents), ("kana", collation.IgnoresKana), ("width", collation.IgnoresWidth) }.Where(i => i.Item2).Select(i => i.Item1)];
        Assert.Equal(ignored, string.Join(' ', found));
    }
}
