using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Daemon;

/// <summary>How a collector is believed, and how it believes us: PEM files, read when the process starts.</summary>
/// <param name="Trusted">Who may have signed the collector's certificate; null = whom the system trusts.</param>
/// <param name="Own">The certificate shown to the collector, with its key; null = none.</param>
internal sealed record OtlpTls(X509Certificate2Collection? Trusted, X509Certificate2? Own)
{
    /// <summary>Reads them.</summary>
    /// <param name="trusted">The file of the trusted certificates; null = none is named.</param>
    /// <param name="own">The file of one's own certificate.</param>
    /// <param name="key">The file of its key.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.WrongUsage"/>: a file can't be read, or one of the pair is missing.</exception>
    public static OtlpTls Read(string? trusted, string? own, string? key)
    {
        if (own is null != key is null)
            throw OtlpOptions.Wrong("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY go together, and one of them is missing.", "Set both, or none.");
        return new OtlpTls(trusted is null ? null : Of("OTEL_EXPORTER_OTLP_CERTIFICATE", trusted, () =>
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(trusted);
            return certificates.Count > 0 ? certificates : throw new CryptographicException("no certificate");
        }), own is null ? null : Of("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", own, () => X509Certificate2.CreateFromPemFile(own, key)));
    }

    /// <summary>What a connection goes by.</summary>
    public SslClientAuthenticationOptions Options()
    {
        var options = new SslClientAuthenticationOptions();
        if (Trusted is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Trusted);
        }
        if (Own is not null)
            options.ClientCertificates = [Own];
        return options;
    }

    private static T Of<T>(string variable, string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw OtlpOptions.Wrong($"{variable}: '{file}' can't be read as PEM.", "Name a file with certificates (BEGIN CERTIFICATE), and for one's own the key beside it (BEGIN PRIVATE KEY, not encrypted).");
        }
    }
}
