using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>
/// The messages of the plugin pgoutput, protocol version 1, as "Logical Replication Message Formats" in PostgreSQL's manual has them. What is not written there is an
/// error by name, never passed over.
/// </summary>
internal static class PgOutput
{
    public const byte Begin = (byte)'B';
    public const byte Commit = (byte)'C';
    public const byte Origin = (byte)'O';
    public const byte Relation = (byte)'R';
    public const byte Type = (byte)'Y';
    public const byte Insert = (byte)'I';
    public const byte Update = (byte)'U';
    public const byte Delete = (byte)'D';
    public const byte Truncate = (byte)'T';
    public const byte Message = (byte)'M';

    /// <summary>A transaction begins.</summary>
    public static TransactionBegin ReadBegin(ReadOnlySpan<byte> message)
    {
        var reader = Fields(message);
        var begin = new TransactionBegin(reader.Lsn(), reader.Time(), reader.UInt32());
        reader.End();
        return begin;
    }

    /// <summary>A transaction ends.</summary>
    public static TransactionCommit ReadCommit(ReadOnlySpan<byte> message)
    {
        var reader = Fields(message);
        if (reader.Byte() != 0) throw reader.Broken("flags that are not known");
        var commit = new TransactionCommit(reader.Lsn(), reader.Lsn(), reader.Time());
        reader.End();
        return commit;
    }

    /// <summary>What the columns of the following rows are.</summary>
    public static RelationMessage ReadRelation(ReadOnlySpan<byte> message)
    {
        var reader = Fields(message);
        var (id, schema, name, identity) = (reader.UInt32(), reader.Text(), reader.Text(), reader.Byte());
        var columns = new RelationColumn[reader.UInt16()];
        for (var i = 0; i < columns.Length; i++)
        {
            var isKey = (reader.Byte() & 1) != 0;
            columns[i] = new RelationColumn(reader.Text(), reader.UInt32(), reader.Int32(), isKey);
        }
        reader.End();
        return new RelationMessage(id, schema, name, (char)identity, columns);
    }

    /// <summary>Tables were emptied.</summary>
    public static IReadOnlyList<uint> ReadTruncate(ReadOnlySpan<byte> message)
    {
        var reader = Fields(message);
        var (count, _) = (reader.Int32(), reader.Byte());
        if (count < 0 || count > message.Length / sizeof(uint)) throw reader.Broken("more tables than bytes");
        var tables = new uint[count];
        for (var i = 0; i < count; i++) tables[i] = reader.UInt32();
        reader.End();
        return tables;
    }

    /// <summary>The table a row belongs to, without reading the row.</summary>
    public static uint ReadTable(ReadOnlySpan<byte> message) => Fields(message).UInt32();

    /// <summary>A row was inserted, updated or deleted.</summary>
    /// <param name="message">The message.</param>
    /// <param name="row">Gets the places of the fields.</param>
    public static void ReadRow(ReadOnlySpan<byte> message, RowMessage row)
    {
        var reader = Fields(message);
        row.Table = reader.UInt32();
        row.Kind = message[0];
        row.OldForm = OldForm.None;
        var tuple = reader.Byte();
        if (message[0] != Insert && tuple is (byte)'K' or (byte)'O' && message[0] is Update or Delete)
        {
            row.OldForm = tuple == 'K' ? OldForm.Key : OldForm.Full;
            row.Old.Read(ref reader);
            if (message[0] == Delete)
            {
                reader.End();
                return;
            }
            tuple = reader.Byte();
        }
        if (tuple != 'N' || message[0] == Delete) throw reader.Broken($"a row of form '{(char)tuple}'");
        row.New.Read(ref reader);
        reader.End();
    }

    /// <summary>A message that no option asked for, or that only newer protocols have.</summary>
    public static CdcSyncException Unknown(ReadOnlySpan<byte> message) => message.Length == 0
        ? new MessageReader(message).Broken("it is empty")
        : new MessageReader(message).Broken("its kind is not known");

    private static MessageReader Fields(ReadOnlySpan<byte> message)
    {
        var reader = new MessageReader(message);
        reader.Byte();
        return reader;
    }
}

/// <summary>A transaction begins.</summary>
/// <param name="CommitAt">Where its commit record begins.</param>
/// <param name="Time">When it was committed.</param>
/// <param name="Xid">Its number.</param>
internal readonly record struct TransactionBegin(Lsn CommitAt, DateTimeOffset Time, uint Xid);

/// <summary>A transaction ends.</summary>
/// <param name="CommitAt">Where its commit record begins.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Time">When it was committed.</param>
internal readonly record struct TransactionCommit(Lsn CommitAt, Lsn End, DateTimeOffset Time);

/// <summary>What a table's rows are made of, from here on.</summary>
/// <param name="Id">The table's number.</param>
/// <param name="Schema">Its schema; empty = pg_catalog.</param>
/// <param name="Name">Its name.</param>
/// <param name="Identity">Its replica identity, as pg_class has it.</param>
/// <param name="Columns">The columns that are sent, in order.</param>
internal sealed record RelationMessage(uint Id, string Schema, string Name, char Identity, IReadOnlyList<RelationColumn> Columns);

/// <summary>A column that is sent.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type's number; of a domain the domain's.</param>
/// <param name="Modifier">Its type's modifier.</param>
/// <param name="IsKey">True if it is in the replica identity.</param>
internal sealed record RelationColumn(string Name, uint Type, int Modifier, bool IsKey);
