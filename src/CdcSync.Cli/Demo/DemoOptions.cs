namespace CdcSync.Cli.Demo;

/// <summary>What the demo was asked for.</summary>
/// <param name="Warehouse">The PostgreSQL connection string; null = a SQLite file.</param>
/// <param name="Writing">How long the writer changes the shop.</param>
/// <param name="Seed">The random numbers' seed.</param>
/// <param name="Folder">Where everything is put, and stays; null = a temporary folder, removed afterwards.</param>
/// <param name="Keep">True if the engine and its endpoint go on after the comparison, until stopped.</param>
internal sealed record DemoOptions(string? Warehouse, TimeSpan Writing, int Seed, string? Folder, bool Keep)
{
    /// <summary>The shop's size.</summary>
    public ShopSize Size { get; init; } = ShopSize.Default;

    /// <summary>True if what happens is told as lines of JSON on stdout.</summary>
    public bool IsJson { get; init; }

    /// <summary>Rows the writer changes per second, about.</summary>
    public int RowsPerSecond { get; init; } = 400;
}
