using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using Npgsql;
using static CdcSync.Connectors.Postgres.Digests.DigestRows;
using static CdcSync.Connectors.Postgres.Parameter;

namespace CdcSync.Connectors.Postgres.Digests;

/// <summary>A target in PostgreSQL as one side of a comparison. Each call is a transaction of its own, that only reads.</summary>
internal sealed class PostgresDigests(PostgresSessions sessions, Dataset dataset) : IDigestReader
{
    // Whole tables are scanned, however long it takes; parts are looked up by the key.
    private const string Begin = "BEGIN READ ONLY; SET LOCAL statement_timeout = 0";
    private const string BeginScan = $"{Begin}; SET LOCAL enable_seqscan = on";

    public bool OrdersTimes => true;

    public async ValueTask<Core.Reconciliation.Survey> SurveyAsync(DigestScope scope, CancellationToken ct)
    {
        var sql = await SqlAsync(scope, ct);
        await foreach (var survey in QueryAsync(Begin, sql.Survey(), [], Survey, ct))
            return survey;
        return default;
    }

    public async ValueTask<IReadOnlyDictionary<long, PartDigest>> DigestAsync(DigestScope scope, IReadOnlyList<Part>? parts, int shift, CancellationToken ct)
    {
        var sql = await SqlAsync(scope, ct);
        var digests = new Dictionary<long, PartDigest>();
        var answer = parts is null
            ? QueryAsync(BeginScan, sql.All(), [Integer(shift), .. Range(scope)], Digest, ct)
            : QueryAsync(scope.Places.IsOrdered ? Begin : BeginScan, sql.Some(), [Integer(shift), .. Parts(scope, parts), .. Range(scope)], Digest, ct);
        await foreach (var (prefix, digest) in answer)
            digests[prefix] = digest;
        return digests;
    }

    public async IAsyncEnumerable<RowDigest> RowsAsync(DigestScope scope, IReadOnlyList<Part> parts, [EnumeratorCancellation] CancellationToken ct)
    {
        var sql = await SqlAsync(scope, ct);
        await foreach (var row in QueryAsync(scope.Places.IsOrdered ? Begin : BeginScan, sql.RowsOf(), [.. Parts(scope, parts), .. Range(scope)], Row, ct))
            yield return row;
    }

    public async IAsyncEnumerable<RowDigest> FindAsync(DigestScope scope, RecordBatch keys, [EnumeratorCancellation] CancellationToken ct)
    {
        var sql = await SqlAsync(scope, ct);
        NpgsqlParameter[] arrays = [.. keys.Columns.Select(c => ArrayParameters.For(c.Type, [c], c.Length))];
        await foreach (var row in QueryAsync(Begin, sql.Find(), arrays, Row, ct))
            yield return row;
    }

    /// <summary>A control total of the target.</summary>
    public async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>> TotalsAsync(TotalScope scope, CancellationToken ct) =>
        await QueryAsync(BeginScan, TotalsSql.Of(await TableAsync(ct), scope), [.. Range(scope.Dataset, scope.Range)], Total, ct).ToDictionaryAsync(t => t.Group, t => t.Total, cancellationToken: ct);

    private async Task<DigestSql> SqlAsync(DigestScope scope, CancellationToken ct) => new(await TableAsync(ct), scope);

    private async Task<DigestTable> TableAsync(CancellationToken ct)
    {
        var table = PostgresTable.For(dataset, await sessions.DefaultSchemaAsync(ct));
        var found = await sessions.RunAsync($"{table.Label}: looking at the columns", connection => FoundTarget.ReadAsync(connection, table, ct), ct);
        if (found.Kind is null)
            throw new CdcSyncException(ErrorCodes.TargetMismatch, $"{table.Label}: the target is missing.", $"It is made again when it is loaded anew. Run: cdcsync resync {dataset.Id}");
        return DigestTable.Of(table, found.Columns.ToDictionary(c => c.Name, c => c.Type, StringComparer.Ordinal));
    }

    private async IAsyncEnumerable<T> QueryAsync<T>(string begin, string sql, NpgsqlParameter[] parameters, Func<NpgsqlDataReader, T> row, [EnumeratorCancellation] CancellationToken ct)
    {
        var doing = $"{dataset.Id}: comparing";
        var session = await sessions.RentAsync(doing, ct);
        var isDone = false;
        try
        {
            var reader = await TranslatedAsync(doing, () => OpenAsync(session.Connection, begin, sql, parameters, ct));
            await using (reader)
            {
                while (await TranslatedAsync(doing, () => reader.ReadAsync(ct)))
                    yield return row(reader);
            }

            await TranslatedAsync(doing, async () =>
            {
                await RunAsync(session.Connection, ct, Statement("COMMIT"));
                return true;
            });
            isDone = true;
        }
        finally
        {
            if (!isDone)
                session.Spoil();
            await sessions.ReturnAsync(session);
        }
    }

    private static async Task<NpgsqlDataReader> OpenAsync(NpgsqlConnection connection, string begin, string sql, NpgsqlParameter[] parameters, CancellationToken ct)
    {
        await using (var setting = new NpgsqlCommand(begin, connection))
            await setting.ExecuteNonQueryAsync(ct);
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.Parameters.AddRange(parameters);
        return await command.ExecuteReaderAsync(ct);
    }

    private static async Task<T> TranslatedAsync<T>(string doing, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (PostgresErrors.IsDriver(e))
        {
            throw WarehouseErrors.Translate(e, doing);
        }
    }
}
