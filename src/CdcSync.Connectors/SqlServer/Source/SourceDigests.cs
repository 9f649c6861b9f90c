using CdcSync.Connectors.SqlServer.Digests;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>Sends the statements that compare a source, each on a connection of its own, which sees one state where the database allows that.</summary>
/// <param name="open">Opens a connection.</param>
internal sealed class SourceDigests(Func<CancellationToken, ValueTask<ISourceDatabase>> open) : IDigestServer
{
    public async ValueTask<List<T>> AskAsync<T>(TSql sql, IReadOnlyDictionary<string, object?> values, Func<SqlDataReader, T> row, CancellationToken ct)
    {
        await using var database = await open(ct);
        return await Task.Run(() =>
        {
            using var cancellation = database.CancelledBy(ct);
            var facts = database.Facts();
            database.Begin(facts.AllowsSnapshot ? ReadIsolation.Snapshot : ReadIsolation.Committed);
            return database.Ask(sql, values, row);
        }, ct);
    }
}
