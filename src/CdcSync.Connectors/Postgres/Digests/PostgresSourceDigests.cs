using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Source;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using Npgsql;
using static CdcSync.Connectors.Postgres.Digests.DigestRows;
using static CdcSync.Connectors.Postgres.Parameter;

namespace CdcSync.Connectors.Postgres.Digests;

/// <summary>A PostgreSQL source as one side of a comparison, its digests computed by the server. Each call is a session and a statement of its own.</summary>
/// <param name="open">Opens a connection.</param>
/// <param name="table">The object as the target should be.</param>
/// <param name="dataset">The dataset.</param>
internal sealed class PostgresSourceDigests(Func<CancellationToken, ValueTask<SourceConnection>> open, DigestTable table, Dataset dataset) : IDigestReader
{
    public bool OrdersTimes => true;

    public async ValueTask<Core.Reconciliation.Survey> SurveyAsync(DigestScope scope, CancellationToken ct) =>
        (await AskAsync(new DigestSql(table, scope).Survey(), [], Survey, ct)).Single();

    public async ValueTask<IReadOnlyDictionary<long, PartDigest>> DigestAsync(DigestScope scope, IReadOnlyList<Part>? parts, int shift, CancellationToken ct)
    {
        var sql = new DigestSql(table, scope);
        var answer = parts is null
            ? await AskAsync(sql.All(), [Integer(shift), .. Range(scope), .. Own], Digest, ct)
            : await AskAsync(sql.Some(), [Integer(shift), .. Parts(scope, parts), .. Range(scope), .. Own], Digest, ct);
        return answer.ToDictionary(d => d.Prefix, d => d.Digest);
    }

    public async IAsyncEnumerable<RowDigest> RowsAsync(DigestScope scope, IReadOnlyList<Part> parts, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var row in await AskAsync(new DigestSql(table, scope).RowsOf(), [.. Parts(scope, parts), .. Range(scope), .. Own], Row, ct))
            yield return row;
    }

    public async IAsyncEnumerable<RowDigest> FindAsync(DigestScope scope, RecordBatch keys, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var row in await AskAsync(new DigestSql(table, scope).Find(), [.. keys.Columns.Select(c => ArrayParameters.For(c.Type, [c], c.Length)), .. Own], Row, ct))
            yield return row;
    }

    /// <summary>A control total of the source's rows.</summary>
    public async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>> TotalsAsync(TotalScope scope, CancellationToken ct) =>
        (await AskAsync(TotalsSql.Of(table, scope), [.. Range(scope.Dataset, scope.Range), .. Own], Total, ct)).ToDictionary(t => t.Group, t => t.Total);

    /// <summary>The filter's values.</summary>
    private NpgsqlParameter[] Own => dataset.Filter is { } filter ? [Texts([.. filter.Values])] : [];

    private async ValueTask<List<T>> AskAsync<T>(string sql, NpgsqlParameter[] parameters, Func<NpgsqlDataReader, T> row, CancellationToken ct)
    {
        await using var connection = await open(ct);
        return await Task.Run(() =>
        {
            using var cancellation = connection.CancelledBy(ct);
            return connection.Ask([Statement(sql, parameters)], $"comparing dataset {dataset.Id}", rows =>
            {
                var all = new List<T>();
                while (rows.Read())
                    all.Add(row(rows));
                return all;
            });
        }, ct);
    }
}
