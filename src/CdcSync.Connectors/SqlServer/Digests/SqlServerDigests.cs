using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Digests;

/// <summary>Sends the statements of <see cref="DigestSql"/>, each in a session of its own.</summary>
internal interface IDigestServer
{
    /// <summary>The rows of an answer.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="values">The values of its parameters by their names, perhaps of others too.</param>
    /// <param name="row">Reads a row, its columns in order.</param>
    /// <param name="ct">Cancels.</param>
    ValueTask<List<T>> AskAsync<T>(TSql sql, IReadOnlyDictionary<string, object?> values, Func<SqlDataReader, T> row, CancellationToken ct);
}

/// <summary>Rows in SQL Server as one side of a comparison, their digests computed by the server. Each call is a statement, or a few, that only read.</summary>
/// <param name="server">The server.</param>
/// <param name="table">What is compared; it can say every scope that is asked for.</param>
internal sealed class SqlServerDigests(IDigestServer server, DigestTable table) : IDigestReader
{
    public async ValueTask<Survey> SurveyAsync(DigestScope scope, CancellationToken ct) =>
        (await server.AskAsync(DigestSql.Survey(table, scope.Places.IsOrdered), new Dictionary<string, object?>(), DigestValues.Survey, ct)).Single();

    public async ValueTask<IReadOnlyDictionary<long, PartDigest>> DigestAsync(DigestScope scope, IReadOnlyList<Part>? parts, int shift, CancellationToken ct)
    {
        var (sql, values) = Prepared(scope);
        values["@unit"] = DigestValues.Unit(shift);
        if (parts is not null && !Choose(scope, parts, values)) return new Dictionary<long, PartDigest>();
        var answer = await server.AskAsync(parts is null ? sql.All(shift) : sql.Some(shift, parts[0].Shift), values, DigestValues.Digest, ct);
        return answer.ToDictionary(d => d.Prefix, d => d.Digest);
    }

    public async IAsyncEnumerable<RowDigest> RowsAsync(DigestScope scope, IReadOnlyList<Part> parts, [EnumeratorCancellation] CancellationToken ct)
    {
        var (sql, values) = Prepared(scope);
        if (!Choose(scope, parts, values)) yield break;
        foreach (var row in await server.AskAsync(sql.RowsOf(parts[0].Shift), values, r => DigestValues.Row(r, 0), ct)) yield return row;
    }

    public async IAsyncEnumerable<RowDigest> FindAsync(DigestScope scope, RecordBatch keys, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var some in DigestValues.Keys(table.Key, keys).Chunk(KeysSql.AtOnce(table.Key)))
        {
            var values = DigestValues.Of(table, DigestBounds.None);
            foreach (var (row, key) in some.Index())
                for (var part = 0; part < key.Length; part++) values[KeysSql.Name(row, part)] = key[part];
            foreach (var row in await server.AskAsync(DigestSql.Find(table, scope, some.Length), values, r => DigestValues.Row(r, 0), ct)) yield return row;
        }
    }

    /// <summary>A control total.</summary>
    public async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>> TotalsAsync(TotalScope scope, CancellationToken ct)
    {
        var bounds = DigestBounds.Of(table, scope.Range);
        var scale = scope.Sum is { } sum && table.Columns[sum].Found is { Integers: null } found ? found.Kind is "money" or "smallmoney" ? 4 : found.Scale : 0;
        return (await server.AskAsync(TotalsSql.Of(table, scope, bounds.Bounds), DigestValues.Of(table, bounds), r => DigestValues.Total(r, scale), ct)).ToDictionary(t => t.Group, t => t.Total);
    }

    private (DigestSql Sql, Dictionary<string, object?> Values) Prepared(DigestScope scope)
    {
        var bounds = DigestBounds.Of(table, scope.Range);
        return (new DigestSql(table, scope, bounds.Bounds), DigestValues.Of(table, bounds));
    }

    private bool Choose(DigestScope scope, IReadOnlyList<Part> parts, Dictionary<string, object?> values)
    {
        values["@size"] = parts.Count > 0 ? DigestValues.Unit(parts[0].Shift) : 0L;
        values["@parts"] = parts.Count > 0 ? DigestValues.Parts(table, scope, parts) : null;
        return values["@parts"] is not null;
    }
}
