using CdcSync.Connectors.Migrations;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>How the control schema is migrated in SQL Server.</summary>
internal static class SqlServerMigrations
{
    public static MigrationDialect Dialect { get; } = new()
    {
        Engine = "sqlserver",
        Journal = "cdcsync.schemaversions",
        JournalExists = "SELECT CASE WHEN OBJECT_ID(N'cdcsync.schemaversions', N'U') IS NULL THEN 0 ELSE 1 END AS there;",
        // CREATE SCHEMA must be a batch of its own.
        CreateJournal = """
            IF SCHEMA_ID(N'cdcsync') IS NULL
                EXEC (N'CREATE SCHEMA cdcsync');
            IF OBJECT_ID(N'cdcsync.schemaversions', N'U') IS NULL
                CREATE TABLE cdcsync.schemaversions (
                    schemaversionsid int IDENTITY(1, 1) NOT NULL PRIMARY KEY,
                    scriptname       nvarchar(255)      NOT NULL UNIQUE,
                    applied          datetime2(6)       NOT NULL,
                    oldest_binary    nvarchar(50)       NOT NULL
                );
            """,
        Lock = """
            DECLARE @result int;
            EXEC @result = sys.sp_getapplock @Resource = N'cdcsync.schemaversions', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 60000;
            IF @result < 0 THROW 51000, N'another worker migrates the control schema', 1;
            """,
        Now = "SYSUTCDATETIME()",
        Translate = WarehouseErrors.Translate,
    };
}
