namespace CdcSync.Cli.Demo;

/// <summary>The keys a table has now: one is picked, added or removed in constant time.</summary>
internal sealed class KeyPool
{
    private readonly List<long> keys;
    private readonly Dictionary<long, int> places = [];

    public KeyPool(IEnumerable<long> initial)
    {
        keys = [.. initial];
        for (var i = 0; i < keys.Count; i++)
            places[keys[i]] = i;
        next = keys.Count == 0 ? 1 : keys.Max() + 1;
    }

    private long next;

    /// <summary>One of the keys, by chance.</summary>
    public long Pick(ShopGoods goods) => keys[goods.Number(0, keys.Count - 1)];

    /// <summary>Adds a key that was never used before.</summary>
    public long Add()
    {
        places[next] = keys.Count;
        keys.Add(next);
        return next++;
    }

    /// <summary>Removes a key.</summary>
    public void Remove(long key)
    {
        var place = places[key];
        keys[place] = keys[^1];
        places[keys[place]] = place;
        keys.RemoveAt(keys.Count - 1);
        places.Remove(key);
    }
}
