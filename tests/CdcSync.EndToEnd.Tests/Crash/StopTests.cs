using System.Text.Json;
using System.Text.RegularExpressions;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.EndToEnd.Tests.Crash;

/// <summary>
/// A daemon that is told to stop in the middle of something that does not go on: somebody holds a table. It does not wait for them, half of nothing is published, and what comes after goes on.
/// </summary>
public sealed class StopTests
{
    private const string Token = "a-token-of-stops-0123456789";
    private static readonly HttpClient Client = new();

    [Theory]
    [InlineData("first load", 143)]
    [InlineData("merge", 143)]
    [InlineData("merge", 130)]
    [InlineData("reconcile", 130)]
    [InlineData("backfill", 143)]
    [InlineData("order that waits", 143)]
    public async Task Whatever_it_does_it_stops_when_told_and_the_next_one_goes_on(string work, int exitCode)
    {
        Assert.SkipWhen(PostgresServer.SkipReason is not null, PostgresServer.SkipReason ?? "");
        var server = await PostgresServer.SharedAsync();
        await using var source = await server.CreateDatabaseAsync();
        await using var warehouse = await server.CreateDatabaseAsync();
        await source.ExecuteAsync("CREATE TABLE items (id bigint PRIMARY KEY, note text); INSERT INTO items SELECT i, 'first' FROM generate_series(1, 100) AS i");
        using var folder = new TempFolder();
        Prepare(folder);
        Dictionary<string, string> environment = new() { ["SOURCE"] = source.ConnectionString, ["WAREHOUSE"] = warehouse.ConnectionString, ["TOKEN"] = Token };
        if (work != "first load")
        {
            await SyncAsync(folder, environment);
            if (work == "merge") await source.ExecuteAsync("UPDATE items SET note = 'second'");
        }

        var held = work == "merge" ? warehouse : source;
        await using (var holder = await held.OpenAsync())
        {
            // What is ordered comes behind the poll with which a daemon starts: the table is held once that is over.
            var orders = Orders(work);
            if (orders.Length == 0) await HoldAsync(holder);
            await using var daemon = CdcsyncProcess.Start(folder.Root, ["run", "--migrate"], environment);
            var address = new Uri(Regex.Match(await daemon.WaitForLineAsync("^ready:"), @"http://[^/]+/").Value);
            if (orders.Length > 0)
            {
                await Eventually.HoldsAsync(() => IsIdleAsync(address));
                await source.ExecuteAsync("UPDATE items SET note = 'second'");
                await HoldAsync(holder);
            }

            foreach (var order in orders.Take(1))
                await OrderAsync(address, order);
            await Eventually.HoldsAsync(async () => await held.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0, what: $"{work} waits for the table");
            foreach (var order in orders.Skip(1))
                await OrderAsync(address, order);

            daemon.Send(exitCode == 130 ? Signal.Interrupt : Signal.Terminate);
            var result = await daemon.WaitForExitAsync();
            Assert.True(result.ExitCode == exitCode, result.ToString());
            // By itself, not because patience ended.
            Assert.DoesNotContain("Not stopped after", result.Error, StringComparison.Ordinal);
            Assert.Contains("lease given back", result.Error, StringComparison.Ordinal);
            await Eventually.HoldsAsync(async () => await held.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'cdcsync%'") == 0, what: "nothing of it is left on the server");
        }

        if (work != "first load")
            Assert.Equal(100, await warehouse.ScalarAsync<long>("SELECT count(*) FROM items WHERE note = 'first'"));
        await SyncAsync(folder, environment);
        Assert.Equal(100, await warehouse.ScalarAsync<long>("SELECT count(*) FROM items"));
        Assert.Equal(await source.ScalarAsync<string>("SELECT min(note) FROM items"), await warehouse.ScalarAsync<string>("SELECT min(note) FROM items"));
    }

    private static string[] Orders(string work) => work switch
    {
        "reconcile" => ["reconcile?dataset=items&repair=true"],
        "backfill" => ["backfill?dataset=items"],
        "order that waits" => ["backfill?dataset=items", "sync?dataset=items"],
        _ => [],
    };

    private static async Task HoldAsync(NpgsqlConnection holder)
    {
        await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE", holder);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<bool> IsIdleAsync(Uri address)
    {
        using var answer = await Client.SendAsync(Request(HttpMethod.Get, address, "worker"));
        var items = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("datasets")[0];
        return items.GetProperty("activity").GetString() == "idle" && items.GetProperty("nextPollAt").ValueKind == JsonValueKind.String;
    }

    private static async Task OrderAsync(Uri address, string order)
    {
        using var answer = await Client.SendAsync(Request(HttpMethod.Post, address, order));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static HttpRequestMessage Request(HttpMethod method, Uri address, string path) => new(method, new Uri(address, $"api/v1/{path}")) { Headers = { Authorization = new("Bearer", Token) } };

    private static async Task SyncAsync(TempFolder folder, Dictionary<string, string> environment)
    {
        var result = await CdcsyncProcess.RunAsync(folder.Root, ["sync", "--migrate"], environment);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private static void Prepare(TempFolder folder)
    {
        File.WriteAllText(folder["cdcsync.yaml"], """
            pipeline: shop
            sources:
              shop: { kind: postgres, connection: "${env:SOURCE}" }
            warehouse: { kind: postgres, connection: "${env:WAREHOUSE}" }
            http: { listen: "127.0.0.1:0", token: "${env:TOKEN}" }
            datasets:
              items: { source: shop, object: items, contract: shop.odcs.yaml, capture: full-refresh, interval: 1h }
            """);
        File.WriteAllText(folder["shop.odcs.yaml"], """
            apiVersion: v3.1.0
            kind: DataContract
            id: shop
            version: 1.0.0
            status: active
            team: { name: shop, members: [{ username: owner@example.com, role: Owner }] }
            schema:
              - name: items
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
                  - { name: note, logicalType: string, physicalType: text }
            """);
    }
}
