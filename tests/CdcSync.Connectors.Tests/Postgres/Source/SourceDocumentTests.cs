using System.Text.RegularExpressions;
using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Values;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>The table of types in docs/postgresql.md is what the code does.</summary>
public sealed partial class SourceDocumentTests
{
    [Fact]
    public async Task The_table_of_types_is_what_is_read()
    {
        var rows = Table();
        Assert.True(rows.Count > 20);
        var types = rows.SelectMany(r => r.Types).ToList();
        await using var database = await SourceDatabase.CreateAsync($"CREATE TABLE t ({string.Join(", ", types.Select((t, i) => $"c{i} {t}"))})");
        await using var connection = await CdcSync.Connectors.Postgres.Source.SourceConnection.OpenAsync("shop", new() { ConnectionString = () => database.Database.ConnectionString }, TestContext.Current.CancellationToken);
        var columns = new Catalogue().Describe(connection, [new SourceObject.Table(null, "t")])[0]!.Columns;
        foreach (var (declared, natural, others) in rows.SelectMany(r => r.Types.Select(t => (t, r.Natural, r.Others))))
        {
            var column = columns[types.IndexOf(declared)];
            Assert.Equal($"{declared} {natural}", $"{declared} {PostgresTypes.Natural(column).Type?.ToString() ?? "refused"}");
            foreach (var other in others) Assert.True(PostgresTypes.WhyNot(column, Type(other)) is null, $"{declared} as {other}");
            if (others.Count == 0 && natural != "refused")
                foreach (var no in (ArrowType[])[new Date32Type(), new Int64Type(), new BooleanType(), new TimestampType(TimeUnit.Second, "UTC")])
                    Assert.True(no.ToString() == natural || PostgresTypes.WhyNot(column, no) is not null, $"{declared} as {no}");
        }
    }

    private static List<(IReadOnlyList<string> Types, string Natural, IReadOnlyList<string> Others)> Table()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "CdcSync.sln"))) folder = folder.Parent!;
        var text = File.ReadAllText(Path.Combine(folder.FullName, "docs", "postgresql.md"));
        var lines = text[text.IndexOf("| PostgreSQL |", StringComparison.Ordinal)..].Split('\n').Skip(2).TakeWhile(l => l.StartsWith('|'));
        return [.. lines.Select(l => l.Split('|')).Select(c => (Names(c[1]), c[2].Trim(' ', '`'), Names(c[3])))];
    }

    private static List<string> Names(string cell) => [.. Quoted().Matches(cell).Select(m => m.Groups[1].Value)];

    private static readonly IReadOnlyList<ArrowType> Known =
    [
        new Int16Type(), new Int32Type(), new Int64Type(), new FloatType(), new DoubleType(), new StringType(), new FixedSizeBinaryType(16), new Time32Type(TimeUnit.Second), new Time64Type(TimeUnit.Nanosecond),
        .. Enum.GetValues<TimeUnit>().SelectMany(u => (ArrowType[])[new TimestampType(u, null), new TimestampType(u, "UTC")]),
        new Decimal128Type(5, 0), new Decimal128Type(12, 2), new Decimal128Type(20, 0), new Decimal128Type(38, 4), new Decimal128Type(38, 10),
    ];

    private static ArrowType Type(string name) => Known.Single(t => t.ToString() == name);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
