using System.Diagnostics;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres;

public sealed class PostgresServerTests
{
    [Fact]
    public async Task Each_test_has_a_database_of_its_own_on_one_server()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        var server = await PostgresServer.SharedAsync();
        await using var one = await server.CreateDatabaseAsync();
        await using var two = await server.CreateDatabaseAsync();
        await one.ExecuteAsync("CREATE TABLE t (x int)");
        Assert.Null(await two.ScalarAsync<string>("SELECT to_regclass('t')::text"));
    }

    [Fact]
    public async Task A_wrong_password_is_refused()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        var server = await PostgresServer.SharedAsync();
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.AdminConnectionString) { Password = "wrong" }.ConnectionString);
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync());
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
    }

    [Fact]
    public async Task A_server_is_gone_with_its_data_when_it_is_disposed()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        var server = await PostgresServer.StartAsync();
        var database = await server.CreateDatabaseAsync();
        var data = await database.ScalarAsync<string>("SHOW data_directory");
        var postmaster = int.Parse((await File.ReadAllLinesAsync(Path.Combine(data!, "postmaster.pid")))[0]);
        await server.DisposeAsync();
        Assert.False(Directory.Exists(data));
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(postmaster));
    }
}
