using CdcSync.Core.Errors;

namespace CdcSync.Core.Gates.Isolation;

/// <summary>
/// Finds the rows of a batch that its warehouse refuses, by halving: where one of n rows is bad it asks about 2 log n times, and each question is half as
/// large as the one before.
/// </summary>
/// <remarks>
/// First each part by itself, until single rows are left. Then the others together: what passes alone and not together is two rows for one place, and the first
/// has it. Then, beside the others, the rows that may only lack another of the batch: one that gives up a value, one that is referred to.
/// </remarks>
/// <param name="where">Whose batch it is, for messages.</param>
/// <param name="limits">How far it goes.</param>
/// <param name="rehearse">Asks the warehouse, leaving nothing there: null = it takes these rows; else why not.</param>
public sealed class Bisection(string where, BisectionLimits limits, Func<RowSet, ValueTask<Refusal?>> rehearse)
{
    // Rows that others decide about are narrowed down by themselves only so far: with many of them it is the others that were missing.
    private const int LonelyLimit = 256;

    // Each question about rows beside all the others is nearly as large as the batch. Rows that are still open then are kept out: a retry reads them again.
    private const int RescueAttempts = 64;

    private readonly SortedDictionary<long, Refusal> _refused = [];
    private readonly Dictionary<long, Refusal> _lonely = [];
    private RowSet _open = RowSet.None;
    private int _rescueEnds = int.MaxValue;

    /// <summary>How often it asked.</summary>
    public int Attempts { get; private set; }

    /// <summary>Finds them.</summary>
    /// <param name="rows">All rows of the batch; refused as a whole.</param>
    /// <param name="why">Why.</param>
    /// <returns>The refused rows, ascending: without them the batch is taken. Null = it is refused whatever rows are left out, so that it is not they.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.QuarantineFull"/>: there are more than the limits allow, or they were not found in so many attempts.</exception>
    public async ValueTask<IReadOnlyList<RefusedRow>?> RunAsync(RowSet rows, Refusal why)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(why);
        if (rows.Count > 0) await AloneAsync(rows, why).ConfigureAwait(false);
        var taken = rows.Except(RowSet.Of(_refused.Keys)).Except(_open);
        var clash = await AskAsync(taken).ConfigureAwait(false);
        if (clash is not null && taken.Count == 0) return null;
        if (clash is not null) taken = await TogetherAsync(RowSet.None, taken, clash).ConfigureAwait(false);
        await RescueAsync(taken, isAsked: clash is null && _refused.Count == 0, why).ConfigureAwait(false);
        return [.. _refused.Select(r => new RefusedRow(r.Key, r.Value))];
    }

    /// <summary>Halves rows that are refused, each part by itself.</summary>
    private async ValueTask AloneAsync(RowSet part, Refusal why)
    {
        if (part.Count == 1 && !why.DependsOnOthers)
        {
            Refuse(part, why);
            return;
        }
        if (part.Count == 1 || (why.DependsOnOthers && _lonely.Count == LonelyLimit))
        {
            if (part.Count == 1) _lonely[part.Ordinals().Single()] = why;
            _open = _open.Union(part);
            return;
        }
        var (first, rest) = part.Halves();
        foreach (var half in new[] { first, rest })
            if (await AskAsync(half).ConfigureAwait(false) is { } refusal) await AloneAsync(half, refusal).ConfigureAwait(false);
    }

    /// <summary>Halves rows that are refused beside those that are taken, and takes what passes.</summary>
    /// <returns>All that is taken now.</returns>
    private async ValueTask<RowSet> TogetherAsync(RowSet taken, RowSet part, Refusal why)
    {
        if (part.Count == 1 || (Attempts >= _rescueEnds && part.Ordinals().All(_lonely.ContainsKey)))
        {
            Refuse(part, why);
            return taken;
        }
        var (first, rest) = part.Halves();
        foreach (var half in new[] { first, rest })
        {
            var all = taken.Union(half);
            taken = await AskAsync(all).ConfigureAwait(false) is { } refusal ? await TogetherAsync(taken, half, refusal).ConfigureAwait(false) : all;
        }
        return taken;
    }

    /// <summary>Gives the open rows a chance beside all that is taken, as long as one of them gets in.</summary>
    private async ValueTask RescueAsync(RowSet taken, bool isAsked, Refusal why)
    {
        _rescueEnds = Attempts + RescueAttempts;
        for (Reopen(); _open.Count > 0; Reopen())
        {
            var (open, all) = (_open, taken.Union(_open));
            // The first time, all that is open beside all that is taken may be the whole batch, which is refused.
            var refusal = isAsked ? why : await AskAsync(all).ConfigureAwait(false);
            isAsked = false;
            if (refusal is null) return;
            var before = taken.Count;
            taken = await TogetherAsync(taken, open, refusal).ConfigureAwait(false);
            if (taken.Count == before || Attempts >= _rescueEnds) return;
            _open = RowSet.None;
        }
    }

    private void Reopen()
    {
        long[] rows = [.. _refused.Where(r => r.Value.DependsOnOthers).Select(r => r.Key)];
        foreach (var row in rows) _refused.Remove(row);
        _open = _open.Union(RowSet.Of(rows));
    }

    private void Refuse(RowSet rows, Refusal why)
    {
        foreach (var row in rows.Ordinals()) _refused[row] = _lonely.GetValueOrDefault(row, why);
        if (_refused.Count > limits.Rows) throw Full($"the warehouse refuses more than {limits.Rows} rows of one batch ({why.Reason})");
    }

    private async ValueTask<Refusal?> AskAsync(RowSet rows)
    {
        if (Attempts == limits.Attempts) throw Full($"the rows that the warehouse refuses were not all found in {limits.Attempts} attempts (found {_refused.Count + _lonely.Count})");
        Attempts++;
        return await rehearse(rows).ConfigureAwait(false);
    }

    private CdcSyncException Full(string what) =>
        new(ErrorCodes.QuarantineFull, $"{where}: {what}; nothing was committed.", "Mend the rows in the source, or the constraint, index or trigger of the target. Run: cdcsync status");
}

/// <summary>How far a bisection goes.</summary>
/// <param name="Rows">Refused rows at the most.</param>
/// <param name="Attempts">Questions at the most.</param>
public sealed record BisectionLimits(int Rows, int Attempts);
