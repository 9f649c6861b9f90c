using System.Data.Common;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Migrations;

/// <summary>Brings the control schema up to this binary by DbUp's conventions: ordered scripts, each in a transaction with its journal row.</summary>
/// <remarks>Scripts only add. An older binary goes on running on a newer schema as long as the newer scripts' <c>oldest-binary</c> allows it.</remarks>
internal sealed class MigrationRunner(MigrationDialect dialect, IReadOnlyList<MigrationScript> scripts, Version binary)
{
    /// <summary>The runner for this binary and the scripts it carries.</summary>
    public static MigrationRunner For(MigrationDialect dialect)
    {
        var version = typeof(MigrationRunner).Assembly.GetName().Version!;
        return new MigrationRunner(dialect, MigrationScript.Embedded(dialect.Engine), new Version(version.Major, version.Minor, version.Build));
    }

    /// <summary>Checks that every script has run and that this binary may run on the schema.</summary>
    /// <param name="connection">An open connection without a transaction.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.ControlSchemaMissing"/>, <see cref="ErrorCodes.ControlSchemaNewer"/>.</exception>
    public Task CheckAsync(DbConnection connection, CancellationToken ct) => TranslatedAsync("reading the control schema's journal", async () =>
    {
        var journal = await ReadJournalAsync(connection, ct).ConfigureAwait(false);
        RefuseNewer(journal);
        var missing = scripts.Where(script => !journal.ContainsKey(script.Name)).Select(script => script.Name).ToList();
        if (missing.Count > 0)
            throw new CdcSyncException(ErrorCodes.ControlSchemaMissing, $"the warehouse lacks the control schema of this version; scripts not run: {string.Join(", ", missing)}.", "Create or update it. Run: cdcsync migrate");
        return missing.Count;
    });

    /// <summary>Runs the scripts that have not run. Safe beside other migrators: each script runs once.</summary>
    /// <param name="connection">An open connection without a transaction.</param>
    /// <param name="ct">Cancels between scripts.</param>
    /// <returns>The names of the scripts that ran here.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.ControlSchemaNewer"/>; the engine's own errors.</exception>
    public async Task<IReadOnlyList<string>> MigrateAsync(DbConnection connection, CancellationToken ct)
    {
        var journal = await TranslatedAsync("reading the control schema's journal", () => ReadJournalAsync(connection, ct)).ConfigureAwait(false);
        RefuseNewer(journal);
        var ran = new List<string>();
        foreach (var script in scripts.Where(script => !journal.ContainsKey(script.Name)))
        {
            if (await TranslatedAsync($"running {script.Name}", () => RunAsync(connection, script, ct)).ConfigureAwait(false))
                ran.Add(script.Name);
        }
        return ran;
    }

    private async Task<bool> RunAsync(DbConnection connection, MigrationScript script, CancellationToken ct)
    {
        var transaction = await connection.BeginTransactionAsync(ct).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            if (dialect.Lock is not null) await ExecuteAsync(connection, transaction, dialect.Lock, ct).ConfigureAwait(false);
            await ExecuteAsync(connection, transaction, dialect.CreateJournal, ct).ConfigureAwait(false);
            // Another migrator may have been faster while this one waited for the lock.
            var journal = await ReadJournalAsync(connection, ct, transaction).ConfigureAwait(false);
            RefuseNewer(journal);
            if (journal.ContainsKey(script.Name)) return false;
            await ExecuteAsync(connection, transaction, script.Sql, ct).ConfigureAwait(false);
            await RecordAsync(connection, transaction, script, ct).ConfigureAwait(false);
            await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            return true;
        }
    }

    private async Task<Dictionary<string, Version>> ReadJournalAsync(DbConnection connection, CancellationToken ct, DbTransaction? transaction = null)
    {
        var journal = new Dictionary<string, Version>(StringComparer.Ordinal);
        using var command = Command(connection, transaction, dialect.JournalExists);
        if (await command.ExecuteScalarAsync(ct).ConfigureAwait(false) is null or DBNull or 0L or 0 or false) return journal;
        command.CommandText = $"SELECT scriptname, oldest_binary FROM {dialect.Journal} ORDER BY schemaversionsid";
        var reader = await command.ExecuteReaderAsync(ct).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadAsync(ct).ConfigureAwait(false))
                journal[reader.GetString(0)] = ParseVersion(reader.GetString(0), reader.GetString(1));
        }
        return journal;
    }

    private async Task RecordAsync(DbConnection connection, DbTransaction transaction, MigrationScript script, CancellationToken ct)
    {
        using var command = Command(connection, transaction, $"INSERT INTO {dialect.Journal} (scriptname, applied, oldest_binary) VALUES (@name, {dialect.Now}, @oldest)");
        Add(command, "@name", script.Name);
        Add(command, "@oldest", script.OldestBinary.ToString());
        await command.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
    }

    private void RefuseNewer(Dictionary<string, Version> journal)
    {
        var known = scripts.Select(script => script.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, oldest) in journal)
        {
            if (!known.Contains(name) && oldest > binary)
                throw new CdcSyncException(ErrorCodes.ControlSchemaNewer, $"the warehouse's control schema has {name}, which needs CdcSync {oldest} or newer; this is {binary}.", "Install that version or a newer one. Run: cdcsync --version");
        }
    }

    private static Version ParseVersion(string script, string text) => Version.TryParse(text, out var version)
        ? version
        : throw new CdcSyncException(ErrorCodes.StateCorrupt, $"the control schema's journal names no version as oldest binary of {script}.", "Mend the row of the table schemaversions (docs/state.md). Run: cdcsync migrate");

    private static async Task ExecuteAsync(DbConnection connection, DbTransaction transaction, string sql, CancellationToken ct)
    {
        using var command = Command(connection, transaction, sql);
        await command.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
    }

    private static DbCommand Command(DbConnection connection, DbTransaction? transaction, string sql)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return command;
    }

    private static void Add(DbCommand command, string name, string value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }

    private async Task<T> TranslatedAsync<T>(string doing, Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (DbException e)
        {
            throw dialect.Translate(e, doing);
        }
    }
}
