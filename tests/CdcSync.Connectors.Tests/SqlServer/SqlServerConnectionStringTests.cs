using CdcSync.Connectors.SqlServer;
using CdcSync.Core.Errors;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.Tests.SqlServer;

public sealed class SqlServerConnectionStringTests
{
    private static SqlConnectionStringBuilder Completed(string text) => new(SqlServerConnectionString.Complete(text, "cdcsync/shop", ErrorCodes.SourceDenied));

    private static CdcSyncException Refused(string text) => Assert.Throws<CdcSyncException>(() => SqlServerConnectionString.Complete(text, "cdcsync/shop", ErrorCodes.SourceDenied));

    [Fact]
    public void Encryption_and_the_check_of_the_certificate_are_on_unless_the_user_says_otherwise()
    {
        var completed = Completed("Server=db.example.com;Database=shop;User ID=u;Password=p");
        Assert.Equal(SqlConnectionEncryptOption.Mandatory, completed.Encrypt);
        Assert.False(completed.TrustServerCertificate);
        Assert.Equal(SqlConnectionEncryptOption.Optional, Completed("Server=.;Database=shop;Encrypt=Optional").Encrypt);
        Assert.True(Completed("Server=.;Database=shop;Trust Server Certificate=true").TrustServerCertificate);
    }

    [Fact]
    public void A_session_has_a_name_a_timeout_and_is_never_mended_behind_ones_back()
    {
        var completed = Completed("Server=db;Database=shop;MultipleActiveResultSets=true;Enlist=true;ConnectRetryCount=7;Persist Security Info=true");
        Assert.Equal("cdcsync/shop", completed.ApplicationName);
        Assert.Equal(15, completed.ConnectTimeout);
        Assert.Equal(0, completed.ConnectRetryCount);
        Assert.False(completed.MultipleActiveResultSets);
        Assert.False(completed.Enlist);
        Assert.False(completed.PersistSecurityInfo);
    }

    [Theory]
    [InlineData("Server=db;Database=shop;App=mine;Connection Timeout=3")]
    [InlineData("Server=db;Database=shop;Application Name=mine;Timeout=3")]
    public void What_the_user_says_of_name_and_timeout_holds(string text)
    {
        Assert.Equal("mine", Completed(text).ApplicationName);
        Assert.Equal(3, Completed(text).ConnectTimeout);
    }

    [Theory]
    [InlineData("ReadOnly")]
    [InlineData("readonly")]
    public void A_replica_is_refused_by_the_word_that_leads_to_it(string intent)
    {
        var refused = Refused($"Server=db;Database=shop;ApplicationIntent={intent}");
        Assert.Equal(ErrorCodes.SourceDenied, refused.Code);
        Assert.Contains("ApplicationIntent", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Server=db")]
    [InlineData("Database=shop")]
    [InlineData("Server=db;Database=shop;Pasword=Canary-7")]
    [InlineData("Server=db;Database=shop;Password=\"Canary-7")]
    [InlineData("Server=db;Database=shop;Connect Timeout=Canary-7")]
    public void What_can_not_be_used_is_said_without_repeating_any_of_it(string text)
    {
        var refused = Refused(text);
        Assert.DoesNotContain("Canary", refused.ToString(), StringComparison.Ordinal);
        Assert.Null(refused.InnerException);
    }
}
