using System.Reflection;
using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer;
using CdcSync.Connectors.SqlServer.Digests;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Connectors.Tests.SqlServer.Binding;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace CdcSync.Connectors.Tests.SqlServer.Digests;

/// <summary>Each statement that compares is parsed as SQL Server parses and bound to the tables it is about.</summary>
public sealed class DigestStatementTests
{
    [Fact]
    public void Every_statement_parses_and_binds()
    {
        var wrong = DigestStatements.All().SelectMany(s => new TSqlBinder(s.Catalogue).Faults(s.Sql).Select(f => $"{s.Function}: {f}\n{s.Sql.Text}")).Take(5);
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_matrix_is_no_handful() => Assert.True(DigestStatements.All().Count() > 1_000, $"{DigestStatements.All().Count()}");

    [Fact]
    public void Every_function_that_makes_a_statement_is_in_the_matrix()
    {
        var functions = from type in typeof(TSql).Assembly.GetTypes()
                        where type.Namespace == "CdcSync.Connectors.SqlServer.Digests" && !type.Name.Contains('<', StringComparison.Ordinal)
                        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                        where method.ReturnType == typeof(TSql) && !method.IsSpecialName && !method.IsPrivate
                        select $"{type.Name}.{method.Name}";
        Assert.Equal(functions.Order(StringComparer.Ordinal), DigestStatements.All().Select(s => s.Function).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>The binder misses nothing that is a name: each one of each statement is misspelt in turn.</summary>
    [Fact]
    public void A_misspelt_name_anywhere_is_caught()
    {
        var missed = new List<string>();
        foreach (var (function, sql, catalogue) in DigestStatements.All().Where(s => s.Sql.Text.Length < 4_000).GroupBy(s => s.Function).SelectMany(g => g.TakeLast(1).Concat(g.Take(2))))
        {
            using var reader = new StringReader(sql.Text);
            var tokens = new TSql150Parser(true).GetTokenStream(reader, out _);
            for (var i = 0; i < tokens.Count; i++)
            {
                var token = tokens[i];
                if (token.TokenType is not (TSqlTokenType.Identifier or TSqlTokenType.QuotedIdentifier or TSqlTokenType.Variable) || IsGiven(tokens, i)) continue;
                var changed = token.Text[0] == '[' ? $"[{token.Text[1..^1]}x]" : token.Text + "x";
                var text = sql.Text.Remove(token.Offset, token.Text.Length).Insert(token.Offset, changed);
                if (new TSqlBinder(catalogue).Faults(sql with { Text = text }).Count == 0) missed.Add($"{function}: {token.Text} at {token.Offset} in {sql.Text}");
            }
        }

        Assert.True(missed.Count == 0, string.Join('\n', missed.Take(8)));
    }

    [Fact]
    public void A_statement_reads_as_sql()
    {
        var dataset = TestDatasets.Of("orders", 1, ("id", Int64Type.Default), ("note", StringType.Default));
        var table = DigestStatements.Of(SqlServerTable.For(dataset, "dbo"));
        Assert.Equal("""
            SELECT r.prefix, COUNT_BIG(*) AS row_count, SUM(r.high) AS high, SUM(r.low) AS low
              FROM (SELECT p.place / @unit - CASE WHEN p.place % @unit < 0 THEN 1 ELSE 0 END AS prefix, CAST(CAST(SUBSTRING(p.hash, 1, 8) AS bigint) AS decimal(38, 0)) AS high, CAST(CAST(SUBSTRING(p.hash, 9, 8) AS bigint) AS decimal(38, 0)) AS low
                      FROM (SELECT 0x00000001 + CASE WHEN t.[id] IS NULL THEN 0x00000014FFFFFFFF ELSE 0x0000001400000008 + CAST(CAST(t.[id] AS bigint) AS varbinary(8)) END AS row_key, HASHBYTES('MD5', CAST(0x00000002 AS varbinary(max)) + CASE WHEN t.[id] IS NULL THEN 0x00000014FFFFFFFF ELSE 0x0000001400000008 + CAST(CAST(t.[id] AS bigint) AS varbinary(8)) END + CASE WHEN t.[note] IS NULL THEN 0x00000019FFFFFFFF ELSE 0x00000019 + CAST(CAST(DATALENGTH(CAST(CAST(t.[note] COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(max)) AS varbinary(max))) AS int) AS varbinary(4)) + CAST(CAST(t.[note] COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(max)) AS varbinary(max)) END) AS hash, COALESCE(CAST(t.[id] AS bigint), 0) AS place FROM OPENJSON(@parts) WITH (first_place bigint '$[0]', last_place bigint '$[1]') AS w INNER LOOP JOIN [dbo].[orders] AS t ON t.[id] BETWEEN w.first_place AND w.last_place) AS p) AS r
             GROUP BY r.prefix;
            """, new DigestSql(table, DigestScope.Rows(dataset), RangeBounds.None).Some(4, 9).Text);
    }

    [Fact]
    public void Rows_of_more_than_8_000_bytes_are_put_together_as_max_and_others_are_not()
    {
        var columns = Enumerable.Range(0, 500).Select(i => DigestColumn.Of($"t.[c{i}]", Int64Type.Default, new FoundType("bigint"), DigestServer.Newest)!).ToList();
        Assert.StartsWith("CAST(0x000001F4 AS varbinary(max)) + ", DigestSql.Record(columns), StringComparison.Ordinal);
        Assert.StartsWith("0x00000064 + ", DigestSql.Record(columns[..100]), StringComparison.Ordinal);
    }

    private static bool IsGiven(IList<TSqlParserToken> tokens, int i)
    {
        var before = tokens.Take(i).Where(t => t.TokenType is not TSqlTokenType.WhiteSpace).ToList();
        return before.Count > 0 && before[^1].TokenType is TSqlTokenType.As or TSqlTokenType.Collate;
    }
}
