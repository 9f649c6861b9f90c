using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Errors;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres;

public sealed class PostgresConnectionStringTests
{
    [Theory]
    [InlineData("Host=db.example.org;Database=d", SslMode.VerifyFull)]
    [InlineData("Host=10.0.0.7;Database=d", SslMode.VerifyFull)]
    [InlineData("Host=127.0.0.1,db.example.org;Database=d", SslMode.VerifyFull)]
    [InlineData("Server=db.example.org;SSL Mode=Require", SslMode.Require)]
    [InlineData("Host=db.example.org;sslmode=Disable", SslMode.Disable)]
    [InlineData("Host=127.0.0.1;Database=d", SslMode.Prefer)]
    [InlineData("Host=localhost:5433;Database=d", SslMode.Prefer)]
    [InlineData("Host=::1;Database=d", SslMode.Prefer)]
    [InlineData("Host=/var/run/postgresql;Database=d", SslMode.Prefer)]
    public void Tls_is_verified_off_loopback_unless_it_says_otherwise(string given, SslMode expected) =>
        Assert.Equal(expected, Complete(given).SslMode);

    [Fact]
    public void Sessions_are_named_after_the_pipeline_and_keep_the_users_own_options()
    {
        var completed = Complete("Host=localhost;Application Name=x;Options=-c search_path=sales;Include Error Detail=true");
        Assert.Equal("cdcsync/pipe", completed.ApplicationName);
        Assert.False(completed.IncludeErrorDetail);
        Assert.StartsWith("-c search_path=sales -c TimeZone=UTC ", completed.Options, StringComparison.Ordinal);
        Assert.Contains(" -c lock_timeout=10000 -c statement_timeout=900000 ", completed.Options, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=localhost;Passwort=canary-55")]
    [InlineData("Host=localhost;Port=canary-55")]
    [InlineData("postgresql://u:canary-55@localhost/d")]
    [InlineData("Database=canary-55")]
    [InlineData("")]
    public void What_can_not_be_read_is_not_repeated(string given)
    {
        var fault = Assert.Throws<CdcSyncException>(() => Complete(given));
        Assert.Equal(ErrorCodes.WarehouseDenied, fault.Code);
        Assert.DoesNotContain("canary-55", $"{fault} {fault.InnerException}", StringComparison.Ordinal);
    }

    [Fact]
    public void Two_passwords_are_one_too_many() =>
        Assert.Throws<CdcSyncException>(() => SessionSettings.ConnectionString(new PostgresWarehouseOptions { ConnectionString = "Host=localhost;Password=p", Pipeline = "pipe", Password = _ => new("q") }));

    private static NpgsqlConnectionStringBuilder Complete(string given) => new(SessionSettings.ConnectionString(new PostgresWarehouseOptions { ConnectionString = given, Pipeline = "pipe" }));
}
