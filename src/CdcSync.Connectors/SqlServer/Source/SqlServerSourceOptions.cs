namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>Where a SQL Server source is and how it is read.</summary>
public sealed record SqlServerSourceOptions
{
    /// <summary>The driver's connection string, asked for at each new connection, so that a rotated password is found. SQL and Entra logins alike; encrypted unless it says otherwise.</summary>
    public required Func<string> ConnectionString { get; init; }

    /// <summary>The name that the server's views show of its sessions. Default <c>cdcsync</c>.</summary>
    public string Application { get; init; } = "cdcsync";

    /// <summary>How old a read transaction may be when another dataset's window begins. Default 60 s.</summary>
    public TimeSpan MaxReadAge { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the server may let a statement wait before its next rows. Default 5 minutes.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromMinutes(5);
}
