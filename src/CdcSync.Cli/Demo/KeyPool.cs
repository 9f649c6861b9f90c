namespace CdcSync.Cli.Demo;

/// <summary>The keys a table has now: one is picked, added or removed in constant time.</summary>
internal sealed class KeyPool
{
    private readonly List<long> _keys;
    private readonly Dictionary<long, int> _places = [];
    private long _next;

    public KeyPool(IEnumerable<long> initial)
    {
        _keys = [.. initial];
        for (var i = 0; i < _keys.Count; i++)
            _places[_keys[i]] = i;
        _next = _keys.Count == 0 ? 1 : _keys.Max() + 1;
    }

    /// <summary>One of the keys, by chance.</summary>
    public long Pick(ShopGoods goods) => _keys[goods.Number(0, _keys.Count - 1)];

    /// <summary>Adds a key that was never used before.</summary>
    public long Add()
    {
        _places[_next] = _keys.Count;
        _keys.Add(_next);
        return _next++;
    }

    /// <summary>Removes a key.</summary>
    public void Remove(long key)
    {
        var place = _places[key];
        _keys[place] = _keys[^1];
        _places[_keys[place]] = place;
        _keys.RemoveAt(_keys.Count - 1);
        _places.Remove(key);
    }
}
