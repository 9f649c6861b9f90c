using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Http;

/// <summary>A server certificate as PEM files: what renews certificates writes such, and restarts nothing.</summary>
/// <param name="Certificate">The certificate, and behind it those up to the authority.</param>
/// <param name="Key">Its key.</param>
internal sealed record CertificateFiles(string Certificate, string Key)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.ConfigInvalid"/>: they can't be read, or don't belong together.</exception>
    public X509Certificate2 Read()
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(Certificate, Key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new CdcSyncException(ErrorCodes.ConfigInvalid, $"http.certificate '{Certificate}' and http.certificateKey '{Key}' can't be used ({e.GetType().Name}): expected PEM files that belong together.", "Mend them. Run: cdcsync validate", e);
        }
    }

    /// <summary>When either file was last written.</summary>
    public DateTime WrittenAt => Later(File.GetLastWriteTimeUtc(Certificate), File.GetLastWriteTimeUtc(Key));

    /// <summary>What TLS is spoken with: the certificate, and the others of its file.</summary>
    public SslStreamCertificateContext Open()
    {
        var others = new X509Certificate2Collection();
        others.ImportFromPemFile(Certificate);
        return SslStreamCertificateContext.Create(Read(), others, offline: true);
    }

    private static DateTime Later(DateTime a, DateTime b) => a > b ? a : b;
}

/// <summary>The certificate of the moment: read again when its files were written, kept while what is there can't be used.</summary>
internal sealed class CurrentCertificate(CertificateFiles files)
{
    private readonly Lock _reading = new();
    private DateTime _writtenAt = files.WrittenAt;
    private SslStreamCertificateContext _context = files.Open();

    /// <summary>What to speak TLS with now.</summary>
    public SslStreamCertificateContext Context
    {
        get
        {
            lock (_reading)
            {
                var writtenAt = files.WrittenAt;
                if (writtenAt == _writtenAt)
                    return _context;
                try
                {
                    _context = files.Open();
                    _writtenAt = writtenAt;
                }
                catch (Exception e) when (e is CdcSyncException or CryptographicException or IOException)
                {
                    // Half of a renewal: its other file comes in a moment.
                }

                return _context;
            }
        }
    }
}
