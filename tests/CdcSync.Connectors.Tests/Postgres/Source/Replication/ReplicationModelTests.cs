using CdcSync.Connectors.Postgres.Source;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Sources;
using FsCheck;
using FsCheck.Fluent;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres.Source.Replication;

/// <summary>
/// Random histories of several sessions over several tables: transactions that commit in another order than they began, savepoints, key changes, long values that do not
/// change, TRUNCATE; read at any moment, by readers that remember or don't, in windows of any size. In the end the copies equal the tables.
/// </summary>
public sealed class ReplicationModelTests
{
    private const int Sessions = 3;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>One step, as numbers that any state can make sense of; so a failing history can be made smaller.</summary>
    public sealed record Step(int Action, int Session, int Table, int Key, int Other);

    [Fact]
    public async Task Whatever_is_written_in_whatever_order_the_copies_equal_the_tables()
    {
        await using var database = await TrackedDatabase.CreateAsync(
            "CREATE TABLE t0 (id bigint PRIMARY KEY, n bigint, body text); ALTER TABLE t0 ALTER body SET STORAGE EXTERNAL",
            "CREATE TABLE t1 (id bigint PRIMARY KEY, n bigint, body text); ALTER TABLE t1 ALTER body SET STORAGE EXTERNAL; ALTER TABLE t1 REPLICA IDENTITY FULL");
        var steps = (from action in Gen.Choose(0, 99)
                     from session in Gen.Choose(0, Sessions - 1)
                     from table in Gen.Choose(0, 1)
                     from key in Gen.Choose(0, 5)
                     from other in Gen.Choose(0, 5)
                     select new Step(action, session, table, key, other)).ListOf();
        Prop.ForAll(Arb.From(steps), list => RunAsync(database, list).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(25).WithEndSize(60));
    }

    private static async Task RunAsync(TrackedDatabase database, IEnumerable<Step> steps)
    {
        PostgresSource Reader(int kind) => database.Open(o => kind switch
        {
            0 => o with { LogMessages = 7 },
            1 => o with { LogBuffer = 1 },
            _ => o,
        });
        var sessions = new NpgsqlConnection?[Sessions];
        var source = Reader(2);
        Follower[] followers = [await database.LoadedAsync(source, "t0"), await database.LoadedAsync(source, "t1")];
        var number = 0;
        try
        {
            foreach (var (action, at, table, key, other) in steps)
            {
                // Each session has rows of its own: none waits for another.
                var (id, to) = ((key * Sessions) + at, (other * Sessions) + at);
                var change = action switch
                {
                    < 12 => $"INSERT INTO t{table} VALUES ({id}, {++number}, {Body(other, number)}) ON CONFLICT (id) DO UPDATE SET n = excluded.n, body = excluded.body",
                    < 32 => $"UPDATE t{table} SET n = {++number} WHERE id = {id}",
                    < 38 => $"UPDATE t{table} SET body = {Body(other, ++number)} WHERE id = {id}",
                    < 52 => $"UPDATE t{table} SET id = {to}, n = {++number} WHERE id = {id} AND NOT EXISTS (SELECT FROM t{table} WHERE id = {to})",
                    < 58 => $"DELETE FROM t{table} WHERE id = {id}",
                    < 60 => $"SAVEPOINT s; UPDATE t{table} SET n = -1, body = 'undone' WHERE id = {id}; DELETE FROM t{table} WHERE id = {to}; ROLLBACK TO s",
                    _ => null,
                };
                if (change is not null)
                {
                    sessions[at] ??= await BeginAsync(database);
                    await RunAsync(sessions[at]!, change);
                }
                else if (action < 74)
                {
                    await EndAsync(sessions, at, action < 71 ? "COMMIT" : "ROLLBACK");
                }
                else if (action < 76)
                {
                    for (var i = 0; i < Sessions; i++) await EndAsync(sessions, i, "COMMIT");
                    await database.RunAsync($"TRUNCATE t{table}");
                }
                else if (action < 82)
                {
                    await source.AcknowledgeAsync([.. followers.Select(f => new CommittedPosition(f.Dataset.Id, f.Checkpoint!.Stream))], Token);
                }
                else
                {
                    if (action < 88) source = Reader(action % 3);
                    await CatchUpAsync(source, followers, only: action is >= 97 ? table : null);
                }
            }
        }
        finally
        {
            for (var i = 0; i < Sessions; i++) await EndAsync(sessions, i, "COMMIT");
        }

        for (var readings = 1; await CatchUpAsync(source, followers, null); readings++) Assert.True(readings < 200, "nobody writes, and it does not come to an end");

        foreach (var follower in followers) await database.AssertSameAsync(source, follower);
    }

    /// <summary>Reads both in one session, or one of them; what has to be loaded anew is.</summary>
    /// <returns>True if there may be more.</returns>
    private static async Task<bool> CatchUpAsync(PostgresSource source, Follower[] followers, int? only)
    {
        var asked = only is { } one ? [followers[one]] : followers;
        var more = false;
        var anew = new List<Follower>();
        await using (var session = await source.OpenAsync([.. asked.Select(f => new ReadRequest(f.Dataset, f.Checkpoint))], Token))
        {
            foreach (var follower in asked)
            {
                var reading = session.Readings[follower.Dataset.Id];
                Assert.True(reading.State is ReadingState.Changed or ReadingState.Unchanged or ReadingState.Expired, $"{reading.State} {reading.Fault}");
                if (reading.State == ReadingState.Unchanged) follower.MoveTo(reading.UpTo!);
                if (reading.State == ReadingState.Expired) anew.Add(follower);
                more |= reading.HasMore || reading.State != ReadingState.Unchanged;
            }
            await foreach (var found in session.ReadAsync([.. asked.Select(f => f.Dataset.Id).Where(d => session.Readings[d].State == ReadingState.Changed)], Token))
            {
                // A gap in what was read: rows before it do not count, and the next reading says so.
                if (found is WindowFailed failed) Assert.True(failed.Fault.IsTransient, failed.Fault.ToString());
                else asked.Single(f => f.Dataset.Id == found.Dataset).Take(found);
            }
        }
        foreach (var follower in anew)
        {
            follower.Rows.Clear();
            await follower.LoadAsync(source);
        }
        return more;
    }

    private static string Body(int kind, int number) => kind < 4 ? $"repeat('{number} ', {2_500 + number})" : kind == 4 ? "NULL" : $"'short {number}'";

    private static async Task<NpgsqlConnection> BeginAsync(TrackedDatabase database)
    {
        var connection = await database.Database.OpenAsync();
        await RunAsync(connection, "BEGIN");
        return connection;
    }

    private static async Task EndAsync(NpgsqlConnection?[] sessions, int at, string how)
    {
        if (sessions[at] is not { } connection) return;
        sessions[at] = null;
        await RunAsync(connection, how);
        await connection.DisposeAsync();
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }
}
