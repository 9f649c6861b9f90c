using CdcSync.Core.Datasets;

namespace CdcSync.Core.Diagnosis;

/// <summary>A source or a warehouse with logins, which can say what one needs.</summary>
public interface IGrantable
{
    /// <summary>The statements that give a login what CdcSync needs, and no more. Written without asking the system: whoever may run them need not be who syncs.</summary>
    /// <param name="datasets">The datasets it serves.</param>
    /// <param name="login">The login, as the system names it.</param>
    GrantScript Grants(IReadOnlyList<Dataset> datasets, string login);
}

/// <summary>Statements for an administrator.</summary>
/// <param name="Minimal">Without these it does not work.</param>
/// <param name="Diagnostic">With these <c>doctor</c> and the metrics see more; null = there is no more to see.</param>
public sealed record GrantScript(string Minimal, string? Diagnostic = null);
