using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Errors;
using CdcSync.TestServers;

namespace CdcSync.Connectors.Tests.Postgres;

/// <summary>A connection that can't be trusted is closed before a password is sent, and nobody tries again by himself.</summary>
public sealed class PostgresTlsTests
{
    [Fact]
    public async Task A_server_without_tls_is_refused_where_tls_is_asked_for()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        var server = await PostgresServer.SharedAsync();
        var fault = await FaultAsync($"{server.AdminConnectionString};SSL Mode=VerifyFull");
        Assert.Equal("checking the control schema: the PostgreSQL server does not offer TLS, which is asked for off loopback.", fault.Message);
    }

    [Theory]
    [InlineData("CN=localhost", 1)]
    [InlineData("CN=db.example.org", 1)]
    [InlineData("CN=localhost", -1)]
    public async Task A_certificate_that_nobody_vouches_for_that_is_anothers_or_expired_is_refused(string subject, int validDays)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-2), now.AddDays(validDays));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var received = HandshakeAsync(listener, certificate);
        var fault = await FaultAsync($"Host=localhost;Port={((IPEndPoint)listener.LocalEndpoint).Port};Username=u;Password=canary-66;Database=d;SSL Mode=VerifyFull;GSS Encryption Mode=Disable");
        Assert.Contains("TLS could not be set up", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, await received);
    }

    private static async Task<CdcSyncException> FaultAsync(string connectionString)
    {
        await using var warehouse = new PostgresWarehouse(new PostgresWarehouseOptions { ConnectionString = connectionString, Pipeline = "pipe" }, TimeProvider.System);
        var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.CheckSchemaAsync(default));
        Assert.True(fault.Code == ErrorCodes.WarehouseDenied, $"{fault} {fault.InnerException}");
        Assert.False(fault.IsTransient);
        Assert.DoesNotContain("canary-66", $"{fault} {fault.InnerException}", StringComparison.Ordinal);
        return fault;
    }

    /// <summary>Says yes to TLS, as PostgreSQL does, and shows the certificate.</summary>
    /// <returns>Bytes the client sent once TLS was up.</returns>
    private static async Task<int> HandshakeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var client = await listener.AcceptTcpClientAsync();
        var stream = client.GetStream();
        // A length and what is asked for.
        await stream.ReadExactlyAsync(new byte[8]);
        await stream.WriteAsync("S"u8.ToArray());
        await using var tls = new SslStream(stream);
        try
        {
            await tls.AuthenticateAsServerAsync(certificate);
            return await tls.ReadAsync(new byte[100]);
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            return 0;
        }
    }
}
