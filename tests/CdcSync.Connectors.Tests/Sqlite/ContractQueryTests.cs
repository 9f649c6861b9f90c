using CdcSync.Connectors.Sqlite.Checks;
using CdcSync.Connectors.Sqlite.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Checks;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Tests.Sqlite;

/// <summary>A query of a contract is asked on a session that could write.</summary>
public sealed class ContractQueryTests : IAsyncDisposable
{
    private readonly WarehouseFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task A_function_that_writes_is_refused_within_a_query_and_the_session_writes_on()
    {
        // The full-text index of version 4 has a function that merges its segments, in any SELECT.
        await _fixture.ExecuteAsync("CREATE VIRTUAL TABLE docs USING fts4 (body)");
        await _fixture.ExecuteAsync("INSERT INTO docs VALUES ('a'); INSERT INTO docs VALUES ('b')");
        const string Segments = "SELECT count(*) FROM docs_segdir";
        Assert.Equal(2L, await _fixture.ScalarAsync(Segments));
        var table = SqliteTable.For(TestDatasets.Accounts());
        using var sessions = new SqliteSessions($"Data Source={_fixture.File}");

        var fault = await sessions.WriteAsync("asking", session =>
        {
            var refused = Assert.Throws<CdcSyncException>(() => ContractQuery.Ask(session, _fixture.File, table, new SqlMeasure("SELECT length(optimize(docs)) FROM docs LIMIT 1", null, null)));
            session.Execute("CREATE TABLE written (id INTEGER)");
            return refused;
        }, default);

        Assert.Equal(ErrorCodes.RuleUnanswered, fault.Code);
        Assert.Equal(2L, await _fixture.ScalarAsync(Segments));
        Assert.Equal(0L, await _fixture.ScalarAsync("SELECT count(*) FROM written"));
    }
}
