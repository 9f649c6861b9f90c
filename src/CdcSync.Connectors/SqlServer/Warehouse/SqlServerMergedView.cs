using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>What a gate sees after the merges of a transaction, on its session.</summary>
internal sealed class SqlServerMergedView(WarehouseSession session, SqlServerTable table) : IMergedView
{
    public Dataset Dataset => table.Dataset;

    public async ValueTask<decimal> AskAsync(SqlMeasure query, CancellationToken ct)
    {
        try
        {
            return CheckValues.Only(await session.RowsAsync(SqlServerCheckReader.Ask(table, query), r => TextOrNull(r, 0), ct));
        }
        catch (Exception e) when (SqlServerErrors.IsDriver(e) && !SqlServerErrors.IsCancellation(e, ct))
        {
            throw CheckValues.Refused(WarehouseErrors.Translate(e, $"{table.Label}: asking a rule"));
        }
    }
}
