using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>A prepared statement over SQLite's own interface: values are bound and read without boxing.</summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    /// <exception cref="SqliteException">The statement can't be prepared.</exception>
    public Statement(sqlite3 database, string sql)
    {
        _database = database;
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(database, sql, out _statement), database);
    }

    /// <summary>For binders that bind value by value.</summary>
    public sqlite3_stmt Handle => _statement;

    /// <summary>Binds parameters ?1, ?2 … in order: null, <see cref="long"/>, <see cref="int"/>, <see cref="double"/> or <see cref="string"/>.</summary>
    public Statement With(params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++) Bind(i + 1, values[i]);
        return this;
    }

    /// <summary>Goes to the next row.</summary>
    /// <returns>False at the end; the statement can then run again.</returns>
    /// <exception cref="SqliteException">It failed.</exception>
    public bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW) return true;
        if (result == raw.SQLITE_DONE)
        {
            raw.sqlite3_reset(_statement);
            return false;
        }
        try
        {
            SqliteException.ThrowExceptionForRC(result, _database);
        }
        finally
        {
            raw.sqlite3_reset(_statement);
        }
        return false;
    }

    /// <summary>Runs to the end.</summary>
    /// <returns>Rows that this INSERT, UPDATE or DELETE itself changed, triggers not counted.</returns>
    public long Run()
    {
        while (Step()) { }
        return raw.sqlite3_changes(_database);
    }

    /// <summary>Goes to the first row, gives one of its values and ends; <paramref name="missing"/> where there is no row.</summary>
    public T First<T>(Func<Statement, T> value, T missing)
    {
        try
        {
            return Step() ? value(this) : missing;
        }
        finally
        {
            raw.sqlite3_reset(_statement);
        }
    }

    /// <summary>All rows.</summary>
    public List<T> All<T>(Func<Statement, T> row)
    {
        var rows = new List<T>();
        try
        {
            while (Step()) rows.Add(row(this));
        }
        finally
        {
            raw.sqlite3_reset(_statement);
        }
        return rows;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    public double Double(int column) => raw.sqlite3_column_double(_statement, column);

    public string Text(int column)
    {
        // Makes it UTF-8 where the file keeps its texts in UTF-16.
        raw.sqlite3_column_text(_statement, column);
        return Encoding.UTF8.GetString(raw.sqlite3_column_blob(_statement, column));
    }

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    public void Dispose() => _statement.Dispose();

    private void Bind(int index, object? value)
    {
        var result = value switch
        {
            null => raw.sqlite3_bind_null(_statement, index),
            long number => raw.sqlite3_bind_int64(_statement, index, number),
            int number => raw.sqlite3_bind_int64(_statement, index, number),
            double number => raw.sqlite3_bind_double(_statement, index, number),
            string text => raw.sqlite3_bind_text(_statement, index, text),
            _ => throw new ArgumentException($"SQLite has no value of {value.GetType()}", nameof(value)),
        };
        SqliteException.ThrowExceptionForRC(result, _database);
    }
}
