using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>Canary secrets are put in every place that takes one, and looked for in everything the process says or writes.</summary>
public sealed class CliSecretTests
{
    private const string Password = "canary-p4ssw0rd";
    private const string Token = "canary-t0ken";
    private const string Key = "canary-key-0123456789abcdef";

    [Fact]
    public async Task No_secret_is_in_anything_a_command_says_or_leaves()
    {
        Assert.SkipWhen(PostgresServer.SkipReason is not null, PostgresServer.SkipReason ?? "");
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var role = "canary_" + Guid.CreateVersion7().ToString("N");
        await database.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD '{Password}'; GRANT CREATE ON DATABASE {database.Name} TO {role}; CREATE SCHEMA mart AUTHORIZATION {role}");
        try
        {
            using var pipeline = new PipelineFolder("{ kind: postgres, connection: \"${env:WAREHOUSE}\", schema: mart }", "keys: { pii: \"${file:pii.key}\" }\nhttp: { token: \"${env:TOKEN}\", listen: \"127.0.0.1:0\" }\n");
            File.WriteAllText(pipeline["pii.key"], Key);
            await pipeline.TrackAsync();
            var environment = new Dictionary<string, string>
            {
                ["WAREHOUSE"] = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, Password = Password }.ConnectionString,
                ["TOKEN"] = Token,
                ["CDCSYNC_DEBUG"] = "1",
            };
            foreach (var command in new[] { "validate", "status", "migrate", "sync", "status --json", "history", "checkpoint show", "discover shop", "sync --dataset nothing", "resync orders --yes" })
            {
                var result = await CdcsyncProcess.RunAsync(pipeline.Root, command.Split(' '), environment);
                Assert.True(result.ExitCode is 0 or 2 or 6, $"{command}: {result}");
                AssertNoSecret($"{command}: {result}");
            }

            await using (var daemon = CdcsyncProcess.Start(pipeline.Root, ["run"], environment))
            {
                await daemon.WaitForLineAsync("lease taken");
                daemon.Send(Signal.Terminate);
                AssertNoSecret((await daemon.WaitForExitAsync()).ToString());
            }

            environment["WAREHOUSE"] = environment["WAREHOUSE"].Replace(Password, Password + "-wrong", StringComparison.Ordinal);
            var refused = await CdcsyncProcess.RunAsync(pipeline.Root, ["sync"], environment);
            Assert.True(refused.ExitCode == 5, refused.ToString());
            Assert.Matches("(?m)^CDC3002 ", refused.Error);
            AssertNoSecret(refused.ToString());

            foreach (var file in Directory.GetFiles(pipeline.Root, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "pii.key"))
                AssertNoSecret(System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)));
        }
        finally
        {
            await database.ExecuteAsync($"DROP OWNED BY {role} CASCADE; DROP ROLE {role}");
        }
    }

    private static void AssertNoSecret(string text)
    {
        foreach (var secret in new[] { Password, Token, Key })
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
    }
}
