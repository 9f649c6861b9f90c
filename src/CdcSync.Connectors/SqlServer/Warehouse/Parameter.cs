using System.Data;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>The parameters of statements over the control tables, typed as their columns.</summary>
internal static class Parameter
{
    private static readonly TSqlType Id = new(SqlDbType.NVarChar, 63), Word = new(SqlDbType.NVarChar, 20), Digest = new(SqlDbType.NVarChar, 64), Int = new(SqlDbType.Int), TSqlInstant = new(SqlDbType.DateTime2, Scale: 6);

    public static readonly TSqlParameter PipelineName = new("@pipeline", Id), DatasetName = new("@dataset", Id), Publication = new("@publication", new(SqlDbType.UniqueIdentifier)),
        Expected = new("@expected", TSqlType.BigInt), Next = new("@next", TSqlType.BigInt), Generation = new("@generation", TSqlType.BigInt),
        SourceKind = new("@source_kind", TSqlType.Text), SourceId = new("@source_id", TSqlType.Text), PositionKind = new("@position_kind", TSqlType.Text), PositionText = new("@position", TSqlType.Text),
        Snapshot = new("@snapshot", TSqlType.Text), CompleteUpTo = new("@complete_up_to", TSqlInstant);

    public static readonly TSqlParameter Kind = new("@kind", Word), After = new("@after", TSqlType.Text), UpTo = new("@up_to", TSqlType.Text), RangeOrdinal = new("@range", Int),
        RowsRead = new("@rows_read", TSqlType.BigInt), RowsQuarantined = new("@rows_quarantined", TSqlType.BigInt),
        Inserted = new("@inserted", TSqlType.BigInt), Updated = new("@updated", TSqlType.BigInt), Deleted = new("@deleted", TSqlType.BigInt), Erased = new("@erased", TSqlType.BigInt),
        LandingPath = new("@landing_path", TSqlType.Text), LandingSha256 = new("@landing_sha256", Digest), LandingRows = new("@landing_rows", TSqlType.BigInt), LandingBytes = new("@landing_bytes", TSqlType.BigInt),
        SourceTime = new("@source_time", TSqlInstant), NewestCommit = new("@newest_commit", TSqlInstant);

    public static readonly TSqlParameter Holder = new("@holder", TSqlType.Text), Token = new("@token", TSqlType.BigInt), Milliseconds = new("@milliseconds", Int),
        Resource = new("@resource", new(SqlDbType.NVarChar, 255)), Wait = new("@wait", Int), Limit = new("@limit", Int);

    public static readonly TSqlParameter TargetSchema = new("@target_schema", TSqlType.Name), TargetName = new("@target_table", TSqlType.Name), DefaultSchema = new("@default_schema", TSqlType.Name),
        Phase = new("@phase", Word), Paused = new("@paused", new(SqlDbType.Bit)), FilledColumns = new("@columns", TSqlType.Text), ErrorCodeText = new("@error_code", Word), Error = new("@error", TSqlType.Text), Freshness = new("@freshness", new(SqlDbType.Float)),
        ContractId = new("@contract_id", TSqlType.Text), ContractVersion = new("@contract_version", TSqlType.Text), ContractOwner = new("@contract_owner", TSqlType.Text);

    public static readonly TSqlParameter Schema = new("@schema", TSqlType.Name), Table = new("@table", TSqlType.Name), QualifiedName = new("@name", TSqlType.Text);

    /// <summary>One of several rows: <c>@digest3</c>.</summary>
    /// <param name="parameter">The parameter of one row.</param>
    /// <param name="row">The row's place, from 0.</param>
    public static TSqlParameter At(this TSqlParameter parameter, int row) => parameter with { Name = $"{parameter.Name}{row}" };

    public static readonly TSqlParameter RowDigest = new("@digest", Digest), RowKey = new("@key", TSqlType.Text), Rule = new("@rule", TSqlType.Text), Column = new("@column", TSqlType.Text),
        Reason = new("@reason", TSqlType.Text), Payload = new("@payload", TSqlType.Text),
        Before = new("@before", TSqlInstant);

    /// <summary>With an instant, in UTC.</summary>
    public static SqlParameter WithInstant(this TSqlParameter parameter, DateTimeOffset? value) => parameter.With((object?)value?.UtcDateTime);

    /// <summary>An instant as a control table holds it.</summary>
    public static DateTimeOffset Instant(SqlDataReader reader, int at) => new(DateTime.SpecifyKind(reader.GetDateTime(at), DateTimeKind.Utc));

    /// <inheritdoc cref="Instant"/>
    public static DateTimeOffset? InstantOrNull(SqlDataReader reader, int at) => reader.IsDBNull(at) ? null : Instant(reader, at);

    public static string? TextOrNull(SqlDataReader reader, int at) => reader.IsDBNull(at) ? null : reader.GetString(at);
}
