using System.Reflection;
using CdcSync.Connectors.SqlServer;
using CdcSync.Connectors.Tests.SqlServer.Binding;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace CdcSync.Connectors.Tests.SqlServer.Source;

/// <summary>Proof 1: each statement the source can send is parsed as SQL Server parses and bound to what is there.</summary>
public sealed class SourceStatementTests
{
    private static readonly TSqlBinder Binder = new(SourceStatements.Catalogue);

    [Fact]
    public void Every_statement_parses_and_binds()
    {
        var wrong = SourceStatements.All().SelectMany(s => Binder.Faults(s.Sql).Select(f => $"{s.Function}: {f}\n{s.Sql.Text}")).Take(5);
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_matrix_is_no_handful() => Assert.True(SourceStatements.All().Count() > 400, $"{SourceStatements.All().Count()}");

    [Fact]
    public void Every_function_that_makes_a_statement_is_in_the_matrix()
    {
        var functions = from type in typeof(TSql).Assembly.GetTypes()
                        where type.Namespace?.StartsWith("CdcSync.Connectors.SqlServer.Source", StringComparison.Ordinal) == true
                        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                        where method.ReturnType == typeof(TSql) && !type.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute))
                        select $"{type.Name}.{method.Name}";
        Assert.Equal(functions.Order(StringComparer.Ordinal), SourceStatements.All().Select(s => s.Function).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_statement_is_made_anywhere_else_and_only_one_file_sends_them()
    {
        var files = Directory.GetFiles(Path.Combine(Root, "src/CdcSync.Connectors/SqlServer"), "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/Warehouse/", StringComparison.Ordinal)).ToDictionary(f => Path.GetFileName(f), File.ReadAllText);
        Assert.DoesNotContain(files, f => f.Value.Contains("TSqlKinds.", StringComparison.Ordinal) && !f.Key.EndsWith("Sql.cs", StringComparison.Ordinal));
        var senders = files.Where(f => f.Value.Contains("CommandText", StringComparison.Ordinal) || f.Value.Contains("new SqlCommand", StringComparison.Ordinal) || f.Value.Contains("CreateCommand", StringComparison.Ordinal)).Select(f => f.Key);
        Assert.DoesNotContain(senders, f => f != "SqlServerConnection.cs");
    }

    /// <summary>Ten wrong statements, one for each thing that a parser alone would not see.</summary>
    [Theory]
    [InlineData("an unknown column", "SELECT b.[nme] FROM [dbo].[orders] AS b;", "b has no column nme")]
    [InlineData("an unknown table", "SELECT b.[id] FROM [dbo].[order] AS b;", "there is no table dbo.order")]
    [InlineData("an unknown alias", "SELECT x.[id] FROM [dbo].[orders] AS b;", "there is no alias x")]
    [InlineData("an undeclared parameter", "SELECT b.[id] FROM [dbo].[orders] AS b WHERE b.[id] = @one AND b.[id] > @two;", "@two is not declared")]
    [InlineData("a parameter of another type", "SELECT b.[id] FROM [dbo].[orders] AS b WHERE b.[name] = @one;", "name is nvarchar(100) and @one is int")]
    [InlineData("a misspelt keyword", "SELEC 1;", "kind Execute was not meant here")]
    [InlineData("a misspelt function", "SELECT CHANGE_TRACKING_CURENT_VERSION() AS [v], @one AS [p];", "no function CHANGE_TRACKING_CURENT_VERSION")]
    [InlineData("too few arguments", "SELECT CHANGE_TRACKING_MIN_VALID_VERSION() AS [v], @one AS [p];", "has 0 arguments")]
    [InlineData("a table in a text that is not there", "SELECT CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'[dbo].[order]')) AS [v], @one AS [p];", "there is no table dbo.order")]
    [InlineData("a column that CHANGETABLE does not give", "SELECT c.[name] FROM CHANGETABLE(CHANGES [dbo].[orders], @one) AS c;", "c has no column name")]
    [InlineData("an ambiguous column", "SELECT [id] FROM [dbo].[orders] AS a JOIN [dbo].[orders] AS b ON a.[id] = b.[id] WHERE a.[id] = @one;", "column id is ambiguous")]
    [InlineData("a statement that writes", "DELETE FROM [dbo].[orders] WHERE [id] = @one;", "kind Delete was not meant here")]
    [InlineData("an unused parameter", "SELECT b.[id] FROM [dbo].[orders] AS b;", "parameter @one is not used")]
    [InlineData("a property that is NULL when misspelt", "SELECT DATABASEPROPERTYEX(DB_NAME(), N'Updatability') AS [u], @one AS [p];", "DATABASEPROPERTYEX knows no 'Updatability'")]
    [InlineData("a syntax error", "SELECT FROM [dbo].[orders];", "Incorrect syntax")]
    public void A_wrong_statement_is_caught(string what, string sql, string fault)
    {
        var faults = Binder.Faults(new TSql(sql, TSqlKinds.Select, new TSqlParameter("@one", new TSqlType(System.Data.SqlDbType.Int))));
        Assert.True(faults.Any(f => f.Contains(fault, StringComparison.Ordinal)), $"{what}: {string.Join("; ", faults)}");
    }

    /// <summary>The binder misses nothing that is a name: each one of each statement is misspelt in turn.</summary>
    [Fact]
    public void A_misspelt_name_anywhere_is_caught()
    {
        var missed = new List<string>();
        foreach (var (function, sql) in SourceStatements.All().DistinctBy(s => s.Function))
        {
            using var reader = new StringReader(sql.Text);
            var tokens = new TSql150Parser(true).GetTokenStream(reader, out _);
            for (var i = 0; i < tokens.Count; i++)
            {
                var token = tokens[i];
                // The name that a statement gives to a column it returns is nobody's business; nor is a database's, which stands for the one
                // that is connected to, or a user's.
                if (token.TokenType is not (TSqlTokenType.Identifier or TSqlTokenType.QuotedIdentifier or TSqlTokenType.Variable) || IsGiven(tokens, i) || token.Text.Trim('[', ']') is "shop" or "shop]]x" or User) continue;
                var changed = token.Text[0] == '[' ? $"[{token.Text[1..^1]}x]" : token.Text + "x";
                var text = sql.Text.Remove(token.Offset, token.Text.Length).Insert(token.Offset, changed);
                if (Binder.Faults(sql with { Text = text }).Count == 0) missed.Add($"{function}: {token.Text} at {token.Offset} in {sql.Text}");
            }
        }
        Assert.True(missed.Count == 0, string.Join('\n', missed.Take(12)));
    }

    private const string User = "cdc]]sync";

    private static bool IsGiven(IList<TSqlParserToken> tokens, int i)
    {
        var before = tokens.Take(i).Where(t => t.TokenType is not (TSqlTokenType.WhiteSpace or TSqlTokenType.SingleLineComment)).ToList();
        return before.Count > 0 && (before[^1].TokenType is TSqlTokenType.As or TSqlTokenType.To || tokens[i].Text == "ordinal");
    }

    private static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "CdcSync.sln"))) folder = folder.Parent!;
            return folder.FullName;
        }
    }
}
