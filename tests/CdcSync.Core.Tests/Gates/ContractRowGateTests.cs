using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using CdcSync.Core.Tests.Shaping;

namespace CdcSync.Core.Tests.Gates;

public sealed class ContractRowGateTests
{
    private static readonly Dataset People = TestDatasets.With(
    [
        new("Name", "name", StringType.Default, StringType.Default, Required: true),
        new("B", "b", Int64Type.Default, Int64Type.Default, KeyOrdinal: 1),
        new("A", "a", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0),
        new("Note", "note", StringType.Default, StringType.Default),
    ]);

    [Fact]
    public void A_whole_row_is_accepted() => Assert.Empty(Inspect([], [], ["Ann", 1L, 2L, null]));

    [Fact]
    public void A_null_in_the_key_is_rejected_whatever_the_kind()
    {
        var rejections = Inspect([ChangeKind.Upsert, ChangeKind.Delete, ChangeKind.Erase], [], ["Ann", null, 2L, null], [null, 1L, null, null], [null, null, null, null]);

        Assert.Equal([(0, "key", "b"), (1, "key", "a"), (2, "key", "a")], rejections.Select(r => (r.Row, r.Rule, r.Column)));
    }

    [Fact]
    public void A_key_that_did_not_fit_is_rejected_for_its_type()
    {
        var rejections = Inspect([ChangeKind.Delete], [new RowFault(0, "a", "no int64")], [null, 1L, null, null]);

        Assert.Equal([new RowRejection(0, "type", "a", "no int64")], rejections);
    }

    [Fact]
    public void A_fault_or_a_required_null_rejects_an_upsert()
    {
        var rejections = Inspect([], [new RowFault(1, "note", "too long")], [null, 1L, 2L, null], [null, 3L, 4L, null], ["Cid", 5L, 6L, null]);

        Assert.Equal([(0, "required", "name"), (1, "type", "note")], rejections.Select(r => (r.Row, r.Rule, r.Column)));
    }

    [Fact]
    public void Deletes_and_erases_need_only_their_key() =>
        Assert.Empty(Inspect([ChangeKind.Delete, ChangeKind.Erase], [new RowFault(1, "Consent", "no bool")], [null, 1L, 2L, null], [null, 3L, 4L, null]));

    [Fact]
    public void A_dataset_without_a_key_has_no_key_rule()
    {
        var dataset = TestDatasets.With([new("X", "x", Int64Type.Default, Int64Type.Default)]);
        Assert.Empty(new ContractRowGate(dataset).Inspect(ChangeChunk.Upserts(TestColumns.Batch(dataset.TargetSchema, [[null]]))));
    }

    private static IReadOnlyList<RowRejection> Inspect(ChangeKind[] kinds, RowFault[] faults, params object?[][] rows) =>
        new ContractRowGate(People).Inspect(new ChangeChunk(TestColumns.Batch(People.TargetSchema, rows), kinds.Length == 0 ? new ChangeKind[rows.Length] : kinds, faults));
}
