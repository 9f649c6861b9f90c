using CdcSync.Connectors.Migrations;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>How the control schema is migrated in PostgreSQL.</summary>
internal static class PostgresMigrations
{
    public static MigrationDialect Dialect { get; } = new()
    {
        Engine = "postgres",
        Journal = "cdcsync.schemaversions",
        JournalExists = "SELECT to_regclass('cdcsync.schemaversions') IS NOT NULL",
        // Asked first: CREATE SCHEMA IF NOT EXISTS wants the right to create schemas even where there is nothing to create.
        CreateJournal = """
            DO $$
            BEGIN
                IF to_regnamespace('cdcsync') IS NULL THEN
                    CREATE SCHEMA cdcsync;
                END IF;
                IF to_regclass('cdcsync.schemaversions') IS NULL THEN
                    CREATE TABLE cdcsync.schemaversions (
                        schemaversionsid integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                        scriptname       text        NOT NULL UNIQUE,
                        applied          timestamptz NOT NULL,
                        oldest_binary    text        NOT NULL
                    );
                END IF;
            END
            $$
            """,
        Lock = "SELECT pg_advisory_xact_lock(hashtext('cdcsync.schemaversions'))",
        Now = "clock_timestamp()",
        Translate = WarehouseErrors.Translate,
    };
}
