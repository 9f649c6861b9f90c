using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Digests;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>
/// A target in SQL Server as one side of a comparison. The server hashes its rows, where T-SQL can make the canonical bytes of all columns that are compared; else they travel
/// to this process: texts on a server without a UTF-8 collation (before 2019), columns that somebody gave a type of another kind.
/// </summary>
internal sealed class SqlServerTargetDigests(WarehouseSessions sessions, Dataset dataset) : IDigestReader, IDigestServer
{
    private readonly string _doing = $"{dataset.Id}: comparing";

    public async ValueTask<Survey> SurveyAsync(DigestScope scope, CancellationToken ct) => await (await ReaderAsync(t => t.CanSay(scope), ct)).SurveyAsync(scope, ct);

    public async ValueTask<IReadOnlyDictionary<long, PartDigest>> DigestAsync(DigestScope scope, IReadOnlyList<Part>? parts, int shift, CancellationToken ct) =>
        await (await ReaderAsync(t => t.CanSay(scope), ct)).DigestAsync(scope, parts, shift, ct);

    public async IAsyncEnumerable<RowDigest> RowsAsync(DigestScope scope, IReadOnlyList<Part> parts, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var row in (await ReaderAsync(t => t.CanSay(scope), ct)).RowsAsync(scope, parts, ct)) yield return row;
    }

    public async IAsyncEnumerable<RowDigest> FindAsync(DigestScope scope, RecordBatch keys, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var row in (await ReaderAsync(t => t.CanSay(scope) && t.CanSeek, ct)).FindAsync(scope, keys, ct)) yield return row;
    }

    /// <summary>A control total of the target.</summary>
    public async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>> TotalsAsync(TotalScope scope, CancellationToken ct)
    {
        var (table, found, digests) = await TableAsync(ct);
        return digests.CanSay(scope) ? await new SqlServerDigests(this, digests).TotalsAsync(scope, ct)
            : await LocalTotals.OfAsync(new SqlServerTargetSide(sessions, table, found, digests), scope, ct);
    }

    /// <summary>The columns whose values have no canonical form in T-SQL, so that rows travel; empty = the server hashes them.</summary>
    public async ValueTask<IReadOnlyList<string>> TravellingAsync(CancellationToken ct)
    {
        var (table, _, digests) = await TableAsync(ct);
        return [.. table.Columns.Zip(digests.Columns).Where(c => c.Second.Canonical is null).Select(c => c.First.Plain)];
    }

    public ValueTask<List<T>> AskAsync<T>(TSql sql, IReadOnlyDictionary<string, object?> values, Func<SqlDataReader, T> row, CancellationToken ct) => sessions.RunAsync(_doing, session =>
        session.RowsAsync(new Statement(sql, [.. sql.Parameters.Select(p => p.With(values[p.Name]))]) { IsLong = true }, row, ct), ct);

    private async Task<IDigestReader> ReaderAsync(Func<DigestTable, bool> isForServer, CancellationToken ct)
    {
        var (table, found, digests) = await TableAsync(ct);
        return isForServer(digests) ? new SqlServerDigests(this, digests) : new LocalDigests(new SqlServerTargetSide(sessions, table, found, digests));
    }

    private async Task<(SqlServerTable Table, FoundTable Found, DigestTable Digests)> TableAsync(CancellationToken ct)
    {
        var table = SqlServerTable.For(dataset, (await sessions.DatabaseAsync(ct)).DefaultSchema);
        var (found, server) = await sessions.RunAsync($"{table.Label}: looking at the columns", async session =>
            (await FoundTable.ReadAsync(session, table, ct), await ServerAsync(session, ct)), ct);
        if (found.Kind is null)
            throw new CdcSyncException(ErrorCodes.TargetMismatch, $"{table.Label}: the target is missing.", $"It is made again when it is loaded anew. Run: cdcsync resync {dataset.Id}");
        return (table, found, DigestTable.Of(table, found.Columns.ToDictionary(c => c.Name, c => c.Type, StringComparer.Ordinal), server));
    }

    private static async Task<DigestServer> ServerAsync(WarehouseSession session, CancellationToken ct)
    {
        try
        {
            return (await session.RowsAsync(new Statement(DigestSql.Server()), DigestServer.Of, ct)).Single();
        }
        catch (SqlException e) when (DigestServer.IsMissing(e))
        {
            return DigestServer.None;
        }
    }
}
