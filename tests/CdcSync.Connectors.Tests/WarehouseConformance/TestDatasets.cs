using CdcSync.Arrow;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

/// <summary>Datasets as configuration and contract would make them.</summary>
public static class TestDatasets
{
    /// <summary>A dataset into a table of its own name.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="keys">How many of the first columns are the key.</param>
    /// <param name="columns">The target's columns.</param>
    public static Dataset Of(string id, int keys, params IReadOnlyList<(string Name, ArrowType Type)> columns) => new()
    {
        Id = new DatasetId(id),
        SourceName = "shop",
        Object = new SourceObject.Table(null, id),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, id),
        Columns = [.. columns.Select((c, i) => new DatasetColumn(c.Name, c.Name, c.Type, c.Type, i < keys ? i : null))],
        Contract = new ContractReference($"contract-{id}", "1.0.0", "team"),
    };

    /// <summary>id int64 (key), name utf8, amount decimal(12, 2).</summary>
    public static Dataset Accounts(DeleteMode deletes = DeleteMode.Hard) =>
        Of("accounts", 1, ("id", Int64Type.Default), ("name", StringType.Default), ("amount", new Decimal128Type(12, 2))) with { Deletes = deletes };
}
