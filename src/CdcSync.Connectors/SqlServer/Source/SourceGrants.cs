using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>What a login needs to read datasets.</summary>
internal static class SourceGrants
{
    /// <summary>The statements.</summary>
    /// <param name="datasets">The datasets of a source.</param>
    /// <param name="login">The login; its user is given the same name.</param>
    public static GrantScript For(IReadOnlyList<Dataset> datasets, string login)
    {
        var tables = from dataset in datasets
                     where dataset.Object is SourceObject.Table
                     let table = (SourceObject.Table)dataset.Object
                     group dataset by (Schema: table.Schema ?? "dbo", table.Name);
        IEnumerable<string> lines =
        [
            SetupSql.CreateUser(login).Text,
            .. tables.Select(t => SetupSql.Grant(t.Key.Schema, t.Key.Name, login, t.Any(d => d.Capture is Capture.ChangeTracking) ? SourceRights.Changes : SourceRights.Rows).Text),
            .. datasets.Where(d => d.Object is SourceObject.Query).Select(d => $"-- dataset {d.Id} reads a query: GRANT SELECT on each table and view that it names"),
        ];
        return new GrantScript(string.Join('\n', lines), $"{SetupSql.GrantDiagnostics(login).Text}\n-- In master; not on Azure SQL Database, where the line above is enough:\n{SetupSql.GrantServerDiagnostics(login).Text}");
    }
}
