using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace CdcSync.Connectors.Tests.SqlServer.Binding;

/// <content>Tables that a statement makes and changes, and calls of procedures.</content>
internal sealed partial class TSqlBinder
{
    /// <summary>The tables that a script makes.</summary>
    public static IReadOnlyList<BoundTable> TablesOf(string script)
    {
        using var reader = new StringReader(script);
        var tree = new TSql150Parser(initialQuotedIdentifiers: true).Parse(reader, out var errors);
        Assert.Empty(errors.Select(e => $"line {e.Line}: {e.Message}"));
        var tables = new Tables();
        tree.Accept(tables);
        return tables.Found;
    }

    private static BoundTable TableOf(CreateTableStatement node) => new(
        node.SchemaObjectName.SchemaIdentifier?.Value ?? "", node.SchemaObjectName.BaseIdentifier.Value, [.. node.Definition.ColumnDefinitions.Select(c => new BoundColumn(c.ColumnIdentifier.Value))]);

    private sealed class Tables : TSqlFragmentVisitor
    {
        public List<BoundTable> Found { get; } = [];

        public override void Visit(CreateTableStatement node) => Found.Add(TableOf(node));

        // A table's later columns, under its name.
        public override void Visit(AlterTableAddTableElementStatement node) => Found.Add(new BoundTable(
            node.SchemaObjectName.SchemaIdentifier?.Value ?? "", node.SchemaObjectName.BaseIdentifier.Value, [.. node.Definition.ColumnDefinitions.Select(c => new BoundColumn(c.ColumnIdentifier.Value))]));
    }

    private sealed partial class Walk
    {
        public override void ExplicitVisit(CreateTableStatement node)
        {
            Visit((TSqlStatement)node);
            var table = TableOf(node);
            foreach (var twice in table.Columns.GroupBy(c => c.Name, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1)) Faults.Add($"{table.Name} has two columns {twice.Key}");
            Within(Single("", table), () => node.Definition.Accept(this));
        }

        public override void ExplicitVisit(ColumnWithSortOrder node)
        {
            Resolve(node.Column);
        }

        public override void ExplicitVisit(AlterTableAddTableElementStatement node)
        {
            Visit((TSqlStatement)node);
            if (Table(node.SchemaObjectName) is { } table)
            {
                foreach (var column in node.Definition.ColumnDefinitions.Where(c => table.Columns.Any(there => there.Name == c.ColumnIdentifier.Value)))
                    Faults.Add($"{table.Name} has a column {column.ColumnIdentifier.Value} already");
            }
            node.Definition.Accept(this);
        }

        public override void ExplicitVisit(AlterTableAlterColumnStatement node)
        {
            Visit((TSqlStatement)node);
            if (Table(node.SchemaObjectName) is { } table && table.Columns.All(c => c.Name != node.ColumnIdentifier.Value)) Faults.Add($"{table.Name} has no column {node.ColumnIdentifier.Value}");
            node.DataType.Accept(this);
        }

        public override void ExplicitVisit(DropTableStatement node)
        {
            Visit((TSqlStatement)node);
            foreach (var name in node.Objects) Table(name);
        }

        public override void ExplicitVisit(ExecutableProcedureReference node)
        {
            var name = string.Join('.', node.ProcedureReference.ProcedureReference.Name.Identifiers.Select(i => i.Value));
            if (!BindingCatalogue.Procedures.TryGetValue(name, out var known)) Faults.Add($"there is no procedure {name}");
            foreach (var parameter in node.Parameters)
            {
                if (parameter.Variable is not { Name: var given } || known?.Split(' ').Contains(given) == false) Faults.Add($"{name} has no parameter {parameter.Variable?.Name}");
                else if (BindingCatalogue.ProcedureWords.TryGetValue(given, out var words) && parameter.ParameterValue is StringLiteral word && !words.Contains(word.Value)) Faults.Add($"{given} knows no '{word.Value}'");
                parameter.ParameterValue.Accept(this);
            }
        }
    }
}
