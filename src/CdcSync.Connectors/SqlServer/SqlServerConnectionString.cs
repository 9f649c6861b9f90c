using System.Data.Common;
using CdcSync.Core.Errors;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer;

/// <summary>The connection string that sessions really use: the user's, with what the engine needs and safe defaults.</summary>
/// <remarks>Encryption and the check of the certificate are on unless the string says otherwise: the driver's own defaults.</remarks>
internal static class SqlServerConnectionString
{
    private static readonly string[] Timeouts = ["Connect Timeout", "Connection Timeout", "Timeout"];

    /// <summary>Completes the user's connection string.</summary>
    /// <param name="text">The user's.</param>
    /// <param name="application">The name that the server's views show of its sessions.</param>
    /// <param name="refused">The code of what can't be used: a source's or a warehouse's.</param>
    /// <exception cref="CdcSyncException">It can't be read, or asks for a replica; the message does not repeat it.</exception>
    public static string Complete(string text, string application, ErrorCode refused)
    {
        SqlConnectionStringBuilder builder;
        HashSet<string> given;
        try
        {
            builder = new SqlConnectionStringBuilder(text);
            given = new DbConnectionStringBuilder { ConnectionString = text }.Keys.Cast<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException or NotSupportedException)
        {
            // The driver's message may repeat a part of it, and with it a password: it is not passed on.
            throw Unusable(refused, "expected the driver's form, Server=…;Database=…;User ID=…;Password=….");
        }

        if (builder.DataSource.Length == 0 || builder.InitialCatalog.Length == 0)
            throw Unusable(refused, "it must name a server and a database: Server=…;Database=….");
        // A replica answers late, and change tracking there not at all or with versions that make no sense.
        if (builder.ApplicationIntent == ApplicationIntent.ReadOnly)
            throw Unusable(refused, "ApplicationIntent=ReadOnly may lead to a replica, and only the primary answers truthfully what has changed.");
        if (!given.Contains("Application Name") && !given.Contains("App")) builder.ApplicationName = application;
        if (!Timeouts.Any(given.Contains)) builder.ConnectTimeout = 15;
        // A connection that was mended behind one's back has lost its transaction and its temporary tables.
        builder.ConnectRetryCount = 0;
        builder.MultipleActiveResultSets = false;
        builder.Enlist = false;
        builder.PersistSecurityInfo = false;
        return builder.ConnectionString;
    }

    private static CdcSyncException Unusable(ErrorCode code, string why) => new(code, $"the SQL Server connection string can't be used: {why}", "Correct it in the pipeline file. Run: cdcsync validate");
}
