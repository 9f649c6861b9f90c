using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Sql;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>What is asked before the snapshot.</summary>
/// <param name="Clock">The source's clock: what was committed before is in the snapshot. On a standby the last commit it replayed.</param>
/// <param name="IsStandby">True while the server is in recovery.</param>
/// <param name="System">The cluster's system identifier: the same on its standbys, another after a restore by dump.</param>
/// <param name="Database">The database's name.</param>
/// <param name="Timeline">The server's timeline: one that was restored, or promoted, starts a new one. Null = not known, on a standby.</param>
internal sealed record ServerFacts(DateTimeOffset Clock, bool IsStandby, string System, string Database, uint? Timeline)
{
    /// <summary>Which source it is.</summary>
    public SourceIdentity Identity { get; } = new("postgres", $"{System}/{Database}");
}

/// <summary>A read-only transaction at one snapshot, on a session of its own. What one dataset does wrong in it leaves the others alone.</summary>
/// <param name="connection">The session; in the transaction.</param>
/// <param name="facts">What was asked before it.</param>
internal sealed class ReadTransaction(SourceConnection connection, ServerFacts facts)
{
    /// <summary>The session.</summary>
    public SourceConnection Connection => connection;

    /// <summary>What was asked before.</summary>
    public ServerFacts Facts => facts;

    /// <summary>Asks for the server's facts; not in the transaction, as the clock has to be read before the snapshot.</summary>
    /// <exception cref="CdcSyncException">A standby that has replayed nothing yet has no clock.</exception>
    public static ServerFacts Ask(SourceConnection connection) => connection.Ask([Parameter.Statement(SessionSql.Facts())], "reading the server's clock", rows =>
    {
        rows.Read();
        if (rows.IsDBNull(0))
            throw new CdcSyncException(ErrorCodes.SourceNotPrimary, $"source {connection.Source}: the server is a standby that has replayed no commit since it started: how old its rows are is not known.",
                "It is tried again; or connect to the primary. Run: cdcsync status");
        return new ServerFacts(new DateTimeOffset(rows.GetDateTime(0), TimeSpan.Zero), rows.GetBoolean(1), rows.GetString(2), rows.GetString(3),
            rows.IsDBNull(4) ? null : Convert.ToUInt32(rows.GetString(4), 16));
    });

    /// <summary>Begins it. The snapshot is that of the first statement that follows.</summary>
    public static ReadTransaction Begin(SourceConnection connection, ServerFacts facts)
    {
        connection.Execute(SessionSql.Begin(), "beginning to read");
        return new ReadTransaction(connection, facts);
    }

    /// <summary>Marks where the transaction is brought back to if a dataset's statements fail.</summary>
    public void Save() => connection.Execute(SessionSql.Save(), "reading");

    /// <summary>Forgets what went wrong since <see cref="Save"/>.</summary>
    /// <exception cref="CdcSyncException">The session is gone.</exception>
    public void Restore() => connection.Execute(SessionSql.Restore(), "reading");

    /// <summary>The rows of a SELECT as chunks.</summary>
    /// <param name="dataset">The dataset; its columns are the SELECT's.</param>
    /// <param name="source">What the catalogue says of it.</param>
    /// <param name="select">The SELECT.</param>
    /// <param name="values">What it compares with (<see cref="RowsSql.Value"/>).</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.SourceSchemaChanged"/> at the end, where a table was truncated or rewritten since the snapshot began.</exception>
    public IEnumerable<ChangeChunk> Rows(Dataset dataset, PostgresObject source, string select, params IReadOnlyList<string> values)
    {
        var doing = $"reading dataset {dataset.Id}";
        if (values.Count > 0) connection.Ask([Parameter.Statement(SessionSql.Set(values.Count), [.. values.Select(Parameter.Text)])], doing, _ => true);
        var chunks = new RowChunks(dataset, source);
        using (var rows = connection.Copy(select, doing))
        {
            while (rows.ReadRow(dataset.Columns.Count))
            {
                chunks.AddUpsert(rows);
                if (chunks.IsFull) yield return chunks.Take();
            }
        }
        EnsureStorage(dataset);
        if (!chunks.IsEmpty) yield return chunks.Take();
    }

    private void EnsureStorage(Dataset dataset)
    {
        var rewritten = connection.Ask([Parameter.Statement(SessionSql.Rewritten())], $"reading dataset {dataset.Id}", rows => rows.Read() ? rows.GetString(0) : null);
        if (rewritten is not null)
            throw new CdcSyncException(ErrorCodes.SourceSchemaChanged, $"dataset {dataset.Id}: {rewritten} was truncated or rewritten after the read transaction began, which shows it empty.", "It is read again. Run: cdcsync status");
    }
}
