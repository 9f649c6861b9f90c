using CdcSync.Cli.Output;

namespace CdcSync.Cli.Live;

/// <summary>How far all is, as one line for a file or a dumb terminal; none while nothing is read.</summary>
internal sealed class PlainProgress
{
    private long _read;

    /// <summary>The line; null = there is no news since the last one.</summary>
    public string? Line(BoardState state)
    {
        var read = state.Datasets.Sum(d => d.Read);
        if (read == _read)
            return null;
        _read = read;
        var loads = state.Datasets.Select(d => d.Load).OfType<LoadProgress>().ToList();
        var rows = $"{Words.Of(read)} rows read, {Words.Of((long)state.Datasets.Sum(d => d.ReadPerSecond))} rows/s, {Words.Of(state.Datasets.Sum(d => d.Merged))} merged";
        return loads.Count == 0 ? rows : $"first load: {loads.Sum(l => l.Done)} of {loads.Sum(l => l.Ranges)} ranges, {rows}{Left(loads)}";
    }

    // First loads run side by side: the longest one is the time that is left.
    private static string Left(List<LoadProgress> loads) => loads.All(l => l.Left is not null) ? $", about {RowText.Age(loads.Max(l => l.Left!.Value))} left" : "";
}
