using CdcSync.Connectors.SqlServer;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Tests.SqlServer;

public sealed class SqlServerDialectTests
{
    [Theory]
    [InlineData("orders", "[orders]")]
    [InlineData("or]der's", "[or]]der's]")]
    [InlineData("日本 [x]", "[日本 [x]]]")]
    public void A_name_is_quoted_so_that_it_ends_where_it_ends(string name, string quoted) => Assert.Equal(quoted, SqlServerDialect.Quote(name));

    [Fact]
    public void A_text_as_a_literal_ends_where_it_ends() => Assert.Equal("N'it''s ]'", SqlServerDialect.Literal("it's ]"));

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    public void A_name_that_SQL_Server_can_not_have_is_refused(string name) =>
        Assert.Equal(ErrorCodes.InvalidName, Assert.Throws<CdcSyncException>(() => SqlServerDialect.Quote(name)).Code);

    [Fact]
    public void A_name_has_at_most_128_characters()
    {
        Assert.Equal(130, SqlServerDialect.Quote(new string('x', 128)).Length);
        Assert.Throws<CdcSyncException>(() => SqlServerDialect.Quote(new string('x', 129)));
    }
}
