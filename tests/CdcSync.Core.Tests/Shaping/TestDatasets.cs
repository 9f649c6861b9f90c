using CdcSync.Core.Datasets;

namespace CdcSync.Core.Tests.Shaping;

internal static class TestDatasets
{
    internal static Dataset With(IReadOnlyList<DatasetColumn> columns, string id = "people") => new()
    {
        Id = new DatasetId(id),
        SourceName = "shop",
        Object = new SourceObject.Table(null, "People"),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, id),
        Columns = columns,
        Contract = new ContractReference("urn:people", "1.2.0", "crm"),
    };
}
