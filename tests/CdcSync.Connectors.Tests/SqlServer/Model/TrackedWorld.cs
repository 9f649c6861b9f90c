using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.SqlServer.Model;

/// <summary>A model with tables of two columns, a reader over it, and followers: what a test of a rule needs.</summary>
internal sealed class TrackedWorld
{
    public ServerModel Server { get; } = new();

    public IChangeSource Source { get; }

    public TrackedWorld(TimeSpan? maxReadAge = null, TimeProvider? time = null) => Source = SqlServerModelFixture.Open(Server, maxReadAge, time);

    /// <summary>A table <c>dbo.name</c>: id (bigint, or a text that ignores case), v (nvarchar).</summary>
    /// <param name="name">Its name.</param>
    /// <param name="hasTextKey">Which key it has.</param>
    public Follower Table(string name, bool hasTextKey = false)
    {
        Server.Create(new SqlServerObject("dbo", name, 0, ObjectKind.Table,
        [
            hasTextKey ? new(1, "id", "nvarchar", 40, IsNullable: false, Collation: "Latin1_General_100_CI_AS", KeyOrdinal: 1) : new(1, "id", "bigint", 8, IsNullable: false, KeyOrdinal: 1),
            new(2, "v", "nvarchar", 80, Collation: "Latin1_General_100_CI_AS"),
        ]));
        return new Follower(Dataset(name, hasTextKey ? StringType.Default : Int64Type.Default));
    }

    public static Dataset Dataset(string name, ArrowType key) => new()
    {
        Id = new DatasetId(name),
        SourceName = "erp",
        Object = new SourceObject.Table("dbo", name),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, name),
        Contract = new ContractReference(name, "1.0.0", "tests"),
        Columns = key is StringType
            ? [new("id", "id", key, key), new("v", "v", StringType.Default, StringType.Default), new("id", "id_key", key, key, 0, Fold: KeyFold.CaseAndBlanks)]
            : [new("id", "id", key, key, 0), new("v", "v", StringType.Default, StringType.Default)],
    };

    public static RowWrite Put(string table, object id, string? v, object? oldId = null) => new RowWrite.Put($"dbo.{table}", [id, v], oldId is null ? null : [oldId]);

    public static RowWrite Delete(string table, object id) => new RowWrite.Delete($"dbo.{table}", [id]);

    /// <summary>What a table holds, as a follower's rows are written.</summary>
    public Dictionary<string, string> Rows(string table) => Server.Locked(() => Server.Tables[$"dbo.{table}"].Rows.ToDictionary(r => RowText.Of(r.Key), r => RowText.Of(r.Value)));

    public async Task<Reading> ReadingAsync(Follower follower)
    {
        await using var session = await Source.OpenAsync([new ReadRequest(follower.Dataset, follower.Checkpoint)], TestContext.Current.CancellationToken);
        return session.Readings[follower.Dataset.Id];
    }

    public async Task<CdcSyncException> FaultAsync(Follower follower, ReadingState state, ErrorCode code)
    {
        var reading = await ReadingAsync(follower);
        Assert.True(reading.State == state && reading.Fault?.Code == code, $"{reading.State} {reading.Fault}");
        return reading.Fault!;
    }

    /// <summary>Others do this once, at the n-th step of the reader from now on.</summary>
    public void AtStep(int n, Action others)
    {
        var step = 0;
        Server.Between = () =>
        {
            if (step++ == n) others();
        };
    }
}
