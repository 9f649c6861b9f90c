using CdcSync.Cli.Output;

namespace CdcSync.EndToEnd.Tests.Cli;

public sealed class SecretScrubberTests
{
    [Theory]
    [InlineData("Host=db;Username=u;Password=hunter22;Database=d", "login with hunter22 failed", "login with *** failed")]
    [InlineData("Server=db;User Id=u;Pwd='hunter;22'", "hunter;22 was refused", "*** was refused")]
    [InlineData("postgresql://u:hun%20ter22@db/d", "neither hun ter22 nor hun%20ter22", "neither *** nor ***")]
    [InlineData("a-token-of-my-own", "a-token-of-my-own!", "***!")]
    [InlineData("hunter22\n", "hunter22\n", "***")]
    public void A_secret_is_taken_out_wherever_it_turns_up(string secret, string text, string shown)
    {
        var scrubber = new SecretScrubber();
        scrubber.Add(secret);
        Assert.Equal(shown, scrubber.Scrub(text));
    }

    [Fact]
    public void A_word_too_short_to_be_a_secret_leaves_the_text_alone()
    {
        var scrubber = new SecretScrubber();
        scrubber.Add("Host=db;Password=a");
        Assert.Equal("a database", scrubber.Scrub("a database"));
    }
}
