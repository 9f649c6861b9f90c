using System.Security.Cryptography;
using System.Text;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Postgres.Source.Catalog;

/// <summary>
/// Says whether the columns a dataset reads are still those it read before. A column that was added, dropped and added again, or converted by an ALTER has values
/// that no row change announces.
/// </summary>
internal static class SchemaFingerprint
{
    /// <summary>16 hex digits, equal where no DDL can have changed a value that is read.</summary>
    public static string Of(Dataset dataset, PostgresObject source)
    {
        var text = string.Join('\n', dataset.Columns.Select(c => source.Column(c.Source)?.Fingerprint ?? c.Source).Order(StringComparer.Ordinal));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }
}
