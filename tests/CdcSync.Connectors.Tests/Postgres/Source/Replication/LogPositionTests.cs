using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Replication;
using CdcSync.TestServers;

namespace CdcSync.Connectors.Tests.Postgres.Source.Replication;

public sealed class LogPositionTests
{
    [Theory]
    [InlineData("0/0", 0UL)]
    [InlineData("16/B374D848", 0x16B374D848UL)]
    [InlineData("FFFFFFFF/FFFFFFFF", ulong.MaxValue)]
    public void A_place_in_the_log_is_read_and_written_as_PostgreSQL_does(string text, ulong value)
    {
        Assert.Equal(new Lsn(value), Lsn.Parse(text));
        Assert.Equal(text, new Lsn(value).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1/")]
    [InlineData("1/2/3")]
    [InlineData("x/1")]
    [InlineData("123456789/1")]
    [InlineData(" 1/1")]
    public void Nothing_else_is_a_place(string text) => Assert.Throws<FormatException>(() => Lsn.Parse(text));

    [Fact]
    public void Behind_a_pages_header_the_record_before_ended_at_the_page()
    {
        Assert.Equal(new Lsn(0x2000), new Lsn(0x2000 + 24).EndOfRecord);
        Assert.Equal(new Lsn(0x1000000), new Lsn(0x1000000 + 40).EndOfRecord);
        Assert.Equal(new Lsn(0x2000 + 32), new Lsn(0x2000 + 32).EndOfRecord);
    }

    [Fact]
    public void Positions_have_one_text_that_sorts_and_is_read_back()
    {
        var position = new LogPosition(Lsn.Parse("16/B374D848"), 3, "16385.753", 16390, 16402, "0123456789abcdef");
        Assert.Equal("00000016B374D848:3:16385.753:16390:16402:0123456789abcdef", position.ToPosition().Canonical);
        Assert.Equal(position, LogPosition.Parse(position.ToPosition().Canonical));
        var later = position with { At = Lsn.Parse("100/0") };
        Assert.True(string.CompareOrdinal(position.ToPosition().Canonical, later.ToPosition().Canonical) < 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("16B374D848:3:16385.753:16390:16402:0123456789abcdef")]
    [InlineData("00000016B374D848:3:16385.753:16390:16402:0123456789abcde")]
    [InlineData("00000016B374D848:-3:16385.753:16390:16402:0123456789abcdef")]
    [InlineData("00000016B374D848:3::16390:16402:0123456789abcdef")]
    [InlineData("00000016B374D848:3:16385.753:16390:16402:0123456789abcdef:")]
    public void What_no_version_wrote_is_no_position(string canonical) => Assert.Null(LogPosition.Parse(canonical));

    [Theory]
    [InlineData("shop", "erp", "cdcsync_shop_erp")]
    [InlineData("shop.eu", "erp", "cdcsync_shop_eu_erp_")]
    [InlineData("shop_eu", "erp", "cdcsync_shop_eu_erp_")]
    [InlineData("shop", "eu_erp", "cdcsync_shop_eu_erp_")]
    public void Slot_and_publication_are_called_after_pipeline_and_source(string pipeline, string source, string expected)
    {
        var name = SlotNames.Of(pipeline, source);
        Assert.StartsWith(expected, name);
        Assert.Matches("^[a-z0-9_]{1,63}$", name);
    }

    [Fact]
    public void No_two_sources_share_a_slot_and_names_fit()
    {
        string[] words = ["a", "b", "a_b", "a.b", "a-b", "b_a", "a_b_a", new string('x', 63), new string('x', 62) + "y"];
        var names = words.SelectMany(p => words.Select(s => SlotNames.Of(p, s))).ToArray();
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.All(names, n => Assert.InRange(n.Length, 1, 63));
    }

    [Fact]
    public async Task A_key_is_written_as_a_text_that_the_server_reads_as_the_same_value()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var database = await (await LogicalServer.SharedAsync()).CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TYPE mood AS ENUM ('so so', 'fine')");
        foreach (var (type, values) in new (string, string[])[]
        {
            ("bool", ["true", "false"]), ("int2", ["-32768", "32767"]), ("int4", ["-2147483648", "7"]), ("int8", ["-9223372036854775808", "9223372036854775807"]), ("oid", ["4294967295"]),
            ("numeric", ["0", "-0.0010", "12345678901234567890123456789012345678901234567890.5", "NaN", "Infinity", "-Infinity", "1e100", "100.00"]),
            ("date", ["2000-01-01", "1999-12-31", "infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"]),
            ("timestamp", ["2000-01-01", "1999-12-31 23:59:59.999999", "4713-01-01 00:00:00.000001 BC", "294276-12-31 23:59:59.999999", "infinity", "-infinity"]),
            ("timestamptz", ["2000-01-01 00:00:00+00", "0001-01-01 00:00:00+00", "2024-10-27 02:30:00.5+02", "infinity"]),
            ("bytea", ["\\x", "\\x00ff27"]), ("uuid", ["00112233-4455-6677-8899-aabbccddeeff"]), ("text", ["", "it's \"é\" \\ {,}"]), ("varchar", ["x y"]), ("bpchar", ["ab "]), ("name", ["n"]), ("mood", ["so so"]),
        })
        {
            var (oid, kind) = ((uint)(await database.ScalarAsync<long>($"SELECT '{type}'::regtype::oid::int8")), type == "mood" ? 'e' : 'b');
            var info = new PostgresTypeInfo(oid, "pg_catalog", type, kind);
            Assert.True(KeyText.Has(info));
            foreach (var value in values)
            {
                var literal = $"'{value.Replace("'", "''")}'::{type}";
                var bytes = (await database.ScalarAsync<byte[]>($"SELECT {(type == "mood" ? "enum" : type)}{(type is "numeric" or "date" or "timestamp" or "timestamptz" or "uuid" or "mood" ? "_" : "")}send({literal})"))!;
                var text = KeyText.Of(info, bytes);
                Assert.True(await database.ScalarAsync<bool>($"SELECT {literal} = '{text.Replace("'", "''")}'::{type}"), $"{type} {value} → {text}");
            }
        }
    }
}
