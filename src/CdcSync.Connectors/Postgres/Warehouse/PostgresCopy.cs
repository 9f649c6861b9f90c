using CdcSync.Connectors.Postgres.Wire;
using CdcSync.Core.Batches;
using CdcSync.Core.Warehouses;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>A COPY into a stage, or straight into its target, that is under way: it has the session for itself. Disposed before its end, it is broken off and the server forgets its rows.</summary>
internal sealed class PostgresCopy : IAsyncDisposable
{
    private readonly NpgsqlRawCopyStream _stream;
    private readonly CopyEncoder _encoder;
    private bool _isEnded;

    private PostgresCopy(PostgresStage stage, NpgsqlRawCopyStream stream)
    {
        Stage = stage;
        _stream = stream;
        _encoder = new CopyEncoder(stream);
    }

    public PostgresStage Stage { get; }

    public static async Task<PostgresCopy> BeginAsync(NpgsqlConnection connection, PostgresStage stage, CancellationToken ct)
    {
        var sql = stage.Mode == PublishMode.Append ? MergeSql.CopyTarget(stage.Table) : MergeSql.CopyStage(stage.Table);
        var copy = new PostgresCopy(stage, await connection.BeginRawBinaryCopyAsync(sql, ct));
        await copy._encoder.BeginAsync(ct);
        return copy;
    }

    public async Task WriteAsync(ChangeChunk chunk, CancellationToken ct)
    {
        await _encoder.WriteAsync(Stage.Mode == PublishMode.Append ? CopyColumn.OfRows(chunk) : CopyColumn.Staged(chunk, Stage.Copied), chunk.Length, ct);
        Stage.Copied += chunk.Length;
    }

    /// <summary>Ends it; the rows are in the stage then.</summary>
    public async Task EndAsync(CancellationToken ct)
    {
        await _encoder.EndAsync(ct);
        await _stream.DisposeAsync();
        _isEnded = true;
    }

    public async ValueTask DisposeAsync()
    {
        _encoder.Dispose();
        if (!_isEnded) await _stream.CancelAsync();
    }
}
