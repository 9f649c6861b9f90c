using System.Reflection;
using CdcSync.Connectors.SqlServer;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.Tests.SqlServer;

public sealed class SqlServerDriverTests
{
    [Fact]
    public void The_driver_finds_every_type_it_asks_the_stand_in_for()
    {
        // A parameter's value asks its type for SqlUserDefinedType; without the assembly this throws FileNotFoundException.
        var parameter = new SqlParameter("@p", 1);
        Assert.Equal(System.Data.SqlDbType.Int, parameter.SqlDbType);
        var reference = typeof(SqlParameter).Assembly.GetReferencedAssemblies().Single(a => a.Name == "Microsoft.SqlServer.Server");
        Assert.Equal(new Version(1, 0, 0, 0), Assembly.Load(reference).GetName().Version);
    }

    [Fact]
    public async Task The_driver_connects_at_all_and_a_closed_port_is_a_server_that_is_unreachable()
    {
        // In invariant mode the driver refuses before it looks for the server.
        await using var connection = new SqlConnection(SqlServerConnectionString.Complete("Server=tcp:127.0.0.1,9;Database=x;User ID=u;Password=p;Connect Timeout=5", "cdcsync", CdcSync.Core.Errors.ErrorCodes.SourceDenied));
        var e = await Assert.ThrowsAsync<SqlException>(() => connection.OpenAsync());
        Assert.True(SqlServerErrors.IsDriver(e));
        Assert.Equal(SqlServerFault.Unreachable, SqlServerErrors.Of(e));
        Assert.False(SqlServerErrors.IsDefinite(e));
    }
}
