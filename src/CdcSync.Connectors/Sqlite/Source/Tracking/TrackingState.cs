using CdcSync.Connectors.Sqlite.Source.Catalog;

namespace CdcSync.Connectors.Sqlite.Source.Tracking;

/// <summary>Whether everything that tracks a table is there, unedited, and fits the table as it is now.</summary>
internal static class TrackingState
{
    /// <summary>What is wrong with the tracking of a table.</summary>
    /// <param name="catalog">The catalogue.</param>
    /// <param name="table">A table with a key.</param>
    /// <returns>Null if nothing is. Triggers of an index that was dropped are no harm; the index that came since is.</returns>
    public static string? WhyOff(SqliteCatalog catalog, SqliteTable table)
    {
        if (!catalog.Has(TrackingNames.Meta) || !catalog.Has(TrackingNames.Log(table.Name)))
            return "change tracking is not on";
        foreach (var (name, text) in TrackingTriggers.For(table))
        {
            var found = catalog.TriggerText(name);
            if (found is null)
                return $"its tracking trigger {name} is missing (was the table recreated, or an index added?)";
            if (found != text)
                return $"its tracking trigger {name} is not the one that belongs there (was it edited, or the table altered?)";
        }
        return null;
    }
}
