using System.Globalization;
using CdcSync.Connectors.Postgres.Source.Replication;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Tests.Postgres.Source.Replication;

/// <summary>Every message of pgoutput, as a PostgreSQL 15 sent it.</summary>
public sealed class PgOutputTests
{
    /// <summary>The message, and what it says.</summary>
    public static TheoryData<string, string> Recorded => new()
    {
        { "4200000000015a4a70000303d98d77af3d000002f2", "begin 0/15A4A70 2026-11-22 754" },
        { "430000000000015a4a7000000000015a4aa0000303d98d77af3d", "commit 0/15A4A70 0/15A4AA0 2026-11-22" },
        { "4f0000000000000abc6f72696700", "origin" },
        { "59000040257075626c6963006d6f6f6400", "type" },
        { "52000040167075626c696300726563006400030169640000000017ffffffff00740000000019ffffffff006269670000000019ffffffff", "relation 16406 public.rec d: id* 23 -1, t 25 -1, big 25 -1" },
        { "520000401d7075626c696300726563320066000201610000000017ffffffff01620000000019ffffffff", "relation 16413 public.rec2 f: a* 23 -1, b* 25 -1" },
        { "49000040164e00036200000004000000016200000001616e", "I 16406 new (00000001, 61, null)" },
        { "55000040164e000362000000040000000262000000016275", "U 16406 new (00000002, 62, unchanged)" },
        { "55000040164b00036200000004000000026e6e4e000362000000040000000362000000016275", "U 16406 Key (00000002, null, null) new (00000003, 62, unchanged)" },
        { "44000040164b00036200000004000000016e6e", "D 16406 Key (00000001, null, null)" },
        { "550000401d4f00026200000004000000016200000001784e0002620000000400000001620000000179", "U 16413 Full (00000001, 78) new (00000001, 79)" },
        { "440000401d4f0002620000000400000001620000000179", "D 16413 Full (00000001, 79)" },
        { "540000000200000040160000401d", "truncate 16406, 16413" },
    };

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Each_message_says_what_the_manual_says(string bytes, string expected) => Assert.Equal(expected, Say(Convert.FromHexString(bytes)));

    [Theory]
    [MemberData(nameof(Recorded))]
    public void A_message_cut_at_any_byte_or_with_one_more_is_refused_as_such(string bytes, string said)
    {
        var whole = Convert.FromHexString(bytes);
        // What these say is not read: nothing depends on it.
        if (said is "origin" or "type") return;
        for (var length = 0; length < whole.Length; length++) AssertRefused(whole[..length]);
        AssertRefused([.. whole, 0]);
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void A_message_with_any_byte_changed_is_read_or_refused_and_nothing_else(string bytes, string said)
    {
        Assert.NotEmpty(said);
        foreach (var (at, value) in Enumerable.Range(0, bytes.Length / 2).SelectMany(at => new byte[] { 0, 1, 0x7F, 0x80, 0xFF }.Select(v => (at, v))))
        {
            var changed = Convert.FromHexString(bytes);
            changed[at] = value;
            try
            {
                Say(changed);
            }
            catch (CdcSyncException e)
            {
                Assert.Equal(ErrorCodes.SourceFailed, e.Code);
            }
        }
    }

    [Theory]
    [InlineData("4d0000", "'M'")]
    [InlineData("5300000001", "'S'")]
    [InlineData("00", "'\0'")]
    public void A_message_of_a_kind_that_is_not_known_is_refused_by_its_name(string bytes, string name) =>
        Assert.Contains($"message {name} can't be understood: its kind is not known", PgOutput.Unknown(Convert.FromHexString(bytes)).Message);

    [Fact]
    public void A_row_of_an_unknown_form_is_refused()
    {
        AssertRefused(Convert.FromHexString("49000040165800036200000004000000016200000001616e"));
        AssertRefused(Convert.FromHexString("49000040164e00037800000004000000016200000001616e"));
        // An insert has no old row, a delete no new one.
        AssertRefused(Convert.FromHexString("49000040164b00036200000004000000016e6e4e00036200000004000000016e6e"));
        AssertRefused(Convert.FromHexString("44000040164e00036200000004000000016e6e"));
    }

    private static void AssertRefused(byte[] message) => Assert.Equal(ErrorCodes.SourceFailed, Assert.Throws<CdcSyncException>(() => Say(message)).Code);

    private static string Say(byte[] message)
    {
        switch (message.Length == 0 ? 0 : message[0])
        {
            case PgOutput.Begin:
                var begin = PgOutput.ReadBegin(message);
                return string.Create(CultureInfo.InvariantCulture, $"begin {begin.CommitAt} {begin.Time:yyyy-MM-dd} {begin.Xid}");
            case PgOutput.Commit:
                var commit = PgOutput.ReadCommit(message);
                return string.Create(CultureInfo.InvariantCulture, $"commit {commit.CommitAt} {commit.End} {commit.Time:yyyy-MM-dd}");
            case PgOutput.Origin:
                return "origin";
            case PgOutput.Type:
                return "type";
            case PgOutput.Relation:
                var relation = PgOutput.ReadRelation(message);
                return $"relation {relation.Id} {relation.Schema}.{relation.Name} {relation.Identity}: {string.Join(", ", relation.Columns.Select(c => $"{c.Name}{(c.IsKey ? "*" : "")} {c.Type} {c.Modifier}"))}";
            case PgOutput.Truncate:
                return $"truncate {string.Join(", ", PgOutput.ReadTruncate(message))}";
            case PgOutput.Insert or PgOutput.Update or PgOutput.Delete:
                var row = new RowMessage();
                PgOutput.ReadRow(message, row);
                Assert.Equal(PgOutput.ReadTable(message), row.Table);
                return $"{(char)row.Kind} {row.Table}{(row.OldForm == OldForm.None ? "" : $" {row.OldForm} {Fields(message, row.Old)}")}{(row.Kind == PgOutput.Delete ? "" : $" new {Fields(message, row.New)}")}";
            default:
                throw PgOutput.Unknown(message);
        }
    }

    private static string Fields(byte[] message, TupleFields fields) => $"({string.Join(", ", Enumerable.Range(0, fields.Count).Select(i => fields.Form(i) switch
    {
        FieldForm.Null => "null",
        FieldForm.Unchanged => "unchanged",
        _ => Convert.ToHexStringLower(fields.Value(message, i)),
    }))})";
}
