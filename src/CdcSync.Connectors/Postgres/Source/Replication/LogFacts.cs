using System.Globalization;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>What is asked of the server before its log is read: one round trip.</summary>
/// <param name="Server">The server.</param>
/// <param name="Slot">The pipeline's slot; null = there is none of that name.</param>
/// <param name="Publication">Its publication; null = there is none of that name.</param>
internal sealed record LogFacts(LogServer Server, SlotState? Slot, PublicationState? Publication)
{
    /// <summary>Asks for them.</summary>
    public static LogFacts Ask(SourceConnection connection, string slot, string publication) => connection.Ask(
        [
            Parameter.Statement(SlotSql.Server()), Parameter.Statement(SlotSql.Slot(), Parameter.Text(slot)),
            Parameter.Statement(SlotSql.Publication(), Parameter.Text(publication)), Parameter.Statement(SlotSql.Members(), Parameter.Text(publication)),
        ], "reading the state of the slot", rows =>
        {
            rows.Read();
            var server = LogServer.Of(rows);
            rows.NextResult();
            var state = rows.Read() ? SlotState.Of(rows) : null;
            rows.NextResult();
            var published = rows.Read() ? PublicationState.Of(rows) : null;
            rows.NextResult();
            var members = new Dictionary<uint, Member>();
            while (rows.Read()) members[rows.GetFieldValue<uint>(0)] = new Member(rows.GetFieldValue<uint>(1), rows.GetBoolean(2), rows.IsDBNull(3) ? null : rows.GetFieldValue<short[]>(3));
            return new LogFacts(server, state, published is null ? null : published with { Members = members });
        });

    /// <summary>A place in the log, where the column has one.</summary>
    public static Lsn? LsnOf(NpgsqlDataReader rows, int column) => rows.IsDBNull(column) ? null : Lsn.Parse(rows.GetString(column));
}

/// <summary>The server's log as it is.</summary>
/// <param name="Clock">The server's clock: what was committed before is before <paramref name="Inserted"/>.</param>
/// <param name="Inserted">Where the next record will be written; null on a standby.</param>
/// <param name="Flushed">Up to where the log is safe, and can be read; null on a standby.</param>
/// <param name="Timeline">The timeline; 0 on a standby.</param>
/// <param name="System">The cluster's system identifier.</param>
/// <param name="Database">The database's number.</param>
/// <param name="DatabaseName">Its name.</param>
/// <param name="WalLevel">What the log holds; <c>logical</c> is needed.</param>
/// <param name="WriterDelay">How often the server makes commits safe that did not wait for it.</param>
internal sealed record LogServer(DateTimeOffset Clock, Lsn? Inserted, Lsn? Flushed, uint Timeline, string System, uint Database, string DatabaseName, string WalLevel, TimeSpan WriterDelay)
{
    /// <summary>True while the server is in recovery.</summary>
    public bool IsStandby => Flushed is null;

    public static LogServer Of(NpgsqlDataReader rows) => new(new DateTimeOffset(rows.GetDateTime(0), TimeSpan.Zero), LogFacts.LsnOf(rows, 1), LogFacts.LsnOf(rows, 2),
        rows.IsDBNull(3) ? 0 : uint.Parse(rows.GetString(3), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), rows.GetString(4), rows.GetFieldValue<uint>(5), rows.GetString(6), rows.GetString(7), TimeSpan.FromSeconds(rows.GetDouble(8)));
}

/// <summary>A slot as the server describes it.</summary>
/// <param name="Plugin">What decodes for it; null = it is a physical one.</param>
/// <param name="Database">Its database's number.</param>
/// <param name="ActivePid">The process that uses it now; null = none.</param>
/// <param name="Restart">The oldest log it keeps.</param>
/// <param name="Confirmed">Changes before are not handed out any more.</param>
/// <param name="WalStatus"><c>lost</c> = what it needs is gone.</param>
internal sealed record SlotState(string? Plugin, uint? Database, int? ActivePid, Lsn? Restart, Lsn? Confirmed, string? WalStatus)
{
    public static SlotState Of(NpgsqlDataReader rows) => new(rows.IsDBNull(0) ? null : rows.GetString(0), rows.IsDBNull(1) ? null : rows.GetFieldValue<uint>(1), rows.IsDBNull(2) ? null : rows.GetInt32(2),
        LogFacts.LsnOf(rows, 3), LogFacts.LsnOf(rows, 4), rows.IsDBNull(5) ? null : rows.GetString(5));
}

/// <summary>A publication as the catalogue describes it.</summary>
/// <param name="Version">Its number and its row's: another after each ALTER.</param>
/// <param name="IsForAllTables">True for FOR ALL TABLES.</param>
/// <param name="IsWhole">True if it publishes inserts, updates, deletes and truncates.</param>
/// <param name="IsViaRoot">True if changes of partitions are published as those of the table they are parts of.</param>
internal sealed record PublicationState(string Version, bool IsForAllTables, bool IsWhole, bool IsViaRoot)
{
    /// <summary>The tables that were added by name, by their numbers.</summary>
    public IReadOnlyDictionary<uint, Member> Members { get; init; } = new Dictionary<uint, Member>();

    public static PublicationState Of(NpgsqlDataReader rows) => new($"{rows.GetFieldValue<uint>(0)}.{rows.GetString(1)}", rows.GetBoolean(2), rows.GetBoolean(3), rows.GetBoolean(4));
}

/// <summary>A table's entry in a publication.</summary>
/// <param name="Oid">The entry's number: another one when the table is taken out and put back.</param>
/// <param name="HasFilter">True if it publishes only some rows.</param>
/// <param name="Columns">The numbers of the columns it publishes; null = all.</param>
internal sealed record Member(uint Oid, bool HasFilter, IReadOnlyList<short>? Columns);
