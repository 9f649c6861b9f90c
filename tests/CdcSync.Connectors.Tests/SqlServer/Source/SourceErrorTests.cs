using CdcSync.Connectors.SqlServer;
using CdcSync.Connectors.SqlServer.Source;

namespace CdcSync.Connectors.Tests.SqlServer.Source;

public sealed class SourceErrorTests
{
    [Theory]
    [InlineData(-2, "CDC2001", true)]                                     // timeout
    [InlineData(10054, "CDC2001", true)]                                  // connection reset
    [InlineData(1205, "CDC2001", true)]                                   // deadlock
    [InlineData(1222, "CDC2001", true)]                                   // lock timeout
    [InlineData(845, "CDC2001", true)]                                    // latch timeout
    [InlineData(1204, "CDC2001", true)]                                   // no more locks
    [InlineData(41301, "CDC2001", true)]                                  // memory-optimized: the other transaction failed
    [InlineData(41302, "CDC2001", true)]                                  // memory-optimized: updated meanwhile
    [InlineData(41305, "CDC2001", true)]                                  // memory-optimized: repeatable read
    [InlineData(41325, "CDC2001", true)]                                  // memory-optimized: serializable
    [InlineData(41839, "CDC2001", true)]                                  // memory-optimized: too many dependencies
    [InlineData(17197, "CDC2001", true)]                                  // login timed out
    [InlineData(10922, "CDC2001", true)]                                  // Azure SQL: retry
    [InlineData(49983, "CDC2001", true)]                                  // Azure SQL: retry
    [InlineData(3960, "CDC2001", true)]                                   // snapshot conflict
    [InlineData(3961, "CDC2011", true)]                                   // DDL since the snapshot began
    [InlineData(3952, "CDC2001", true)]                                   // SNAPSHOT not allowed
    [InlineData(3958, "CDC2001", true)]                                   // version store full
    [InlineData(9002, "CDC2001", true)]                                   // log full
    [InlineData(22117, "CDC2013", true)]                                  // secondary of an availability group
    [InlineData(976, "CDC2013", true)]                                    // replica not readable
    [InlineData(22105, "CDC2008", false)]                                 // tracking off
    [InlineData(229, "CDC2002", false)]                                   // permission
    [InlineData(18456, "CDC2002", false)]                                 // login
    [InlineData(4060, "CDC2002", false)]                                  // database
    [InlineData(208, "CDC2011", true)]                                    // an inspected table is gone
    [InlineData(207, "CDC2011", true)]                                    // an inspected column is gone
    [InlineData(40613, "CDC2001", true)]                                  // Azure SQL: not available
    [InlineData(49918, "CDC2001", true)]                                  // Azure SQL: no resources
    [InlineData(8115, "CDC2012", false)]                                  // overflow in a view
    [InlineData(123_456, "CDC2012", false)]
    public void An_error_number_has_one_code_and_is_transient_or_not(int number, string code, bool isTransient)
    {
        var (found, _, remedy) = SourceErrors.Meaning(SqlServerErrors.OfNumber(number));
        Assert.Equal(code, found.Id);
        Assert.Equal(isTransient, found.IsTransient);
        Assert.Contains("Run: cdcsync", remedy, StringComparison.Ordinal);
    }
}
