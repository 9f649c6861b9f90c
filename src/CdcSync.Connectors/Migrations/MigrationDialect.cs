using System.Data.Common;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Migrations;

/// <summary>What an engine says differently when the control schema is migrated. The journal has DbUp's columns and one more.</summary>
internal sealed record MigrationDialect
{
    /// <summary>The folder in migrations/.</summary>
    public required string Engine { get; init; }

    /// <summary>The journal table as SQL writes it, qualified and quoted.</summary>
    public required string Journal { get; init; }

    /// <summary>A query whose one value is not 0 and not null if the journal is there.</summary>
    public required string JournalExists { get; init; }

    /// <summary>Creates the journal (schemaversionsid, scriptname, applied, oldest_binary) where it is missing.</summary>
    public required string CreateJournal { get; init; }

    /// <summary>The first statement of each script's transaction, which keeps other migrators out until it ends; null where beginning it does.</summary>
    public string? Lock { get; init; }

    /// <summary>The engine's clock in the form of the journal's column <c>applied</c>.</summary>
    public required string Now { get; init; }

    /// <summary>Says what a driver's error means; the text says what was being done.</summary>
    public required Func<DbException, string, CdcSyncException> Translate { get; init; }
}
