using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CdcSync.Cli.Daemon;
using CdcSync.Core.Metrics;
using CdcSync.EndToEnd.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>A collector behind TLS of its own, that asks for a certificate as well.</summary>
public sealed class OtlpTlsTests
{
    [Fact]
    public async Task A_collector_is_believed_by_the_certificate_that_is_named_and_sees_ours()
    {
        using var folder = new TempFolder();
        using var server = Issue(folder, "collector");
        using var own = Issue(folder, "worker");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = $"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}";
        using var registry = new MetricRegistry();
        registry.Counter("c_total", "Counted.").Add().Add();

        // Nobody vouches for it: nothing is sent.
        await using (Export(registry, ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)))
            await Assert.ThrowsAnyAsync<Exception>(() => ServeAsync(listener, server));
        listener.Stop();
        listener.Start();
        endpoint = $"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}";

        var serving = ServeAsync(listener, server);
        await using (Export(registry, ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_EXPORTER_OTLP_CERTIFICATE", folder["collector.pem"]),
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", folder["worker.pem"]), ("OTEL_EXPORTER_OTLP_CLIENT_KEY", folder["worker.key"])))
        {
            var (request, client) = await serving.WaitAsync(CdcsyncProcess.Patience);
            Assert.StartsWith("POST /v1/metrics ", request, StringComparison.Ordinal);
            Assert.Equal(own.Thumbprint, client);
        }
    }

    private static OtlpExport Export(MetricRegistry registry, params (string Name, string Value)[] variables) =>
        new(OtlpOptions.Read(name => variables.Append(("OTEL_METRIC_EXPORT_INTERVAL", "10")).LastOrDefault(v => v.Item1 == name).Item2)!, registry, "1", TimeProvider.System, NullLogger.Instance);

    /// <summary>Takes one request.</summary>
    /// <returns>Its head, and the thumbprint of the certificate that was shown.</returns>
    private static async Task<(string Request, string? Client)> ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var connection = await listener.AcceptTcpClientAsync();
        await using var stream = new SslStream(connection.GetStream(), leaveInnerStreamOpen: false, (_, shown, _, _) => shown is not null);
        await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, ClientCertificateRequired = true });
        var client = stream.RemoteCertificate?.GetCertHashString();
        var buffer = new byte[4096];
        var read = await stream.ReadAsync(buffer);
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
        return (Encoding.ASCII.GetString(buffer, 0, read), client);
    }

    private static X509Certificate2 Issue(TempFolder folder, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(folder[$"{name}.pem"], certificate.ExportCertificatePem());
        File.WriteAllText(folder[$"{name}.key"], key.ExportPkcs8PrivateKeyPem());
        return certificate;
    }
}
