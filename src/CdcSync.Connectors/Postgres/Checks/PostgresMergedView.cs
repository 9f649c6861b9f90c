using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using Npgsql;
using static CdcSync.Connectors.Postgres.Parameter;

namespace CdcSync.Connectors.Postgres.Checks;

/// <summary>What a gate sees after the merges of an open transaction: queries are asked behind a savepoint that only reads, in one round trip.</summary>
internal sealed class PostgresMergedView(NpgsqlConnection connection, PostgresTable table) : IMergedView
{
    public Dataset Dataset => table.Dataset;

    public async ValueTask<decimal> AskAsync(SqlMeasure query, CancellationToken ct)
    {
        try
        {
            return CheckValues.Only(await AnswerAsync(query, ct));
        }
        catch (Exception e) when (PostgresErrors.IsDriver(e))
        {
            throw CheckValues.Refused(WarehouseErrors.Translate(e, $"{table.Label}: asking a rule"));
        }
    }

    private async Task<List<string?>> AnswerAsync(SqlMeasure query, CancellationToken ct)
    {
        await using var reader = await SendAsync(connection, ct,
        [
            Statement("SAVEPOINT cdcsync_rule"),
            .. PostgresCheckReader.ReadOnly,
            Statement(CheckSql.Ask(table, query), BigInt(2)),
            Statement("ROLLBACK TO SAVEPOINT cdcsync_rule"),
            Statement("RELEASE SAVEPOINT cdcsync_rule"),
        ]);
        List<string?> rows = [];
        do
        {
            while (await reader.ReadAsync(ct)) rows.Add(PostgresCheckReader.Answer(reader));
        }
        while (await reader.NextResultAsync(ct));
        return rows;
    }
}
