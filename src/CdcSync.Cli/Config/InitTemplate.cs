namespace CdcSync.Cli.Config;

/// <summary>What <c>cdcsync init</c> writes: a small pipeline that runs at once, with a comment at each key that one changes first.</summary>
internal static class InitTemplate
{
    /// <summary>The pipeline file's name.</summary>
    internal const string PipelineFile = "cdcsync.yaml";

    /// <summary>The contract's path, relative to the pipeline file.</summary>
    internal const string ContractFile = "contracts/notes.odcs.yaml";

    /// <summary>The sample source's path, relative to the pipeline file.</summary>
    internal const string SourceFile = "source.db";

    /// <summary>The pipeline file.</summary>
    internal const string Pipeline = """
        # A pipeline: what is read from where, and where it goes. docs/configuration.md has every key.
        # Check it:  cdcsync validate        Run it once:  cdcsync migrate && cdcsync sync        Keep it running:  cdcsync run
        pipeline: notes

        sources:
          notebook:
            kind: sqlite
            path: ./source.db               # your database goes here; look into it with: cdcsync discover notebook

        warehouse:
          kind: sqlite
          path: ./warehouse.db
          # kind: postgres                  # or sqlserver
          # connection: "${env:WAREHOUSE}"  # Host=…;Database=…;Username=…;Password=…: secrets stay outside this file

        landing:
          path: ./landing                   # each batch as an Arrow file, before it is merged
          keep: 7d
          limit: 10GiB

        # keys:
        #   pii: "${env:CDCSYNC_PII_KEY}"   # the key of a contract's masks: 16 bytes or more

        defaults:
          interval: 10s                     # the time between two polls
          deletes: hard                     # soft: deleted rows stay and get _cdc_deleted_at

        datasets:
          notes:
            source: notebook
            object: notes                   # or query: "SELECT …"
            contract: contracts/notes.odcs.yaml#notes
            # All rows each time, published by difference: needs nothing in the source. For large tables switch change tracking on
            #   cdcsync discover notebook notes --enable-tracking --apply
            # and write: capture: change-tracking
            capture: full-refresh
            target: notes

        """;

    /// <summary>The contract.</summary>
    internal const string Contract = """
        # A data contract (Open Data Contract Standard 3.1): what the warehouse's table holds, and who answers for it.
        # docs/contracts.md explains each key that CdcSync acts on. From your own tables: cdcsync discover SOURCE --contract
        apiVersion: v3.1.0
        kind: DataContract
        id: notes
        name: Notes
        version: 1.0.0
        status: draft
        team:
          members:
            - { username: you@example.com, role: Owner }
        schema:
          - name: notes
            physicalType: table
            properties:
              - { name: note_id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
              - { name: title, logicalType: string, physicalType: text, required: true }
              - { name: price, logicalType: number, physicalType: "numeric(10,2)" }
              - { name: written_at, logicalType: timestamp, physicalType: timestamp(3), required: true }
            quality:
              - { id: notes_present, metric: rowCount, mustBeGreaterThan: 0, severity: warning }
        slaProperties:
          - { property: freshness, value: 1, unit: m }

        """;

    /// <summary>Makes the sample source's table and rows.</summary>
    internal const string SourceSql = """
        CREATE TABLE notes (
            note_id    INTEGER PRIMARY KEY,
            title      TEXT NOT NULL,
            price      DECIMAL(10,2),
            written_at TIMESTAMP NOT NULL
        );
        INSERT INTO notes VALUES
            (1, 'Change a row and run: cdcsync sync', 9.50, '2026-01-05 09:00:00.000'),
            (2, 'Delete one and run it again', NULL, '2026-01-05 09:05:00.000'),
            (3, 'cdcsync status shows how far it came', 0.25, '2026-01-05 09:10:00.000');
        """;
}
