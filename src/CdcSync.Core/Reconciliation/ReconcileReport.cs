using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation.Totals;

namespace CdcSync.Core.Reconciliation;

/// <summary>How a comparison goes about it.</summary>
public enum ReconcileMode
{
    /// <summary>Both sides compute digests of parts; rows of parts that differ travel. The default.</summary>
    Digest,

    /// <summary>As <see cref="Digest"/>, of the keys alone: finds rows that are missing or extra, at less cost.</summary>
    Keys,

    /// <summary>Key and hash of every row travel; the source's hashes are computed by the very code that shapes its rows.</summary>
    Full,

    /// <summary>The contract's control totals are compared, group by group. Never repairs.</summary>
    Totals,
}

/// <summary>What a comparison is to do.</summary>
/// <param name="Mode">How it goes about it.</param>
/// <param name="IsRepair">True if the target is to be made equal.</param>
public sealed record ReconcileRequest(ReconcileMode Mode, bool IsRepair)
{
    /// <summary>Only rows of this range; null = all. A row that only one side has in it is judged by its key like any other.</summary>
    public RowRange? Range { get; init; }

    /// <summary>How long what is in flight of a dataset is waited for.</summary>
    public TimeSpan PatienceWith(Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return Patience ?? (2 * dataset.Interval) + TimeSpan.FromSeconds(5);
    }

    /// <summary>How long keys in flight are waited for; null = two of the dataset's intervals and 5 seconds.</summary>
    public TimeSpan? Patience { get; init; }
}

/// <summary>Rows by the way in which they differ.</summary>
/// <param name="Missing">In the source, not in the target.</param>
/// <param name="Different">In both, with other values.</param>
/// <param name="Extra">In the target, not in the source.</param>
public readonly record struct DriftCounts(long Missing, long Different, long Extra)
{
    /// <summary>All of them.</summary>
    public long Total => Missing + Different + Extra;

    /// <summary>Those of one kind.</summary>
    public long Of(Difference kind) => kind switch { Difference.Missing => Missing, Difference.Different => Different, _ => Extra };

    /// <summary>With one more.</summary>
    public DriftCounts With(Difference kind) => kind switch
    {
        Difference.Missing => this with { Missing = Missing + 1 },
        Difference.Different => this with { Different = Different + 1 },
        _ => this with { Extra = Extra + 1 },
    };
}

/// <summary>What a comparison found and did.</summary>
public sealed record ReconcileReport
{
    /// <summary>Differing keys that a report names at most.</summary>
    public const int NamedKeys = 100;

    /// <summary>Its identity in the control table <c>reconciliation</c>.</summary>
    public required Guid Id { get; init; }

    /// <summary>The dataset.</summary>
    public required DatasetId Dataset { get; init; }

    /// <summary>What was asked for.</summary>
    public required ReconcileRequest Request { get; init; }

    /// <summary>When it began, by the worker's clock.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>Rows of the source that belong into the target, as the digests counted them.</summary>
    public required long SourceRows { get; init; }

    /// <summary>Rows of the target, as the digests counted them.</summary>
    public required long TargetRows { get; init; }

    /// <summary>Rows of the target that are marked as deleted: they are not compared.</summary>
    public required long SoftDeleted { get; init; }

    /// <summary>Rows that differ because a gate keeps their newest version in quarantine.</summary>
    public required long Explained { get; init; }

    /// <summary>Keys that were still in flight when patience ended: neither equal nor drift.</summary>
    public required long InFlight { get; init; }

    /// <summary>The drift that was found.</summary>
    public required DriftCounts Found { get; init; }

    /// <summary>Of it what was mended.</summary>
    public required DriftCounts Repaired { get; init; }

    /// <summary>Rows that left one of the sides, whole or as key and hash.</summary>
    public required long RowsTravelled { get; init; }

    /// <summary>True if the source hashed its rows itself, or summed them; false = they travelled to this process.</summary>
    public bool IsHashedBySource { get; init; }

    /// <summary>True if there is more drift than is looked at in one run.</summary>
    public required bool IsCut { get; init; }

    /// <summary>The first of the keys that differ.</summary>
    public required IReadOnlyList<DriftedKey> Keys { get; init; }

    /// <summary>The key space in about equal parts, in its order, each with its rows that differ.</summary>
    public required IReadOnlyList<long> Map { get; init; }

    /// <summary>The control totals, where they were compared; those in flight are <see cref="InFlight"/> groups.</summary>
    public IReadOnlyList<TotalResult> Totals { get; init; } = [];

    /// <summary>Drift that is left.</summary>
    public long Left => Found.Total - Repaired.Total;

    /// <summary>How it ended, in a word.</summary>
    public ReconcileOutcome Outcome => Left > 0 || IsCut || (InFlight == 0 && Totals.Any(t => t.Differing > 0)) ? ReconcileOutcome.Drift : Found.Total > 0 ? ReconcileOutcome.Repaired : ReconcileOutcome.Equal;
}

/// <summary>How a comparison ended.</summary>
public enum ReconcileOutcome
{
    /// <summary>No drift.</summary>
    Equal,

    /// <summary>All drift that was found is mended.</summary>
    Repaired,

    /// <summary>There is drift.</summary>
    Drift,
}

/// <summary>A key that differs.</summary>
/// <param name="Key">As quarantine writes it: a JSON array of canonical texts, after the shape, so that masked parts are masked.</param>
/// <param name="Kind">How.</param>
/// <param name="IsRepaired">True if it was mended.</param>
public sealed record DriftedKey(string Key, Difference Kind, bool IsRepaired);
