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
    public void A_note_takes_the_place_of_the_progress_line()
    {
        var terminal = new Terminal(_data, _notes, new TerminalAbilities(Colors: false, IsInteractive: true));
        terminal.Progress("10 rows");
        terminal.Note("done");
        Assert.Equal("\r\e[2K10 rows\r\e[2Kdone\n", _notes.ToString());
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
}
