using CdcSync.Connectors.Sqlite.Warehouse;
using CdcSync.Core.Checks;
using CdcSync.Core.Errors;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Checks;

/// <summary>Asks a query that stands in a contract: one statement, that reads.</summary>
internal static class ContractQuery
{
    /// <summary>The number it answers with.</summary>
    /// <param name="session">A session; while it is asked, nothing can be written on it.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="table">The target.</param>
    /// <param name="measure">The query.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.RuleUnanswered"/>; transient ones of the warehouse.</exception>
    public static decimal Ask(SqliteSession session, string path, SqliteTable table, SqlMeasure measure)
    {
        // As a table of another statement it can be nothing but a query: no COMMIT, no PRAGMA.
        var sql = $"SELECT * FROM (\n{measure.Over(table.Name, measure.Column is null ? null : SqliteDialect.Quote(measure.Column))}\n) LIMIT 2";
        session.Execute("PRAGMA query_only = ON");
        try
        {
            return CheckValues.Only(Rows(session, sql));
        }
        catch (SqliteException e) when (e.SqliteErrorCode != raw.SQLITE_INTERRUPT)
        {
            throw CheckValues.Refused(SqliteErrors.Translate(path, $"asking a rule of {table.Dataset.Id}", e));
        }
        finally
        {
            session.Execute("PRAGMA query_only = OFF");
        }
    }

    private static List<string?> Rows(SqliteSession session, string sql)
    {
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(session.Handle, sql, out var statement, out var rest), session.Handle);
        using (statement)
        {
            if (rest.Trim().Length > 0) throw CheckValues.Unanswered("more than one statement");
            if (raw.sqlite3_column_count(statement) != 1) throw CheckValues.Unanswered($"{raw.sqlite3_column_count(statement)} columns");
            var rows = new List<string?>();
            int result;
            while ((result = raw.sqlite3_step(statement)) == raw.SQLITE_ROW)
                rows.Add(raw.sqlite3_column_type(statement, 0) == raw.SQLITE_NULL ? null : raw.sqlite3_column_text(statement, 0).utf8_to_string());
            if (result != raw.SQLITE_DONE) SqliteException.ThrowExceptionForRC(result, session.Handle);
            return rows;
        }
    }
}
