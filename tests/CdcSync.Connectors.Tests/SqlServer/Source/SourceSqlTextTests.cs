using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Sql;

namespace CdcSync.Connectors.Tests.SqlServer.Source;

/// <summary>The whole text of the statements that matter most.</summary>
public sealed class SourceSqlTextTests
{
    private static readonly SqlServerObject Odd = SourceStatements.Tables[1];

    [Fact]
    public void Changes_come_first_and_the_base_table_may_lack_the_row() => Assert.Equal("""
        SELECT c.SYS_CHANGE_VERSION, c.SYS_CHANGE_OPERATION, CASE WHEN b.[ten]]ant] IS NULL THEN 0 WHEN CONVERT(varbinary(1800), b.[ten]]ant]) <> CONVERT(varbinary(1800), c.[ten]]ant]) OR DATALENGTH(b.[ten]]ant]) <> DATALENGTH(c.[ten]]ant]) THEN 2 ELSE 1 END AS [presence],
          c.[ten]]ant], c.[order id],
          b.[größe], b.[order id], b.[ten]]ant], b.[stamp]
        FROM CHANGETABLE(CHANGES [odd schema]].x].[or]]der's], @last) AS c
        LEFT OUTER JOIN [odd schema]].x].[or]]der's] AS b ON b.[ten]]ant] = c.[ten]]ant] AND b.[order id] = c.[order id];
        """, ChangesSql.Changes(SourceStatements.Dataset(Odd), Odd).Text);

    [Fact]
    public void One_round_trip_asks_for_the_version_then_for_changes_then_for_the_minimum() => Assert.Equal("""
        SELECT CHANGE_TRACKING_CURRENT_VERSION() AS [current];
        SELECT CASE WHEN EXISTS (SELECT 1 AS [one] FROM CHANGETABLE(CHANGES [dbo].[a], @last0) AS c) THEN 1 ELSE 0 END AS [has_changes];
        SELECT 0 AS [has_changes];
        SELECT CASE WHEN EXISTS (SELECT 1 AS [one] FROM CHANGETABLE(CHANGES [dbo].[b's], @last2) AS c) THEN 1 ELSE 0 END AS [has_changes];
        SELECT CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'[dbo].[a]')) AS [minimum0], CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'[dbo].[new]')) AS [minimum1], CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'[dbo].[b''s]')) AS [minimum2];
        """, ChangesSql.Readings([new("dbo", "a", true), new("dbo", "new", false), new("dbo", "b's", true)]).Text);

    [Fact]
    public void A_range_of_a_composite_key_is_compared_part_by_part() => Assert.Equal("""
        SELECT b.[größe], b.[order id], b.[ten]]ant], b.[stamp] FROM [odd schema]].x].[or]]der's] AS b WHERE b.[ten]]ant] >= @from0 AND (b.[ten]]ant] > @from0 OR (b.[ten]]ant] = @from0 AND b.[order id] > @from1)) AND b.[ten]]ant] <= @to0 AND (b.[ten]]ant] < @to0 OR (b.[ten]]ant] = @to0 AND b.[order id] <= @to1));
        """, RangesSql.Rows(SourceStatements.Dataset(Odd), Odd, RangeBounds.From | RangeBounds.To).Text);

    [Fact]
    public void Bounds_are_every_so_manyth_key_in_the_servers_order() => Assert.Equal("""
        SELECT n.k0, n.k1
        FROM (SELECT b.[ten]]ant] AS k0, b.[order id] AS k1, ROW_NUMBER() OVER (ORDER BY b.[ten]]ant], b.[order id]) AS ordinal, COUNT_BIG(*) OVER () AS total FROM [odd schema]].x].[or]]der's] AS b) AS n
        WHERE n.ordinal % @step = 0 AND n.ordinal < n.total ORDER BY n.ordinal;
        """, RangesSql.Bounds(SourceStatements.Dataset(Odd), Odd).Text);

    [Fact]
    public void Rowversions_are_read_below_the_ceiling() => Assert.Equal("""
        SELECT b.[id], b.[name], b.[rv], b.[at] FROM [dbo].[orders] AS b
        WHERE b.[rv] > @last AND b.[rv] < @ceiling;
        """, MarksSql.RowVersions(SourceStatements.Dataset(SourceStatements.Tables[0]), SourceStatements.Tables[0], "rv").Text);

    [Theory]
    [InlineData(0, "(CHANGE_RETENTION = 1 MINUTES,")]
    [InlineData(61, "(CHANGE_RETENTION = 61 MINUTES,")]
    [InlineData(120, "(CHANGE_RETENTION = 2 HOURS,")]
    [InlineData(14_400, "(CHANGE_RETENTION = 10 DAYS,")]
    public void Retention_is_written_in_the_largest_whole_unit(int minutes, string expected) =>
        Assert.Contains(expected, SetupSql.TrackDatabase("shop", TimeSpan.FromMinutes(minutes), DatabaseTracking.Off).Text, StringComparison.Ordinal);
}
