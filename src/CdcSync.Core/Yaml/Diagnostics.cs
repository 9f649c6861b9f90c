using CdcSync.Core.Errors;

namespace CdcSync.Core.Yaml;

/// <summary>A place in a file.</summary>
/// <param name="File">The file, as its reader was told it.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
public readonly record struct FileLocation(string File, int Line, int Column)
{
    /// <summary>The form that editors and terminals follow: <c>file:line:col</c>.</summary>
    public override string ToString() => $"{File}:{Line}:{Column}";
}

/// <summary>How bad a finding is.</summary>
public enum DiagnosticSeverity
{
    /// <summary>The file can be used; someone should look.</summary>
    Warning,

    /// <summary>The file can't be used.</summary>
    Error,
}

/// <summary>One finding in a file.</summary>
/// <param name="Code">What kind of problem it is.</param>
/// <param name="At">Where.</param>
/// <param name="Message">What was found and what was expected; never a secret.</param>
/// <param name="Severity">How bad it is.</param>
public sealed record Diagnostic(ErrorCode Code, FileLocation At, string Message, DiagnosticSeverity Severity)
{
    /// <summary>One line: <c>file:line:col: message</c>, warnings marked as such.</summary>
    public override string ToString() => Severity is DiagnosticSeverity.Warning ? $"{At}: warning: {Message}" : $"{At}: {Code.Id} {Message}";
}

/// <summary>Collects all findings of a reading, so that a person mends a file once and not line by line.</summary>
/// <param name="invalid">The code of a finding that has none of its own.</param>
public sealed class Diagnostics(ErrorCode invalid)
{
    // A file that is wrong from top to bottom must not fill the screen.
    private const int Most = 200;
    private readonly List<Diagnostic> _items = [];

    /// <summary>The findings by file and place.</summary>
    public IReadOnlyList<Diagnostic> Items => [.. _items.OrderBy(d => d.At.File, StringComparer.Ordinal).ThenBy(d => d.At.Line).ThenBy(d => d.At.Column)];

    /// <summary>True if one of the findings is an error.</summary>
    public bool HasErrors => _items.Exists(d => d.Severity is DiagnosticSeverity.Error);

    /// <summary>Records an error.</summary>
    /// <param name="at">Where.</param>
    /// <param name="message">What was found and what was expected; never a secret.</param>
    /// <param name="code">What kind of problem it is; null = the collector's own.</param>
    public void Error(FileLocation at, string message, ErrorCode? code = null) => Add(new(code ?? invalid, at, message, DiagnosticSeverity.Error));

    /// <summary>Records a warning.</summary>
    /// <param name="at">Where.</param>
    /// <param name="message">What was found and what someone should do.</param>
    public void Warning(FileLocation at, string message) => Add(new(invalid, at, message, DiagnosticSeverity.Warning));

    /// <summary>Takes over the findings of another reading.</summary>
    public void AddRange(IEnumerable<Diagnostic> findings)
    {
        foreach (var finding in findings) Add(finding);
    }

    private void Add(Diagnostic finding)
    {
        if (_items.Count < Most) _items.Add(finding);
    }
}

/// <summary>What came of reading a file: the value, unless there are errors, and the findings.</summary>
/// <typeparam name="T">What was to be read.</typeparam>
/// <param name="Value">The value; null exactly where a finding is an error.</param>
/// <param name="Findings">The findings by place.</param>
public sealed record LoadResult<T>(T? Value, IReadOnlyList<Diagnostic> Findings)
    where T : class
{
    /// <summary>The result of a reading that ended.</summary>
    /// <param name="read">Gives the value; asked only where no finding is an error.</param>
    /// <param name="diagnostics">The findings.</param>
    public static LoadResult<T> Of(Func<T> read, Diagnostics diagnostics)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(diagnostics);
        return new(diagnostics.HasErrors ? null : read(), diagnostics.Items);
    }

    /// <summary>The value, or all errors in one exception.</summary>
    /// <exception cref="CdcSyncException">There are errors; the code is that of the first.</exception>
    public T OrThrow()
    {
        if (Value is not null) return Value;
        var errors = Findings.Where(d => d.Severity is DiagnosticSeverity.Error).ToList();
        throw new CdcSyncException(errors[0].Code, string.Join('\n', errors.Select(e => $"{e.At}: {e.Message}")), "Mend the file at the places named. Run: cdcsync validate");
    }
}
