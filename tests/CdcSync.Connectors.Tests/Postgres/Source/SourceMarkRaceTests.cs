using CdcSync.Core.Datasets;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>Writers that begin, wait, write, wait and commit, while marks are read without an overlap, by processes that come and go.</summary>
public sealed class SourceMarkRaceTests
{
    private const int Writers = 6;
    private const int RowsEach = 11;

    [Fact]
    public async Task No_row_is_lost_however_late_it_is_committed()
    {
        await using var database = await SourceDatabase.CreateAsync(
            "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, at timestamptz NOT NULL)",
            "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$; CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION stamp(); CREATE INDEX ON t (at)");
        await using var reading = await MarkedReading.BeginAsync(database, new Capture.HighWaterMark("at", MarkKind.Timestamp, TimeSpan.Zero) { IsStampedByServer = true });
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteAsync(database, w))));
        var found = new Dictionary<string, string>();
        for (var pass = 0; !writing.IsCompleted; pass++)
        {
            // Each third process finds no memory of what the one before it handed over.
            if (pass % 3 == 2) reading.Restart();
            await TakeAsync(reading, found);
        }
        await writing;
        await TakeAsync(reading, found);
        var expected = await database.Database.QueryAsync("SELECT id::text, v FROM t");
        Assert.Equal(Writers * RowsEach, expected.Count);
        Assert.Equal(expected.Select(r => $"{r[0]}|{r[1]}").Order(), found.Select(r => $"{r.Key}|{r.Value}").Order());
    }

    private static async Task TakeAsync(MarkedReading reading, Dictionary<string, string> found)
    {
        foreach (var row in await reading.PassAsync())
            if (row.Split('|') is [var id, var value]) found[id] = value;
    }

    // Some write late in their transaction, some commit late; waits are longer than the margin of a second, so that it can't hide a mistake.
    private static async Task WriteAsync(SourceDatabase database, int writer)
    {
        var random = new Random(writer);
        await using var connection = await database.Database.OpenAsync();
        for (var i = 0; i < RowsEach; i++)
        {
            var (before, after) = i % 7 == 0 ? (0.0, 1.3) : i % 7 == 3 ? (1.2, 0.0) : (random.NextDouble() / 50, random.NextDouble() / 50);
            foreach (var sql in (string[])["BEGIN", FormattableString.Invariant($"SELECT pg_sleep({before})"), $"INSERT INTO t (v) VALUES ('{writer}-{i}')", FormattableString.Invariant($"SELECT pg_sleep({after})"), "COMMIT"])
            {
                await using var command = new NpgsqlCommand(sql, connection);
                await command.ExecuteNonQueryAsync();
            }
        }
    }
}
