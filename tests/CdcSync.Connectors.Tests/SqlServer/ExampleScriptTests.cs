using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace CdcSync.Connectors.Tests.SqlServer;

/// <summary>The scripts of docs/examples are T-SQL, and hold the kinds of statements that were meant: a misspelt keyword parses as a procedure call.</summary>
public sealed class ExampleScriptTests
{
    [Theory]
    [InlineData("shop.sql", "AlterDatabaseSetStatement AlterTableChangeTrackingModificationStatement BeginEndBlockStatement CreateDatabaseStatement CreateIndexStatement CreateLoginStatement CreateTableStatement CreateUserStatement GrantStatement IfStatement InsertStatement UseStatement")]
    [InlineData("writer.sql", "BeginEndBlockStatement BeginTransactionStatement CommitTransactionStatement DeclareVariableStatement DeleteStatement IfStatement InsertStatement PredicateSetStatement UpdateStatement UseStatement WaitForStatement WhileStatement")]
    public void A_script_of_the_examples_parses_into_what_was_meant(string file, string kinds)
    {
        using var reader = new StreamReader(Path.Combine(Examples(), file));
        var tree = new TSql150Parser(initialQuotedIdentifiers: true).Parse(reader, out var errors);
        Assert.Empty(errors.Select(e => $"{file}:{e.Line}:{e.Column} {e.Message}"));
        var found = new Statements();
        tree.Accept(found);
        Assert.Equal(kinds, string.Join(' ', found.Kinds.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void What_grants_prints_for_queries_of_contracts_parses_and_stands_in_the_document()
    {
        var asked = TestDatasets.Accounts() with { Target = new TargetTable("sales", "accounts"), Checks = [new ContractCheck("asked", CheckSeverity.Error, new SqlMeasure("SELECT 1", null, null), new RuleCondition(RuleOperator.Be, 1))] };
        Assert.DoesNotContain("cdcsync_checks", WarehouseGrants.For([asked with { Checks = [] }], "worker").Minimal, StringComparison.Ordinal);
        var script = WarehouseGrants.For([asked], "worker").Minimal;
        var added = script[script.IndexOf("CREATE USER", StringComparison.Ordinal)..].TrimEnd();
        Assert.Contains(added.Replace("[worker]", "worker", StringComparison.Ordinal).Replace("[sales]", "sales", StringComparison.Ordinal), File.ReadAllText(Path.Combine(Examples(), "../../sqlserver-warehouse.md")), StringComparison.Ordinal);
        var tree = new TSql150Parser(initialQuotedIdentifiers: true).Parse(new StringReader(script), out var errors);
        Assert.Empty(errors.Select(e => e.Message));
        var found = new Statements();
        tree.Accept(found);
        Assert.Equal("CreateUserStatement GrantStatement", string.Join(' ', found.Kinds.Order(StringComparer.Ordinal)));
    }

    private static string Examples()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "CdcSync.sln"))) folder = folder.Parent;
        return Path.Combine(folder.FullName, "docs/examples/sqlserver");
    }

    private sealed class Statements : TSqlFragmentVisitor
    {
        public HashSet<string> Kinds { get; } = [];

        public override void Visit(TSqlStatement node) => Kinds.Add(node.GetType().Name);
    }
}
