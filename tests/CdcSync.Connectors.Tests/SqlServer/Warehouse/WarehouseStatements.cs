using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer;
using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Connectors.Tests.SqlServer.Binding;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.SqlServer.Warehouse;

/// <summary>Every statement the warehouse can send, over a matrix of targets; made by the functions the warehouse calls.</summary>
internal static class WarehouseStatements
{
    private const string Stage = "#cdcsync_stage_0";

    public static IReadOnlyList<SqlServerTable> Targets { get; } =
    [
        .. from deletes in new[] { DeleteMode.Hard, DeleteMode.Soft }
           from dataset in Datasets()
           select SqlServerTable.For(dataset with { Deletes = deletes }, "dbo"),
    ];

    /// <summary>The control schema as its scripts make it, beside the target and its stage.</summary>
    public static BindingCatalogue Catalogue(SqlServerTable? target) => new(
    [
        .. ControlTables,
        .. target is null ? Array.Empty<BoundTable>() :
        [
            new BoundTable(target.Schema, target.Dataset.Target.Name, [.. target.Columns.Select(c => c.Plain).Concat(target.MarksDeletes ? [SqlServerTable.DeletedAt] : []).Select(c => new BoundColumn(c))]),
            new BoundTable("", Stage, [.. target.Columns.Select(c => c.Staged).Concat([MergeSql.Kind, MergeSql.Sequence]).Select(c => new BoundColumn(c))]),
        ],
    ]);

    /// <summary>The statements, each under the name of the function that made it, and the target they are about.</summary>
    public static IEnumerable<(string Function, TSql Sql, SqlServerTable? Target)> All()
    {
        foreach (var made in Control()) yield return made;
        foreach (var target in Targets)
        {
            foreach (var made in Targeted(target)) yield return made;
        }
    }

    /// <summary>The parts of a merge over a target.</summary>
    public static MergeSql Merge(SqlServerTable target) => new(target, Stage, target.Key.Where(c => c.Type.IsText).ToDictionary(c => c, _ => TargetSql.Bytewise));

    private static IEnumerable<(string, TSql, SqlServerTable?)> Control()
    {
        yield return Made(SessionSql.Settings(10_000));
        yield return Made(SessionSql.Learn());
        yield return Made(SessionSql.Health());
        yield return Made(CatalogueSql.Target());
        yield return Made(ControlSql.Lock());
        yield return Made(ControlSql.BeginPublication());
        yield return Made(ControlSql.HoldsLease());
        yield return Made(ControlSql.MoveCheckpoint());
        yield return Made(ControlSql.CreateCheckpoint());
        yield return Made(ControlSql.AdvanceIdle(1));
        yield return Made(ControlSql.AdvanceIdle(3));
        yield return Made(ControlSql.WriteLedger());
        yield return Made(ControlSql.WasCommitted());
        yield return Made(ControlSql.AcquireLease());
        yield return Made(ControlSql.RenewLease());
        yield return Made(ControlSql.ReadLease());
        yield return Made(ControlSql.ReleaseLease());
        yield return Made(StateSql.ReadCheckpoints());
        yield return Made(StateSql.ReadLedger());
        yield return Made(StateSql.ReadLandedPaths());
        yield return Made(StateSql.QuarantinedKeys());
        yield return Made(StateSql.CountQuarantined());
        yield return Made(StateSql.Forget());
        yield return Made(StateSql.ReadQuarantine());
        yield return Made(StateSql.DropQuarantined());
        yield return Made(StateSql.ExpireQuarantined());
        yield return Made(StateSql.ForgetQuarantined(1));
        yield return Made(StateSql.ForgetQuarantined(3));
        yield return Made(StateSql.Quarantine(1));
        yield return Made(StateSql.Quarantine(3));
        yield return Made(StateSql.WriteState());
        yield return Made(StateSql.SetPaused());
        yield return Made(StateSql.ReadPaused());
        yield return Made(StateSql.WriteFilledColumns());
        yield return Made(StateSql.ReadFilledColumns());
        yield return Made(StateSql.ClaimTarget());
        yield return Made(StateSql.OwnersOfTarget());
        yield return Made(StateSql.ReadStatus());
        yield return Made(GateSql.SumDeleted());
        yield return Made(GateSql.Past());
        yield return Made(GateSql.Accept());
        yield return Made(GateSql.SourceSchemas());
        yield return Made(GateSql.WriteSourceSchema());
        yield return Made(ReconciliationSql.Write());
        yield return Made(ReconciliationSql.ReadReconciled());
        yield return Made(ReconciliationSql.ReadComparisons());
        yield return Made(CheckSql.Read());
        yield return Made(CheckSql.Write());
        yield return Made(CheckSql.Drop());
    }

    private static IEnumerable<(string, TSql, SqlServerTable?)> Targeted(SqlServerTable target)
    {
        var merge = Merge(target);
        yield return Made(TargetSql.CreateSchema(target), target);
        yield return Made(TargetSql.CreateTable(target), target);
        yield return Made(MergeSql.HasRows(target), target);
        yield return Made(merge.CreateStage(), target);
        yield return Made(merge.DropStage(), target);
        if (target.Key.Count > 0) yield return Made(merge.Fold(), target);
        yield return Made(merge.CountLive(), target);
        yield return Made(merge.CountLiveUpTo(11_000), target);
        foreach (var mode in Enum.GetValues<PublishMode>())
        {
            yield return Made(merge.CountDeletes(mode), target);
            for (var kinds = StagedKinds.None; kinds <= (StagedKinds.Upserts | StagedKinds.Deletes | StagedKinds.Erases); kinds++) yield return Made(merge.Publish(mode, kinds), target);
        }
        foreach (var column in target.Columns.Where(c => !c.IsKey))
        {
            yield return Made(TargetSql.Widen(target, column, new FoundColumn(column.Plain, column.Type, false, false, false, false, column.Type.IsText ? "Czech_100_CI_AS" : null)), target);
            // What is added must not be there.
            yield return Made(TargetSql.AddColumn(target, column with { Name = "[added]" }), target);
        }
        foreach (var made in Checked(target)) yield return made;
        foreach (var made in Compared(target)) yield return made;
        yield return Made(TargetSql.AddDeletedAt(target), target with { Dataset = target.Dataset with { Deletes = DeleteMode.Hard } });
    }

    private static IEnumerable<(string, TSql, SqlServerTable?)> Compared(SqlServerTable target)
    {
        var digests = Digests.DigestStatements.Of(target);
        yield return Made(TargetRowsSql.All(target), target);
        if (target.Key is [_] && digests.Key[0].Found.Integers is not null) yield return Made(TargetRowsSql.Between(target, digests.Key[0].Sought!), target);
        if (target.Key.Count == 0 || !digests.CanSeek) yield break;
        yield return Made(TargetRowsSql.Find(target, digests, 1), target);
        yield return Made(TargetRowsSql.Find(target, digests, 3), target);
    }

    private static IEnumerable<(string, TSql, SqlServerTable?)> Checked(SqlServerTable target)
    {
        var (first, last) = (target.Columns[0].Plain, target.Columns[^1].Plain);
        var text = target.Columns.FirstOrDefault(c => c.Type.IsText)?.Plain;
        yield return Made(CheckSql.Count(target, [new RowCountMeasure()], []), target);
        yield return Made(CheckSql.Count(target, [new RowCountMeasure(), new BreachMeasure([new NotNullRule("n", first), new ListRule("l", first, ["1", "2"], Membership.Without)]), new BreachMeasure([new ListRule("l", last, ["1"], Membership.Within)])], []), target);
        yield return Made(CheckSql.Count(target, [new BeforeMeasure(first, "2026-01-31"), new BeforeMeasure(last, "2026-01-31T05:00:00")], []), target);
        yield return Made(CheckSql.Duplicates(target, new DuplicateMeasure([first])), target);
        yield return Made(CheckSql.Duplicates(target, new DuplicateMeasure([first, last])), target);
        if (text is not null) yield return Made(CheckSql.Values(target, text), target);
        yield return Made(CheckSql.Orphans(target, new OrphanMeasure([first, last], target.Dataset.Id, [last, first]), target), target);
        yield return Made(CheckSql.Ask(target, new SqlMeasure("SELECT COUNT(*) AS n FROM {object} AS t WHERE t.{property} IS NULL", first, null)), target);
    }

    private static IReadOnlyList<BoundTable> ControlTables { get; } = Read();

    private static List<BoundTable> Read()
    {
        var tables = CdcSync.Connectors.Migrations.MigrationScript.Embedded("sqlserver").SelectMany(s => TSqlBinder.TablesOf(s.Sql))
            .GroupBy(t => (t.Schema, t.Name)).Select(t => new BoundTable(t.Key.Schema, t.Key.Name, [.. t.SelectMany(part => part.Columns)])).ToList();
        string[] ofView = ["dataset", "pipeline", "target_schema", "target_table", "phase", "error_code", "error", "freshness_target_seconds", "contract_id", "contract_version", "contract_owner",
            "generation", "source_kind", "source_id", "position_kind", "position", "snapshot", "complete_up_to", "last_commit_at", "quarantined_rows", "compared_at", "comparison", "drift_rows", "checked_at", "checks_failed"];
        return [.. tables, new BoundTable("cdcsync", "dataset_status", [.. ofView.Select(c => new BoundColumn(c))])];
    }

    private static IEnumerable<Dataset> Datasets()
    {
        yield return TestDatasets.Accounts();
        yield return TestDatasets.Of("keys-only", 2, ("tag", StringType.Default), ("item", Int64Type.Default)) with { Target = new TargetTable("sales", "or]der's") };
        yield return TestDatasets.Of("no-key", 0, ("line", StringType.Default), ("n", BinaryType.Default)) with { Target = new TargetTable(null, "log") };
        yield return TestDatasets.Of("odd", 3, ("größe", StringType.Default), ("b]c", BinaryType.Default), ("select", new Decimal128Type(38, 4)), ("it's", StringType.Default)) with { Target = new TargetTable("odd ]schema", "日本 table") };
        ArrowType[] types = [.. TypeCases.All.Values.Select(c => c.Type).Where(t => ColumnType.For(t, isKey: false) is not null)];
        yield return TestDatasets.Of("types", 1, [("id", (ArrowType)Int64Type.Default), .. types.Select((t, i) => ($"c{i} {t}", t))]);
        foreach (var type in types.Where(t => ColumnType.For(t, isKey: true) is not null))
            yield return TestDatasets.Of("keyed", 1, ("k", type), ("v", Int64Type.Default));
    }

    private static (string, TSql, SqlServerTable?) Made(TSql sql, SqlServerTable? target = null, [CallerArgumentExpression(nameof(sql))] string function = "") =>
        (function[..function.IndexOf('(', StringComparison.Ordinal)].Replace("merge.", "MergeSql.", StringComparison.Ordinal), sql, target);
}
