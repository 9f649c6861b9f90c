using System.Text;
using System.Text.RegularExpressions;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>Canary secrets are put in every place that takes one, and looked for in everything the process says or writes.</summary>
public sealed class CliSecretTests
{
    private const string Password = "canary-p4ssw0rd";
    private const string Token = "canary-t0ken";
    private const string MetricsToken = "canary-m3trics-t0ken";
    private const string Key = "canary-key-0123456789abcdef";
    private const string WebhookToken = "canary-w3bhook-t0ken";
    private const string WebhookKey = "canary-webhook-k3y-0123456789";
    private const string OtlpKey = "canary-0tlp-key";

    /// <summary>A value of a row that is masked.</summary>
    private const string Value = "canary-valu3";

    [Fact]
    public async Task No_secret_is_in_anything_a_command_says_or_leaves()
    {
        Assert.SkipWhen(PostgresServer.SkipReason is not null, PostgresServer.SkipReason ?? "");
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var role = "canary_" + Guid.CreateVersion7().ToString("N");
        await database.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD '{Password}'; GRANT CREATE ON DATABASE {database.Name} TO {role}; CREATE SCHEMA mart AUTHORIZATION {role}");
        try
        {
            using var pipeline = new PipelineFolder("{ kind: postgres, connection: \"${env:WAREHOUSE}\", schema: mart }", "keys: { pii: \"${file:pii.key}\" }\nhttp: { token: \"${env:TOKEN}\", metricsToken: \"${env:METRICS_TOKEN}\", listen: \"127.0.0.1:0\" }\n"
                + "webhooks: { people: { url: \"${env:WEBHOOK}\", key: \"${env:WEBHOOK_KEY}\" } }\n");
            File.WriteAllText(pipeline["pii.key"], Key);
            File.WriteAllText(pipeline["shop.odcs.yaml"], File.ReadAllText(pipeline["shop.odcs.yaml"])
                .Replace("{ name: note, logicalType: string, physicalType: text }", "{ name: note, logicalType: string, physicalType: text, customProperties: [{ property: mask, value: { algorithm: hmac-sha256, key: pii } }] }", StringComparison.Ordinal));
            await pipeline.TrackAsync();
            // One is masked, the other can't be: it is no text.
            pipeline.Execute($"UPDATE orders SET note = '{Value}' WHERE id = 1; INSERT INTO orders VALUES (9, CAST('{Value}' AS BLOB))");
            await using var people = new Collector();
            await using var metrics = new Collector();
            var environment = new Dictionary<string, string>
            {
                ["WAREHOUSE"] = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, Password = Password }.ConnectionString,
                ["TOKEN"] = Token,
                ["METRICS_TOKEN"] = MetricsToken,
                ["WEBHOOK"] = $"{people.Address}hook?token={WebhookToken}",
                ["WEBHOOK_KEY"] = WebhookKey,
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = metrics.Address.ToString(),
                ["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-key={OtlpKey}",
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/json",
                ["CDCSYNC_DEBUG"] = "1",
            };
            string[] commands = ["validate", "status", "migrate", "sync", "status --json", "history", "checkpoint show", "discover shop", "sync --dataset nothing", "resync orders --yes",
                "doctor", "grants --json", "quarantine list --json", "quarantine show orders 9", "reconcile --mode full --html report.html", "backfill orders", "contract test", "rebuild orders --yes --accept-missing"];
            foreach (var command in commands)
            {
                var result = await CdcsyncProcess.RunAsync(pipeline.Root, command.Split(' '), environment);
                Assert.True(result.ExitCode is 0 or 2 or 6 or 8, $"{command}: {result}");
                AssertNoSecret($"{command}: {result}");
            }

            foreach (var format in new[] { "text", "json" })
            {
                await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--log-format", format], environment);
                var address = new Uri(Regex.Match(await daemon.WaitForLineAsync("ready:"), @"http://[^\s""]+").Value);
                await daemon.WaitForLineAsync("lease taken");
                AssertNoSecret(await AskAllAsync(address));
                daemon.Send(Signal.Terminate);
                AssertNoSecret((await daemon.WaitForExitAsync()).ToString());
            }

            // What others were told: they know their own token and key, and nothing else.
            Assert.Contains(people.Received, r => r.Path == "/hook" && r.Body.Contains("\"quarantined\"", StringComparison.Ordinal));
            Assert.Contains(metrics.Received, r => r.Key == OtlpKey && r.Body.Contains("cdcsync_quarantine_rows", StringComparison.Ordinal));
            AssertNoSecret(string.Join('\n', people.Received.Concat(metrics.Received).Select(r => r.Body)));
            AssertNoSecret(await WarehouseAsync(database));

            environment["WAREHOUSE"] = environment["WAREHOUSE"].Replace(Password, Password + "-wrong", StringComparison.Ordinal);
            var refused = await CdcsyncProcess.RunAsync(pipeline.Root, ["sync"], environment);
            Assert.True(refused.ExitCode == 5, refused.ToString());
            Assert.Matches("(?m)^CDC3002 ", refused.Error);
            AssertNoSecret(refused.ToString());

            foreach (var file in Directory.GetFiles(pipeline.Root, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) is not ("pii.key" or "shop.db")))
                AssertNoSecret(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)));
        }
        finally
        {
            await database.ExecuteAsync($"DROP OWNED BY {role} CASCADE; DROP ROLE {role}");
        }
    }

    /// <summary>All that the endpoint says, head and body, to whoever has a token, the wrong one, or none; and while the warehouse refuses nothing.</summary>
    private static async Task<string> AskAllAsync(Uri address)
    {
        string[] reads = ["", "metrics", "readyz", "api/v1/status", "api/v1/datasets/orders", "api/v1/batches", "api/v1/reconciliations", "api/v1/quarantine", "api/v1/worker", "api/v1/lag", $"api/v1/{Token}"];
        string[] orders = ["api/v1/sync", "api/v1/reconcile?repair=true", "api/v1/resync?dataset=orders", "api/v1/quarantine/retry", "api/v1/pause?dataset=returns", $"api/v1/sync?dataset={Token}"];
        using var client = new HttpClient();
        var said = new StringBuilder();
        foreach (var token in new[] { Token, MetricsToken, "wrong", null })
        {
            foreach (var request in reads.Select(path => new HttpRequestMessage(HttpMethod.Get, new Uri(address, $"/{path}"))).Concat(orders.Select(path => new HttpRequestMessage(HttpMethod.Post, new Uri(address, $"/{path}")))))
            {
                request.Headers.Authorization = token is null ? null : new("Bearer", token);
                var answer = await client.SendAsync(request);
                said.Append(answer.Headers).Append(answer.Content.Headers).AppendLine(await answer.Content.ReadAsStringAsync());
            }
        }

        Assert.Contains("\"streaming\"", said.ToString(), StringComparison.Ordinal);
        return said.ToString();
    }

    /// <summary>All rows of all tables that the warehouse has: targets, quarantine, ledger and the rest of the control schema.</summary>
    private static async Task<string> WarehouseAsync(PostgresDatabase database)
    {
        var said = await database.ScalarAsync<string>("SELECT string_agg(query_to_xml(format('SELECT * FROM %I.%I', schemaname, tablename), true, true, '')::text, '') FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')");
        Assert.Contains("<note>", said, StringComparison.Ordinal);
        Assert.Contains("quarantine", await database.ScalarAsync<string>("SELECT string_agg(tablename, ' ') FROM pg_tables"), StringComparison.Ordinal);
        return said!;
    }

    private static void AssertNoSecret(string text)
    {
        foreach (var secret in new[] { Password, Token, MetricsToken, Key, WebhookToken, WebhookKey, OtlpKey, Value, Convert.ToHexString(Encoding.UTF8.GetBytes(Value)), Convert.ToBase64String(Encoding.UTF8.GetBytes(Value)) })
            Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase);
    }
}
