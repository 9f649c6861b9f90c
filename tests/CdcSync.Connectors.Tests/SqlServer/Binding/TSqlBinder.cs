using CdcSync.Connectors.SqlServer;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace CdcSync.Connectors.Tests.SqlServer.Binding;

/// <summary>
/// Parses a statement as SQL Server 2019 would and binds its names: tables, columns by alias, functions with their arguments, parameters and their types, and the
/// kinds of statements. It knows the T-SQL that is written here; what it does not know is a fault too.
/// </summary>
internal sealed partial class TSqlBinder(BindingCatalogue catalogue)
{
    /// <summary>All that is wrong with a statement; empty = nothing.</summary>
    public IReadOnlyList<string> Faults(TSql sql)
    {
        using var reader = new StringReader(sql.Text);
        var tree = new TSql150Parser(initialQuotedIdentifiers: true).Parse(reader, out var errors);
        if (errors.Count > 0) return [.. errors.Select(e => $"line {e.Line}: {e.Message}")];
        var walk = new Walk(catalogue, sql);
        tree.Accept(walk);
        var unused = sql.Parameters.Select(p => p.Name).Except(walk.Used, StringComparer.Ordinal).Select(p => $"parameter {p} is not used");
        var twice = sql.Parameters.GroupBy(p => p.Name, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1).Select(g => $"parameter {g.Key} is declared twice");
        return [.. walk.Faults, .. unused, .. twice];
    }

    private sealed partial class Walk(BindingCatalogue catalogue, TSql sql) : TSqlFragmentVisitor
    {
        private readonly Dictionary<string, string> _variables = sql.Parameters.DistinctBy(p => p.Name).ToDictionary(p => p.Name, p => p.Type.ToString(), StringComparer.Ordinal);
        private readonly Stack<Scope> _scopes = [];

        public List<string> Faults { get; } = [];

        public HashSet<string> Used { get; } = new(StringComparer.Ordinal);

        public override void ExplicitVisit(TSqlScript node)
        {
            if (node.Batches.Count != 1) Faults.Add($"{node.Batches.Count} batches");
            base.ExplicitVisit(node);
        }

        public override void Visit(TSqlStatement node)
        {
            if (KindOf(node) is not { } kind) Faults.Add($"a statement of kind {node.GetType().Name} is never meant");
            else if (!sql.Kinds.HasFlag(kind)) Faults.Add($"a statement of kind {kind} was not meant here");
        }

        public override void ExplicitVisit(QuerySpecification node)
        {
            var scope = new Scope(_scopes.Count > 0 ? _scopes.Peek() : null);
            foreach (var table in node.FromClause?.TableReferences ?? []) Add(table, scope);
            Within(scope, () =>
            {
                foreach (var condition in scope.Conditions) condition.Accept(this);
                foreach (var element in node.SelectElements) element.Accept(this);
                node.TopRowFilter?.Accept(this);
                node.WhereClause?.Accept(this);
                node.GroupByClause?.Accept(this);
                node.HavingClause?.Accept(this);
                foreach (var element in node.SelectElements.OfType<SelectScalarExpression>())
                    if (element.ColumnName?.Value is { } alias) scope.Outputs.Add(alias);
                node.OrderByClause?.Accept(this);
            });
            CheckDistinctNames(Outputs(node), "the query");
        }

        public override void ExplicitVisit(InsertSpecification node)
        {
            var target = Target(node.Target);
            foreach (var column in node.Columns) CheckIn(target, column);
            var values = node.InsertSource switch
            {
                SelectInsertSource { Select: QuerySpecification select } => select.SelectElements.Count,
                ValuesInsertSource list => list.RowValues[0].ColumnValues.Count,
                _ => node.Columns.Count,
            };
            if (values != node.Columns.Count) Faults.Add($"INSERT names {node.Columns.Count} columns and gives {values} values");
            var scope = Single("inserted", target);
            node.InsertSource.Accept(this);
            Within(scope, () => node.OutputClause?.Accept(this));
        }

        public override void ExplicitVisit(UpdateSpecification node) => Change(node, scope =>
        {
            foreach (var set in node.SetClauses.OfType<AssignmentSetClause>()) CheckIn(scope.Target, set.Column);
            // On the left stands a column of the target, whatever else has one of that name.
            foreach (var set in node.SetClauses.OfType<AssignmentSetClause>()) set.NewValue.Accept(this);
        });

        public override void ExplicitVisit(DeleteSpecification node) => Change(node, _ => { });

        public override void ExplicitVisit(MergeSpecification node)
        {
            var scope = new Scope(null);
            var target = Target(node.Target);
            scope.Add(node.TableAlias?.Value ?? target?.Name ?? "", target?.Columns, Faults);
            Add(node.TableReference, scope);
            scope.Add("inserted", target?.Columns, Faults);
            scope.Add("deleted", target?.Columns, Faults);
            Within(scope, () =>
            {
                node.SearchCondition.Accept(this);
                foreach (var clause in node.ActionClauses)
                {
                    clause.SearchCondition?.Accept(this);
                    if (clause.Action is UpdateMergeAction update)
                        foreach (var set in update.SetClauses.OfType<AssignmentSetClause>())
                        {
                            CheckIn(target, set.Column);
                            set.NewValue.Accept(this);
                        }
                    if (clause.Action is InsertMergeAction insert)
                    {
                        foreach (var column in insert.Columns) CheckIn(target, column);
                        insert.Source.Accept(this);
                    }
                }
                node.OutputClause?.Accept(this);
            });
        }

        public override void Visit(VariableReference node)
        {
            if (!_variables.ContainsKey(node.Name)) Faults.Add($"{node.Name} is not declared");
            Used.Add(node.Name);
        }

        public override void Visit(DeclareVariableElement node) => _variables[node.VariableName.Value] = Text(node.DataType);

        public override void ExplicitVisit(DeclareVariableElement node)
        {
            Visit(node);
            node.DataType.Accept(this);
            node.Value?.Accept(this);
        }

        // A misspelt type parses as one that a user made.
        public override void Visit(UserDataTypeReference node) => Faults.Add($"there is no type {node.Name.BaseIdentifier.Value}");

        public override void Visit(GlobalVariableExpression node)
        {
            if (!BindingCatalogue.GlobalVariables.Contains(node.Name)) Faults.Add($"there is no variable {node.Name}");
        }

        public override void Visit(ColumnReferenceExpression node) => Resolve(node);

        public override void ExplicitVisit(FunctionCall node)
        {
            var name = node.FunctionName.Value;
            if (!BindingCatalogue.Functions.TryGetValue(name, out var arity)) Faults.Add($"there is no function {name}");
            else if (node.Parameters.Count < arity.Least || node.Parameters.Count > arity.Most) Faults.Add($"{name} has {node.Parameters.Count} arguments, not {arity.Least} to {arity.Most}");
            if (name == "ROW_NUMBER" && node.OverClause?.OrderByClause is null) Faults.Add("ROW_NUMBER has no OVER (ORDER BY …)");
            if (BindingCatalogue.Words.TryGetValue(name, out var words) && node.Parameters.ElementAtOrDefault(words.Argument) is StringLiteral word && !words.Words.Contains(word.Value))
                Faults.Add($"{name} knows no '{word.Value}'");
            if (name == "OBJECT_ID" && node.Parameters.FirstOrDefault() is StringLiteral named) CheckNamed(named.Value);
            // The unit of a date function parses as a column.
            var hasUnit = name is "DATEDIFF" or "DATEDIFF_BIG" or "DATEPART" or "DATEADD";
            if (hasUnit && node.Parameters[0] is ColumnReferenceExpression unit && unit.MultiPartIdentifier.Identifiers[0].Value is not ("day" or "second" or "millisecond" or "microsecond" or "nanosecond"))
                Faults.Add($"there is no unit {unit.MultiPartIdentifier.Identifiers[0].Value}");
            foreach (var argument in node.Parameters.Skip(hasUnit ? 1 : 0)) argument.Accept(this);
            node.OverClause?.Accept(this);
        }

        public override void ExplicitVisit(BooleanComparisonExpression node)
        {
            base.ExplicitVisit(node);
            CheckSameType(node.FirstExpression, node.SecondExpression);
            CheckSameType(node.SecondExpression, node.FirstExpression);
        }

        public override void ExplicitVisit(AlterTableChangeTrackingModificationStatement node)
        {
            Visit((TSqlStatement)node);
            Table(node.SchemaObjectName);
        }

        public override void ExplicitVisit(GrantStatement node)
        {
            Visit((TSqlStatement)node);
            if (node.SecurityTargetObject is { } on)
            {
                var parts = on.ObjectName.MultiPartIdentifier.Identifiers;
                CheckTable(parts.Count > 1 ? parts[^2].Value : null, parts[^1].Value);
            }
            foreach (var right in node.Permissions.Select(p => string.Join(' ', p.Identifiers.Select(i => i.Value.ToUpperInvariant()))))
                if (right is not ("SELECT" or "VIEW CHANGE TRACKING" or "VIEW DATABASE STATE" or "VIEW SERVER STATE")) Faults.Add($"there is no right {right}");
        }

        private void Change(UpdateDeleteSpecificationBase node, Action<ChangeScope> more)
        {
            var scope = new Scope(null);
            foreach (var table in node.FromClause?.TableReferences ?? []) Add(table, scope);
            var alias = (node.Target as NamedTableReference)?.SchemaObject is { SchemaIdentifier: null } plain ? plain.BaseIdentifier.Value : null;
            var columns = alias is null ? null : scope.Find(alias);
            var target = columns is null ? Target(node.Target) : new BoundTable("", alias!, columns);
            if (node.FromClause is null) scope.Add(target?.Name ?? "", target?.Columns, Faults);
            scope.Add("inserted", target?.Columns, Faults);
            scope.Add("deleted", target?.Columns, Faults);
            Within(scope, () =>
            {
                foreach (var condition in scope.Conditions) condition.Accept(this);
                more(new ChangeScope(target));
                node.WhereClause?.Accept(this);
                node.TopRowFilter?.Accept(this);
                node.OutputClause?.Accept(this);
            });
        }

        private void Add(TableReference table, Scope scope)
        {
            switch (table)
            {
                case JoinTableReference join:
                    Add(join.FirstTableReference, scope);
                    Add(join.SecondTableReference, scope);
                    if (join is QualifiedJoin qualified) scope.Conditions.Add(qualified.SearchCondition);
                    break;
                case JoinParenthesisTableReference parenthesis:
                    Add(parenthesis.Join, scope);
                    break;
                case NamedTableReference named:
                    scope.Add(named.Alias?.Value ?? named.SchemaObject.BaseIdentifier.Value, Table(named.SchemaObject)?.Columns, Faults);
                    break;
                case ChangeTableChangesTableReference changes:
                    changes.SinceVersion.Accept(this);
                    if (changes.Alias is null) Faults.Add("CHANGETABLE has no alias");
                    scope.Add(changes.Alias?.Value ?? "", Table(changes.Target) is { } tracked
                        ? [.. tracked.Columns.Where(c => c.IsKey), .. BindingCatalogue.ChangeColumns.Split(' ').Select(c => new BoundColumn(c))] : null, Faults);
                    break;
                case QueryDerivedTable derived:
                    Within(scope, () => derived.QueryExpression.Accept(this));
                    scope.Add(derived.Alias.Value, Named(derived, Outputs(derived.QueryExpression)), Faults);
                    break;
                case InlineDerivedTable values:
                    foreach (var row in values.RowValues)
                    {
                        if (row.ColumnValues.Count != values.Columns.Count) Faults.Add($"VALUES has {row.ColumnValues.Count} values for {values.Columns.Count} columns");
                        foreach (var value in row.ColumnValues) value.Accept(this);
                    }
                    scope.Add(values.Alias.Value, [.. values.Columns.Select(c => new BoundColumn(c.Value))], Faults);
                    break;
                case OpenJsonTableReference json:
                    json.Variable.Accept(this);
                    foreach (var item in json.SchemaDeclarationItems) item.ColumnDefinition.DataType.Accept(this);
                    scope.Add(json.Alias?.Value ?? "OPENJSON", json.SchemaDeclarationItems.Count == 0 ? [.. BindingCatalogue.JsonColumns.Split(' ').Select(c => new BoundColumn(c))]
                        : [.. json.SchemaDeclarationItems.Select(i => new BoundColumn(i.ColumnDefinition.ColumnIdentifier.Value))], Faults);
                    break;
                case SchemaObjectFunctionTableReference function:
                    foreach (var parameter in function.Parameters) parameter.Accept(this);
                    var name = string.Join('.', function.SchemaObject.Identifiers.Select(i => i.Value));
                    if (!BindingCatalogue.TableFunctions.TryGetValue(name, out var columns)) Faults.Add($"there is no table function {name}");
                    scope.Add(function.Alias?.Value ?? name, columns?.Split(' ').Select(c => new BoundColumn(c)).ToList(), Faults);
                    break;
                default:
                    Faults.Add($"a {table.GetType().Name} in FROM is not known to the binder");
                    break;
            }
        }

        private IReadOnlyList<BoundColumn> Named(QueryDerivedTable derived, IReadOnlyList<BoundColumn> outputs)
        {
            if (derived.Columns.Count == 0) return outputs;
            if (derived.Columns.Count != outputs.Count) Faults.Add($"{derived.Alias.Value} names {derived.Columns.Count} columns of {outputs.Count}");
            return [.. derived.Columns.Select(c => new BoundColumn(c.Value))];
        }

        private void Within(Scope scope, Action walk)
        {
            _scopes.Push(scope);
            walk();
            _scopes.Pop();
        }

        private BoundTable? Target(TableReference target)
        {
            if (target is NamedTableReference named) return Table(named.SchemaObject);
            Faults.Add($"a {target.GetType().Name} as target is not known to the binder");
            return null;
        }

        private BoundTable? Table(SchemaObjectName name) => CheckTable(name.SchemaIdentifier?.Value, name.BaseIdentifier.Value);

        private BoundTable? CheckTable(string? schema, string name)
        {
            if (catalogue.Find(schema, name) is { } table) return table;
            Faults.Add($"there is no table {schema}.{name}");
            return null;
        }

        // A name in a text: OBJECT_ID(N'[dbo].[orders]').
        private void CheckNamed(string text)
        {
            using var reader = new StringReader(text);
            var name = new TSql150Parser(true).ParseSchemaObjectName(reader, out var errors);
            if (errors.Count > 0) Faults.Add($"'{text}' is no name");
            else Table(name);
        }

        private void CheckIn(BoundTable? target, ColumnReferenceExpression column)
        {
            var name = column.MultiPartIdentifier.Identifiers[^1].Value;
            if (target is not null && target.Columns.All(c => c.Name != name)) Faults.Add($"{target.Name} has no column {name}");
        }

        private BoundColumn? Resolve(ColumnReferenceExpression node)
        {
            if (node.ColumnType != ColumnType.Regular) return null;
            var parts = node.MultiPartIdentifier.Identifiers;
            if (_scopes.Count == 0)
            {
                Faults.Add($"column {parts[^1].Value} stands outside a query");
                return null;
            }
            if (parts.Count > 2) Faults.Add($"column {string.Join('.', parts.Select(p => p.Value))} has {parts.Count} parts");
            return _scopes.Peek().Resolve(parts.Count > 1 ? parts[^2].Value : null, parts[^1].Value, Faults);
        }

        private void CheckSameType(ScalarExpression side, ScalarExpression other)
        {
            if (side is not ColumnReferenceExpression { ColumnType: ColumnType.Regular } column || other is not VariableReference variable) return;
            var quiet = new List<string>();
            var parts = column.MultiPartIdentifier.Identifiers;
            var found = _scopes.Peek().Resolve(parts.Count > 1 ? parts[^2].Value : null, parts[^1].Value, quiet);
            if (found?.Type is { } type && _variables.TryGetValue(variable.Name, out var declared) && type != declared)
                Faults.Add($"{parts[^1].Value} is {type} and {variable.Name} is {declared}: the conversion costs the index");
        }

        private void CheckDistinctNames(IReadOnlyList<BoundColumn> outputs, string what)
        {
            foreach (var name in outputs.Where(o => o.Name.StartsWith('_')).GroupBy(o => o.Name, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1))
                Faults.Add($"{what} has two columns {name.Key}");
        }

        private static IReadOnlyList<BoundColumn> Outputs(QueryExpression query) => query switch
        {
            QuerySpecification specification => [.. specification.SelectElements.OfType<SelectScalarExpression>().Select(Output)],
            BinaryQueryExpression binary => Outputs(binary.FirstQueryExpression),
            QueryParenthesisExpression parenthesis => Outputs(parenthesis.QueryExpression),
            _ => [],
        };

        private static BoundColumn Output(SelectScalarExpression element) => new(element.ColumnName?.Value
            ?? (element.Expression as ColumnReferenceExpression)?.MultiPartIdentifier.Identifiers[^1].Value ?? "");

        private static Scope Single(string alias, BoundTable? table)
        {
            var scope = new Scope(null);
            scope.Add(alias, table?.Columns, []);
            return scope;
        }

        private static string Text(DataTypeReference type) => string.Concat(type.ScriptTokenStream.Skip(type.FirstTokenIndex).Take(type.LastTokenIndex - type.FirstTokenIndex + 1).Select(t => t.Text)).ToLowerInvariant();

        private static TSqlKinds? KindOf(TSqlStatement statement) => statement switch
        {
            SelectStatement { Into: null } => TSqlKinds.Select,
            SelectStatement => TSqlKinds.Ddl,
            BeginTransactionStatement or CommitTransactionStatement or RollbackTransactionStatement or SaveTransactionStatement => TSqlKinds.Transaction,
            SetTransactionIsolationLevelStatement or PredicateSetStatement or SetCommandStatement => TSqlKinds.Set,
            IfStatement or BeginEndBlockStatement or DeclareVariableStatement or SetVariableStatement or ReturnStatement or TryCatchStatement => TSqlKinds.Control,
            AlterDatabaseSetStatement => TSqlKinds.AlterDatabase,
            AlterTableChangeTrackingModificationStatement or AlterTableStatement => TSqlKinds.AlterTable,
            InsertStatement => TSqlKinds.Insert,
            UpdateStatement => TSqlKinds.Update,
            DeleteStatement or TruncateTableStatement => TSqlKinds.Delete,
            MergeStatement => TSqlKinds.Merge,
            CreateTableStatement or DropTableStatement or CreateIndexStatement or CreateSchemaStatement => TSqlKinds.Ddl,
            ExecuteStatement => TSqlKinds.Execute,
            ThrowStatement or RaiseErrorStatement => TSqlKinds.Throw,
            GrantStatement => TSqlKinds.Grant,
            CreateUserStatement => TSqlKinds.User,
            ExecuteAsStatement or RevertStatement => TSqlKinds.Impersonate,
            _ => null,
        };
    }

    private sealed record ChangeScope(BoundTable? Target);

    /// <summary>The aliases of one FROM, and those around it.</summary>
    private sealed class Scope(Scope? outer)
    {
        private readonly Dictionary<string, IReadOnlyList<BoundColumn>?> _tables = new(StringComparer.OrdinalIgnoreCase);

        public List<TSqlFragment> Conditions { get; } = [];

        /// <summary>Names that ORDER BY may use.</summary>
        public HashSet<string> Outputs { get; } = new(StringComparer.Ordinal);

        public IReadOnlyList<BoundColumn>? Find(string alias) => _tables.GetValueOrDefault(alias);

        public void Add(string alias, IReadOnlyList<BoundColumn>? columns, List<string> faults)
        {
            if (!_tables.TryAdd(alias, columns)) faults.Add($"the alias {alias} is used twice");
        }

        public BoundColumn? Resolve(string? alias, string name, List<string> faults)
        {
            if (alias is null && Outputs.Contains(name)) return null;
            for (var scope = this; scope is not null; scope = scope.Outer)
            {
                if (alias is not null)
                {
                    if (!scope._tables.TryGetValue(alias, out var columns)) continue;
                    var found = columns?.FirstOrDefault(c => c.Name == name);
                    if (found is null && columns is not null) faults.Add($"{alias} has no column {name}");
                    return found;
                }
                // What OUTPUT sees has to be named.
                var all = scope._tables.Where(t => t.Key is not ("inserted" or "deleted") && t.Value is not null).SelectMany(t => t.Value!).Where(c => c.Name == name).ToList();
                if (all.Count > 1) faults.Add($"column {name} is ambiguous");
                if (all.Count > 0) return all[0];
            }
            faults.Add(alias is null ? $"there is no column {name}" : $"there is no alias {alias}");
            return null;
        }

        private Scope? Outer { get; } = outer;
    }
}
