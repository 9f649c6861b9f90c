using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>Where the primary key's columns go in a dataset's rows.</summary>
internal static class KeyColumns
{
    /// <summary>For each column of the primary key the place of the dataset's key column that is read from it: not of one that only has the same source column, as what is
    /// written beside a folded key.</summary>
    /// <param name="dataset">The dataset; its key is the table's, as its inspection found.</param>
    /// <param name="table">The table.</param>
    public static int[] Of(Dataset dataset, SqlServerObject table) =>
        [.. table.Key.Select(k => dataset.Columns.Index().First(c => c.Item.KeyOrdinal is not null && table.Column(c.Item.Source)?.Name == k.Name).Index)];
}
