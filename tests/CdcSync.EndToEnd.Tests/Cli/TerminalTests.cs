using CdcSync.Cli.Output;
using CdcSync.Core.Errors;

namespace CdcSync.EndToEnd.Tests.Cli;

public sealed class TerminalTests : IDisposable
{
    private readonly StringWriter _data = new() { NewLine = "\n" };
    private readonly StringWriter _notes = new() { NewLine = "\n" };

    [Fact]
    public void An_error_is_one_line_that_ends_with_the_command_that_helps()
    {
        Plain().Fault(new CdcSyncException(ErrorCodes.ChangesExpired, "dbo.Orders: the source kept changes from version 990 on, the checkpoint is 812.", "Run: cdcsync resync orders"));
        Assert.Equal("CDC2003 dbo.Orders: the source kept changes from version 990 on, the checkpoint is 812. Run: cdcsync resync orders\n", _notes.ToString());
        Assert.Equal("", _data.ToString());
    }

    [Fact]
    public void Several_findings_keep_a_line_each()
    {
        Plain().Fault(new CdcSyncException(ErrorCodes.ConfigInvalid, "a.yaml:1:2: this.\na.yaml:3:4: that.", "Mend it. Run: cdcsync validate"));
        Assert.Equal("CDC1002 a.yaml:1:2: this.\nCDC1002 a.yaml:3:4: that.\nMend it. Run: cdcsync validate\n", _notes.ToString());
    }

    [Fact]
    public void A_bug_is_told_without_the_exceptions_own_words()
    {
        Plain().Fault(UnexpectedFault.Of(new InvalidOperationException("the row 4711, Miller")));
        Assert.StartsWith("CDC9001 InvalidOperationException", _notes.ToString(), StringComparison.Ordinal);
        Assert.Contains("this is a bug", _notes.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("4711", _notes.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Colours_come_only_where_they_are_wanted()
    {
        var error = new CdcSyncException(ErrorCodes.WrongUsage, "No.", "Run: cdcsync --help");
        Plain().Fault(error);
        Assert.DoesNotContain('\e', _notes.ToString());
        new Terminal(_data, _notes, new TerminalAbilities(Colors: true, IsInteractive: true)).Fault(error);
        Assert.Contains('\e', _notes.ToString());
    }

    [Fact]
    public void A_note_goes_above_the_live_lines()
    {
        var terminal = new Terminal(_data, _notes, new TerminalAbilities(Colors: false, IsInteractive: true));
        terminal.DrawLive(["one", "two"], (80, 24));
        terminal.Note("done");
        Assert.Equal("\e[?2026h\e[?25l\rone\e[K\r\ntwo\e[K\r\n\e[J\e[?2026l" + "\r\e[2A\e[J" + "done\n" + "one\e[K\r\ntwo\e[K\r\n", _notes.ToString());
    }

    [Fact]
    public void Live_lines_are_drawn_over_only_when_they_changed_and_in_one_write()
    {
        var writer = new CountingWriter();
        var region = new LiveRegion(writer);
        region.Draw(["one", "two"], (80, 24));
        region.Draw(["one", "two"], (80, 24));
        Assert.Equal(1, writer.Writes);
        region.Draw(["one"], (80, 24));
        Assert.Equal(2, writer.Writes);
        Assert.EndsWith("\r\e[2Aone\e[K\r\n\e[J\e[?2026l", writer.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60, 24, true)]
    [InlineData(100, 24, false)]
    [InlineData(80, 2, true)]
    [InlineData(80, 50, false)]
    public void A_terminal_that_becomes_too_small_is_drawn_anew(int width, int height, bool isCleared)
    {
        using var writer = new StringWriter();
        var region = new LiveRegion(writer);
        region.Draw(["one", "two"], (80, 24));
        region.Draw(["one", "zwei"], (width, height));
        Assert.Equal(isCleared, writer.ToString().Contains("\e[H\e[2J", StringComparison.Ordinal));
    }

    [Fact]
    public void The_cursor_is_given_back_once_and_the_last_lines_stay()
    {
        using var writer = new StringWriter();
        var region = new LiveRegion(writer);
        region.End([]);
        Assert.Equal("", writer.ToString());
        region.Draw(["one"], (80, 24));
        region.End(["last"]);
        Assert.EndsWith("\r\e[1A\e[Jlast\e[K\r\n\e[?25h", writer.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LANG=C.UTF-8", true)]
    [InlineData("LANG=de_DE.utf8", true)]
    [InlineData("LANG=C", false)]
    [InlineData("LANG=de_DE.ISO-8859-1", false)]
    [InlineData("LANG=en_US.UTF-8 LC_ALL=C", false)]
    [InlineData("LANG=C LC_CTYPE=en_US.UTF-8", true)]
    [InlineData("LANG=C.UTF-8 LC_ALL=", true)]
    [InlineData("", false)]
    public void The_locale_says_whether_Unicode_is_shown(string environment, bool expected)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=')).ToDictionary(v => v[0], v => v[1]);
        Assert.Equal(expected, TerminalAbilities.SpeaksUnicode(variables.GetValueOrDefault));
    }

    [Fact]
    public void A_table_aligns_words_to_the_left_and_numbers_to_the_right()
    {
        var table = new TextTable("NAME", "ROWS", "NOTE");
        table.Add("orders", "1,234", null);
        table.Add("o", "5", "x");
        Assert.Equal("NAME     ROWS  NOTE\norders  1,234  -\no           5  x", table.ToString().ReplaceLineEndings("\n"));
    }

    public void Dispose()
    {
        _data.Dispose();
        _notes.Dispose();
    }

    private Terminal Plain() => new(_data, _notes, new TerminalAbilities(Colors: false, IsInteractive: false));

    private sealed class CountingWriter : StringWriter
    {
        public int Writes { get; private set; }

        public override void Write(string? value)
        {
            Writes++;
            base.Write(value);
        }
    }
}
