using CdcSync.Connectors.Tests.WarehouseConformance;

namespace CdcSync.Connectors.Tests.Sqlite;

public sealed class WarehouseConformanceTests : WarehouseConformance.WarehouseConformance
{
    protected override Task<IWarehouseFixture> CreateAsync() => Task.FromResult<IWarehouseFixture>(new WarehouseFixture());
}
