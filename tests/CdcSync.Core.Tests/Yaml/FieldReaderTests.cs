using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Tests.Yaml;

public sealed class FieldReaderTests
{
    private readonly Diagnostics _diagnostics = new(ErrorCodes.ConfigInvalid);

    private string[] Findings => [.. _diagnostics.Items.Select(d => d.ToString())];

    [Fact]
    public void All_problems_are_reported_and_not_only_the_first()
    {
        var reader = Read("""
            name: 1.0
            flag: yes
            count: many
            wait: 5
            room: 10Gib
            kind: sqlit
            intervall: 1s
            """);
        reader.Text("name");
        reader.Flag("flag");
        reader.Integer("count");
        reader.Duration("wait");
        reader.Size("room");
        reader.Choice("kind", ("sqlite", 1), ("postgres", 2));
        reader.Duration("interval");
        reader.RequiredText("path");
        reader.End();

        Assert.Equal(
            [
                "f:1:1: CDC1002 'path' is missing.",
                "f:1:7: CDC1002 name: expected a text (in quotes), found the number 1.0.",
                "f:2:7: CDC1002 flag: expected true or false, found 'yes'.",
                "f:3:8: CDC1002 count: expected a whole number, found 'many'.",
                "f:4:7: CDC1002 wait: expected a duration such as 500ms, 10s, 5m, 1h or 7d, found the number 5.",
                "f:5:7: CDC1002 room: expected a size such as 512MiB or 10GiB, found '10Gib'.",
                "f:6:7: CDC1002 kind: expected one of sqlite, postgres, found 'sqlit'. Did you mean 'sqlite'?",
                "f:7:1: CDC1002 unknown key 'intervall'. Did you mean 'interval'?",
            ],
            Findings);
    }

    [Fact]
    public void Values_of_the_right_type_are_read()
    {
        var reader = Read("{name: a, quoted: \"1.0\", flag: true, count: 3, ratio: 0.1, wait: 500ms, room: \"10GiB\", list: [a, b], map: {x: 1}}");

        Assert.Equal("a", reader.Text("name"));
        Assert.Equal("1.0", reader.Text("quoted"));
        Assert.True(reader.Flag("flag"));
        Assert.Equal(3, reader.Integer("count"));
        Assert.Equal(0.1m, reader.Number("ratio"));
        Assert.Equal(TimeSpan.FromMilliseconds(500), reader.Duration("wait"));
        Assert.Equal(10L << 30, reader.Size("room"));
        Assert.Equal(["a", "b"], reader.Texts("list"));
        Assert.Equal(1, reader.Map("map")!.Integer("x"));
        Assert.Null(reader.Text("absent"));
        reader.End();
        Assert.Empty(Findings);
    }

    [Theory]
    [InlineData("a: [1]")]
    [InlineData("a: {b: 1}")]
    [InlineData("a:")]
    public void A_list_a_mapping_or_nothing_is_no_scalar(string text)
    {
        var reader = Read(text);
        reader.Text("a");
        reader.Integer("a");
        reader.Flag("a");
        reader.Duration("a");
        Assert.Equal(4, Findings.Length);
    }

    [Theory]
    [InlineData("1s", 1_000L)]
    [InlineData("5m", 300_000L)]
    [InlineData("2h", 7_200_000L)]
    [InlineData("7d", 604_800_000L)]
    [InlineData("1ms", 1L)]
    [InlineData("0s", 0L)]
    [InlineData("36525d", 36_525L * 86_400_000)]
    [InlineData("36526d", null)]
    [InlineData("9223372036854775807d", null)]
    [InlineData("-1s", null)]
    [InlineData("1.5h", null)]
    [InlineData("1 s", null)]
    [InlineData("s", null)]
    [InlineData("10", null)]
    public void Durations(string text, long? milliseconds) => Assert.Equal(milliseconds, (long?)Quantity.Duration(text)?.TotalMilliseconds);

    [Theory]
    [InlineData("512B", 512L)]
    [InlineData("1KiB", 1024L)]
    [InlineData("1KB", 1000L)]
    [InlineData("10GiB", 10L << 30)]
    [InlineData("8388607TiB", 8388607L << 40)]
    [InlineData("8388608TiB", null)]
    [InlineData("1gib", null)]
    [InlineData("-1B", null)]
    public void Sizes(string text, long? bytes) => Assert.Equal(bytes, Quantity.Size(text));

    [Theory]
    [InlineData("primarykey", " Did you mean 'primaryKey'?")]
    [InlineData("physcialName", " Did you mean 'physicalName'?")]
    [InlineData("zzz", " Known: name, physicalName, primaryKey.")]
    public void A_typing_error_gets_a_suggestion(string found, string expected) => Assert.Equal(expected, Suggestion.For(found, ["primaryKey", "physicalName", "name"]));

    [Theory]
    [InlineData("notes", " Did you mean 'note'?")]
    [InlineData("zzz", " Known: amount, id, note.")]
    [InlineData("notes,amuont", " Did you mean 'note' for 'notes', 'amount' for 'amuont'?")]
    [InlineData("notes,zzz", " Did you mean 'note' for 'notes'?")]
    [InlineData("xxx,zzz", " Known: amount, id, note.")]
    public void Several_words_get_theirs(string found, string expected) => Assert.Equal(expected, Suggestion.ForAll(found.Split(','), ["id", "note", "amount"]));

    private FieldReader Read(string text) => new((YamlMap)YamlReader.Read(text, "f", _diagnostics)!, new ReadContext(_diagnostics), "");
}
