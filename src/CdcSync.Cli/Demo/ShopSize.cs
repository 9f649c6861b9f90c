namespace CdcSync.Cli.Demo;

/// <summary>How many rows the shop starts with; orders have 2.4 lines on average.</summary>
internal sealed record ShopSize(int Customers, int Orders, int Returns)
{
    /// <summary>The demo's shop: about 185,000 rows.</summary>
    public static ShopSize Default { get; } = new(10_000, 50_000, 5_000);
}
