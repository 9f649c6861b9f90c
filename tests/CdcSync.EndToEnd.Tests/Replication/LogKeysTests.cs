using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;

namespace CdcSync.EndToEnd.Tests.Replication;

/// <summary>The keys <c>slot</c>, <c>publication</c> and <c>retain</c>, and a position that moves to another warehouse, through the real process on a server of its own.</summary>
public sealed class LogKeysTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly Dictionary<string, string> _environment = [];
    private PostgresServer? _server;
    private PostgresDatabase? _shop;

    private PostgresDatabase Shop => _shop!;

    public async ValueTask InitializeAsync()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        _server = await PostgresServer.StartAsync(["wal_level=logical", "fsync=off", "full_page_writes=off"]);
        _shop = await _server.CreateDatabaseAsync();
        _environment["SHOP"] = Shop.ConnectionString;
        await Shop.ExecuteAsync("""
            CREATE TABLE orders (id bigint PRIMARY KEY, note text);
            CREATE TABLE returns (id bigint PRIMARY KEY, note text);
            INSERT INTO orders SELECT i, 'order ' || i FROM generate_series(1, 500) AS i;
            INSERT INTO returns SELECT i, 'return ' || i FROM generate_series(1, 50) AS i
            """);
        File.WriteAllText(_folder["shop.odcs.yaml"], """
            apiVersion: v3.1.0
            kind: DataContract
            id: shop
            version: 1.0.0
            status: active
            team: { name: shop, members: [{ username: owner@example.com, role: Owner }] }
            schema:
              - name: orders
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
                  - { name: note, logicalType: string, physicalType: text }
              - name: returns
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
                  - { name: note, logicalType: string, physicalType: text }
            """);
    }

    public async ValueTask DisposeAsync()
    {
        if (_shop is not null) await _shop.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Slot_and_publication_bear_the_names_they_are_given_and_go_with_the_last_dataset()
    {
        Write("cdcsync.yaml", "kind: sqlite, path: ./warehouse.db", "slot: of_the_warehouse, publication: Orders & returns");
        await RunAsync(0, "discover", "shop", "--enable-tracking", "--apply");
        const string Names = "SELECT (SELECT string_agg(slot_name, ',') FROM pg_replication_slots) || '|' || (SELECT string_agg(pubname, ',') FROM pg_publication)";
        Assert.Equal("of_the_warehouse|Orders & returns", await Shop.ScalarAsync<string>(Names));
        await RunAsync(0, "sync", "--migrate");
        await Shop.ExecuteAsync("DELETE FROM orders WHERE id <= 100");
        Assert.Contains("100 deleted", (await RunAsync(0, "sync", "--accept-deletes", "orders")).ToString(), StringComparison.Ordinal);
        await RunAsync(0, "forget", "orders", "returns", "--yes");
        Assert.Null(await Shop.ScalarAsync<string>(Names));
    }

    [Fact]
    public async Task A_paused_dataset_that_holds_back_more_than_it_may_is_left_behind_and_says_so_when_it_is_resumed()
    {
        Write("cdcsync.yaml", "kind: sqlite, path: ./warehouse.db", "retain: 1MiB");
        await RunAsync(0, "discover", "shop", "--enable-tracking", "--apply");
        await RunAsync(0, "sync", "--migrate");
        await RunAsync(0, "pause", "returns");
        await Shop.ExecuteAsync("UPDATE returns SET note = 'while it was paused'");
        const string Behind = "SELECT (pg_current_wal_lsn() - confirmed_flush_lsn)::bigint FROM pg_replication_slots";
        var began = await Shop.ScalarAsync<string>("SELECT pg_current_wal_lsn()::text");
        for (var round = 0; round < 4; round++)
        {
            await Shop.ExecuteAsync($"UPDATE orders SET note = (SELECT string_agg(md5(concat(id, i, {round})), '') FROM generate_series(1, 40) AS i)");
            await RunAsync(0, "sync", "orders");
        }

        Assert.InRange(await Shop.ScalarAsync<long>($"SELECT (pg_current_wal_lsn() - '{began}')::bigint"), 2 << 20, 64 << 20);
        Assert.InRange(await Shop.ScalarAsync<long>(Behind), 0, 1 << 20);
        await RunAsync(0, "resume", "returns");
        Assert.Contains("CDC2003", (await RunAsync(7, "sync")).ToString(), StringComparison.Ordinal);
        await RunAsync(0, "resync", "returns", "--yes");
        await RunAsync(0, "reconcile", "--mode", "full");
    }

    [Fact]
    public async Task Built_anew_in_another_warehouse_a_table_goes_on_where_the_log_was_read_to_and_the_old_pipeline_is_told()
    {
        await using var old = await _server!.CreateDatabaseAsync();
        await using var other = await _server.CreateDatabaseAsync();
        (_environment["OLD"], _environment["OTHER"]) = (old.ConnectionString, other.ConnectionString);
        Write("cdcsync.yaml", "kind: postgres, connection: \"${env:OLD}\"");
        Write("other.yaml", "kind: postgres, connection: \"${env:OTHER}\"", more: "landing: { path: ./landing2 }");
        await RunAsync(0, "discover", "shop", "--enable-tracking", "--apply");
        await RunAsync(0, "sync", "--migrate");
        await Shop.ExecuteAsync("UPDATE orders SET note = 'changed' WHERE id % 3 = 0; DELETE FROM orders WHERE id = 7");
        await RunAsync(0, "sync");
        await Shop.ExecuteAsync("INSERT INTO orders VALUES (1001, 'after the last sync'); DELETE FROM orders WHERE id = 8; UPDATE returns SET note = 'changed' WHERE id < 9");

        await RunAsync(0, "migrate", "--config", "other.yaml");
        await RunAsync(0, "rebuild", "orders", "returns", "--into", "other.yaml", "--yes");
        await RunAsync(0, "sync", "--config", "other.yaml");
        foreach (var table in new[] { "orders", "returns" })
        {
            var content = $"SELECT count(*) || md5(string_agg(t::text, '' ORDER BY id)) FROM {table} AS t";
            Assert.Equal(await Shop.ScalarAsync<string>(content), await other.ScalarAsync<string>(content));
        }

        // Windows of the log alone brought what had changed since: nothing was loaded again.
        Assert.Equal("orders rebuild 667,orders window 2,returns rebuild 50,returns window 8", await other.ScalarAsync<string>("SELECT string_agg(concat_ws(' ', dataset, kind, rows_read), ',' ORDER BY dataset, kind) FROM cdcsync.ledger"));
        // The slot has gone on, so that the old pipeline can't know what it missed, and does not act as if it did.
        Assert.Contains("CDC2003", (await RunAsync(7, "sync")).ToString(), StringComparison.Ordinal);
    }

    private void Write(string file, string warehouse, string source = "", string more = "") => File.WriteAllText(_folder[file], $$"""
        pipeline: shop
        sources: { shop: { kind: postgres, connection: "${env:SHOP}"{{(source.Length > 0 ? $", {source}" : "")}} } }
        warehouse: { {{warehouse}} }
        {{more}}
        datasets:
          orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders }
          returns: { source: shop, object: returns, contract: shop.odcs.yaml#returns }
        """);

    private async Task<ProcessResult> RunAsync(int exitCode, params string[] arguments)
    {
        var result = await CdcsyncProcess.RunAsync(_folder.Root, arguments, _environment);
        Assert.True(result.ExitCode == exitCode, $"{string.Join(' ', arguments)}: {result}");
        return result;
    }
}
