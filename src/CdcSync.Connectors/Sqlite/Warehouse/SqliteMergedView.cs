using CdcSync.Connectors.Sqlite.Checks;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>What a gate sees after the merges of a transaction, on its session.</summary>
internal sealed class SqliteMergedView(SqliteSessions sessions, SqliteSession session, SqliteTable table) : IMergedView
{
    public Dataset Dataset => table.Dataset;

    public ValueTask<decimal> AskAsync(SqlMeasure query, CancellationToken ct) =>
        new(sessions.Translated($"asking a rule of {table.Dataset.Id}", () => ContractQuery.Ask(session, sessions.Path, table, query), ct));
}
