using System.Reflection;
using CdcSync.Connectors.SqlServer;
using CdcSync.Connectors.Tests.SqlServer.Binding;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace CdcSync.Connectors.Tests.SqlServer.Warehouse;

/// <summary>Each statement the warehouse can send is parsed as SQL Server parses, and bound to the control schema as its scripts make it, the target and the stage.</summary>
public sealed class WarehouseStatementTests
{
    [Fact]
    public void Every_statement_parses_and_binds()
    {
        var wrong = WarehouseStatements.All().SelectMany(s => Faults(s.Sql, s.Target).Select(f => $"{s.Function}: {f}\n{s.Sql.Text}")).Take(5);
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_matrix_is_no_handful() => Assert.True(WarehouseStatements.All().Count() > 1_000, $"{WarehouseStatements.All().Count()}");

    [Fact]
    public void Every_function_that_makes_a_statement_is_in_the_matrix()
    {
        var functions = from type in typeof(TSql).Assembly.GetTypes()
                        where type.Namespace == "CdcSync.Connectors.SqlServer.Warehouse" && !type.Name.Contains('<', StringComparison.Ordinal)
                        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                        where method.ReturnType == typeof(TSql) && !method.IsSpecialName
                        select $"{type.Name}.{method.Name}";
        Assert.Equal(functions.Order(StringComparer.Ordinal), WarehouseStatements.All().Select(s => s.Function).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_statement_is_made_anywhere_else_and_only_one_file_sends_them()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "CdcSync.sln"))) folder = folder.Parent!;
        var files = Directory.GetFiles(Path.Combine(folder.FullName, "src/CdcSync.Connectors/SqlServer/Warehouse"), "*.cs").ToDictionary(f => Path.GetFileName(f), File.ReadAllText);
        Assert.DoesNotContain(files, f => f.Value.Contains("TSqlKinds.", StringComparison.Ordinal) && !f.Key.EndsWith("Sql.cs", StringComparison.Ordinal));
        Assert.Equal(["WarehouseSession.cs"], files.Where(f => f.Value.Contains("CommandText", StringComparison.Ordinal) || f.Value.Contains("new SqlCommand", StringComparison.Ordinal) || f.Value.Contains("CreateCommand", StringComparison.Ordinal)).Select(f => f.Key));
    }

    /// <summary>The binder misses nothing that is a name: each one of each statement is misspelt in turn.</summary>
    [Fact]
    public void A_misspelt_name_anywhere_is_caught()
    {
        var missed = new List<string>();
        foreach (var (function, sql, target) in WarehouseStatements.All().Where(s => s.Sql.Text.Length < 6_000).GroupBy(s => s.Function).SelectMany(g => g.Take(3)))
        {
            using var reader = new StringReader(sql.Text);
            var tokens = new TSql150Parser(true).GetTokenStream(reader, out _);
            for (var i = 0; i < tokens.Count; i++)
            {
                var token = tokens[i];
                if (token.TokenType is not (TSqlTokenType.Identifier or TSqlTokenType.QuotedIdentifier or TSqlTokenType.Variable) || IsFree(tokens, i, function)) continue;
                var changed = token.Text[0] == '[' ? $"[{token.Text[1..^1]}x]" : token.Text + "x";
                var text = sql.Text.Remove(token.Offset, token.Text.Length).Insert(token.Offset, changed);
                if (Faults(sql with { Text = text }, target).Count == 0) missed.Add($"{function}: {token.Text} at {token.Offset} in {sql.Text}");
            }
        }
        Assert.True(missed.Count == 0, string.Join('\n', missed.Take(8)));
    }

    [Theory]
    [InlineData("EXEC sys.sp_getaplock @Resource = N'x';", "there is no procedure sys.sp_getaplock")]
    [InlineData("EXEC sys.sp_getapplock @Resource = N'x', @LockMode = N'Exclusiv';", "@LockMode knows no 'Exclusiv'")]
    [InlineData("EXEC sys.sp_getapplock @Ressource = N'x';", "has no parameter @Ressource")]
    [InlineData("UPDATE cdcsync.lease SET holdr = N'x';", "lease has no column holdr")]
    [InlineData("INSERT INTO cdcsync.lease (pipeline, holder) VALUES (N'x');", "names 2 columns and gives 1 values")]
    [InlineData("CREATE TABLE dbo.t (a int NOT NULL, PRIMARY KEY (b));", "there is no column b")]
    [InlineData("CREATE TABLE dbo.t (a int, b AS DATALENGTH(c) PERSISTED);", "there is no column c")]
    [InlineData("CREATE TABLE dbo.t (a nvarhcar(10));", "there is no type nvarhcar")]
    [InlineData("ALTER TABLE cdcsync.lease ADD holder int NULL;", "has a column holder already")]
    [InlineData("ALTER TABLE cdcsync.lease ALTER COLUMN holdr int NULL;", "has no column holdr")]
    [InlineData("DROP TABLE cdcsync.leases;", "there is no table cdcsync.leases")]
    public void A_wrong_statement_is_caught(string sql, string fault) =>
        Assert.Contains(Faults(new TSql(sql, (TSqlKinds)int.MaxValue), null), f => f.Contains(fault, StringComparison.Ordinal));

    private static IReadOnlyList<string> Faults(TSql sql, CdcSync.Connectors.SqlServer.Warehouse.SqlServerTable? target) => new TSqlBinder(WarehouseStatements.Catalogue(target)).Faults(sql);

    /// <summary>Names that a statement itself gives: to a result's column, a new table, a new column, a schema, a collation; and words of the language that parse as names.</summary>
    private static bool IsFree(IList<TSqlParserToken> tokens, int i, string function)
    {
        if (function is "TargetSql.CreateSchema" or "TargetSql.CreateTable" or "MergeSql.CreateStage" or "TargetSql.AddColumn" or "TargetSql.AddDeletedAt" or "SessionSql.Settings") return true;
        // A row of VALUES has a name for each value, also where one statement of two does not use it.
        if (function is "StateSql.Quarantine" && tokens[i].Text is "row_key") return true;
        var before = tokens.Take(i).Where(t => t.TokenType is not (TSqlTokenType.WhiteSpace or TSqlTokenType.SingleLineComment)).ToList();
        return before.Count > 0 && before[^1].TokenType is TSqlTokenType.As or TSqlTokenType.Collate
            || tokens[i].Text is "THROW" or "ROWLOCK" or "READPAST" or "READCOMMITTEDLOCK" or "bigint" or "int";
    }
}
