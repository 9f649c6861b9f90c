using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Wire;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using Npgsql;
using NpgsqlTypes;
using static CdcSync.Connectors.Postgres.Parameter;

namespace CdcSync.Connectors.Postgres.Digests;

/// <summary>The parameters of <see cref="DigestSql"/>, and its answers.</summary>
internal static class DigestRows
{
    /// <summary>Which parts are asked for.</summary>
    public static NpgsqlParameter[] Parts(DigestScope scope, IReadOnlyList<Part> parts) => scope.Places.IsTime ? [Times(scope, [.. parts.Select(p => p.First)]), Times(scope, [.. parts.Select(p => p.Last)])]
        : scope.Places.IsOrdered ? [BigInts([.. parts.Select(p => p.First)]), BigInts([.. parts.Select(p => p.Last)])]
        : [Integer(parts[0].Shift), BigInts([.. parts.Select(p => p.Prefix)])];

    private static NpgsqlParameter Times(DigestScope scope, long[] places) => scope.Dataset.Key[0].TargetType switch
    {
        Date32Type => Of(Array.ConvertAll(places, PostgresTime.DayAt), NpgsqlDbType.Array | NpgsqlDbType.Date),
        TimestampType { Timezone: null } => Of(Array.ConvertAll(places, PostgresTime.InstantAt), NpgsqlDbType.Array | NpgsqlDbType.Timestamp),
        _ => Of(Array.ConvertAll(places, PostgresTime.InstantAt), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz),
    };

    /// <summary>The bounds of the scope's range, as far as there are any.</summary>
    public static IEnumerable<NpgsqlParameter> Range(DigestScope scope) => Range(scope.Dataset, scope.Range);

    /// <summary>The bounds of a range, as far as there are any.</summary>
    public static IEnumerable<NpgsqlParameter> Range(Dataset dataset, RowRange? range) => range is null ? []
        : ((long?[])[range.From, range.To]).OfType<long>().Select(bound => Bound(dataset.TargetSchema.Fields[range.Column].DataType, bound));

    /// <summary>A row of <see cref="DigestSql.Survey"/>.</summary>
    public static Survey Survey(NpgsqlDataReader r) => new(r.IsDBNull(0) ? null : r.GetInt64(0), r.IsDBNull(1) ? null : r.GetInt64(1), r.GetInt64(2));

    /// <summary>A part.</summary>
    public static (long Prefix, PartDigest Digest) Digest(NpgsqlDataReader r) => (r.GetInt64(0), new PartDigest(r.GetInt64(1), Sum(r, 2), Sum(r, 3)));

    /// <summary>A row's key and hash.</summary>
    public static RowDigest Row(NpgsqlDataReader r) => new(new CanonicalKey(r.GetFieldValue<byte[]>(0)), new RowHash(r.GetInt64(1), r.GetInt64(2)));

    /// <summary>A row of <see cref="TotalsSql"/>.</summary>
    public static (CanonicalKey Group, GroupTotal Total) Total(NpgsqlDataReader r) =>
        (new CanonicalKey(r.GetFieldValue<byte[]>(0)), new GroupTotal(r.GetInt64(1), r.IsDBNull(2) ? null : GroupTotal.Normal(r.GetString(2))));

    private static NpgsqlParameter Bound(ArrowType type, long bound) => type switch
    {
        Date32Type => Of((int)Math.Clamp(bound - PostgresTime.EpochDays, int.MinValue, int.MaxValue), NpgsqlDbType.Date),
        TimestampType t => Of(PostgresTime.FromUnix(bound, t.Unit), t.Timezone is null ? NpgsqlDbType.Timestamp : NpgsqlDbType.TimestampTz),
        _ => BigInt(bound),
    };

    private static Int128 Sum(NpgsqlDataReader r, int at) => Int128.Parse(r.GetString(at), CultureInfo.InvariantCulture);
}
