using System.Collections.ObjectModel;
using CdcSync.Arrow;
using CdcSync.Core.Checks;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Core.Datasets;

/// <summary>One source object that flows into one warehouse table under one data contract. Immutable; made from configuration and contract.</summary>
public sealed record Dataset
{
    /// <summary>Its name.</summary>
    public required DatasetId Id { get; init; }

    /// <summary>The name of the source it is read from.</summary>
    public required string SourceName { get; init; }

    /// <summary>The table, view or query that is read.</summary>
    public required SourceObject Object { get; init; }

    /// <summary>How changes are found.</summary>
    public required Capture Capture { get; init; }

    /// <summary>Where the rows go.</summary>
    public required TargetTable Target { get; init; }

    /// <summary>The columns that are read, in order; those with a <see cref="DatasetColumn.Target"/> are written.</summary>
    public required IReadOnlyList<DatasetColumn> Columns
    {
        get;
        init
        {
            field = value;
            // A copy made by "with" brings along what was derived from the columns of the original.
            _derived = new Derived(value);
        }
    }

    /// <summary>The contract it stands under.</summary>
    public required ContractReference Contract { get; init; }

    /// <summary>What the contract says of single values, beyond type and null; a row that breaks one goes to quarantine.</summary>
    public IReadOnlyList<ValueRule> Rules { get; init; } = [];

    /// <summary>What the contract says of the table as a whole, by id.</summary>
    public IReadOnlyList<ContractCheck> Checks { get; init; } = [];

    /// <summary>The time between two check passes of a worker. Default 1 hour.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Rows that do not match travel as an erase of their key; null = all rows match.</summary>
    public RowFilter? Filter { get; init; }

    /// <summary>What a delete in the source does in the warehouse. Default hard.</summary>
    public DeleteMode Deletes { get; init; } = DeleteMode.Hard;

    /// <summary>What happens when the source no longer has the changes after the checkpoint. Default fail.</summary>
    public GapPolicy GapPolicy { get; init; } = GapPolicy.Fail;

    /// <summary>Datasets of one source and one group publish their windows in one warehouse transaction; null = on its own.</summary>
    public string? Group { get; init; }

    /// <summary>When it is polled. Default every minute.</summary>
    public PollSchedule Schedule { get; init; } = new PollSchedule.Every(TimeSpan.FromMinutes(1));

    /// <summary>The longest time between two polls by its schedule; set, it is polled that often.</summary>
    public TimeSpan Interval
    {
        get => Schedule.Longest;
        init => Schedule = new PollSchedule.Every(value);
    }

    /// <summary>By up to how much each scheduled poll is late at random, so that not all begin at once. Default not at all.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>The greater, the earlier it is read and the less it waits for a place to publish. Default 0.</summary>
    public int Priority { get; init; }

    /// <summary>How old the warehouse may be, from the contract's SLA; null = none promised.</summary>
    public TimeSpan? FreshnessTarget { get; init; }

    /// <summary>How long a change may take from the source's commit until it is visible, from the contract's SLA; null = none promised.</summary>
    public TimeSpan? LatencyTarget { get; init; }

    /// <summary>How long the warehouse may go without an update, from the contract's SLA; null = none promised.</summary>
    public TimeSpan? FrequencyTarget { get; init; }

    /// <summary>The delete breaker; default: more than 10 % of the rows and more than 1,000.</summary>
    public DeleteBreaker Breaker { get; init; } = DeleteBreaker.Default;

    /// <summary>What is done about changes of the source's columns, by kind; those that are not named evolve.</summary>
    public IReadOnlyDictionary<SchemaChangeKind, SchemaPolicy> SchemaPolicies { get; init; } = ReadOnlyDictionary<SchemaChangeKind, SchemaPolicy>.Empty;

    /// <summary>Columns of the source that are knowingly not taken.</summary>
    public IReadOnlyList<string> DroppedColumns { get; init; } = [];

    /// <summary>The columns among the source's that are neither read nor knowingly left.</summary>
    public IReadOnlyList<string> Unnamed(IEnumerable<SourceColumn> columns) =>
        [.. columns.Select(c => c.Name).Where(name => Columns.Select(c => c.Source).Concat(DroppedColumns).All(known => !known.Equals(name, StringComparison.OrdinalIgnoreCase)))];

    /// <summary>What is done about a kind of change.</summary>
    public SchemaPolicy Policy(SchemaChangeKind kind) => SchemaPolicies.GetValueOrDefault(kind, SchemaPolicy.Evolve);

    /// <summary>How far a batch's rows may be from those of recent ones; null = they are not judged.</summary>
    public VolumeLimit? Volume { get; init; }

    /// <summary>Sums that source and warehouse must agree on, compared by the mode <c>totals</c>.</summary>
    public IReadOnlyList<ControlTotal> Totals { get; init; } = [];

    /// <summary>When a worker compares source and target by itself; null = only when it is asked to.</summary>
    public ReconcileSchedule? Reconcile { get; init; }

    /// <summary>The key columns in key order; empty for a full refresh of an object without a key.</summary>
    public IReadOnlyList<DatasetColumn> Key => _derived.Key;

    /// <summary>What is read: one nullable field per column, named as in the source.</summary>
    public Schema SourceSchema => _derived.SourceSchema;

    /// <summary>What is written: one field per column that has a target, named as in the warehouse.</summary>
    public Schema TargetSchema => _derived.TargetSchema;

    /// <summary>The indexes of the key columns in <see cref="TargetSchema"/>, in key order.</summary>
    public IReadOnlyList<int> TargetKey => _derived.TargetKey;

    private readonly Derived _derived = new([]);

    /// <summary>What follows from the columns, made when first asked for. Says nothing new about a dataset, so that any two are equal.</summary>
    private sealed record Derived(IReadOnlyList<DatasetColumn> Columns)
    {
        internal IReadOnlyList<DatasetColumn> Key => field ??= [.. Columns.Where(c => c.KeyOrdinal is not null).OrderBy(c => c.KeyOrdinal)];

        internal Schema SourceSchema => field ??= new Schema([.. Columns.Select(c => new Field(c.Source, c.ReadType, true))]);

        internal Schema TargetSchema => field ??= new Schema([.. Columns.Where(c => c.Target is not null).Select(c => new Field(c.Target!, c.TargetType!, c.KeyOrdinal is null))]);

        internal IReadOnlyList<int> TargetKey => field ??= [.. Key.Select(k => TargetSchema.GetFieldIndex(k.Target!))];

        public bool Equals(Derived? other) => other is not null;

        public override int GetHashCode() => 0;
    }
}

/// <summary>A column on its way from source to warehouse.</summary>
/// <param name="Source">Its name in the source.</param>
/// <param name="Target">Its name in the warehouse; null = read for a filter only, never written anywhere.</param>
/// <param name="ReadType">The type the source is asked for. A value that does not fit it is a row fault, never a changed value.</param>
/// <param name="TargetType">The type in the warehouse; null where <paramref name="Target"/> is null.</param>
/// <param name="KeyOrdinal">Its place in the key, from 0; null = not in the key.</param>
/// <param name="Required">True if the contract forbids null.</param>
/// <param name="Mask">How the value is made unreadable before it is written anywhere; null = as it is.</param>
/// <param name="Fold">How texts of the key that the source takes for equal become one; null = the contract does not say.</param>
/// <param name="Precision">What happens to times that are finer than <paramref name="ReadType"/>.</param>
public sealed record DatasetColumn(string Source, string? Target, ArrowType ReadType, ArrowType? TargetType, int? KeyOrdinal = null, bool Required = false, ColumnMask? Mask = null, KeyFold? Fold = null, TimePrecision Precision = TimePrecision.Exact)
{
    /// <summary>What the contract says of accents in a text of the key.</summary>
    public AccentEquality Accents { get; init; }
}

/// <summary>Replaces a value by its HMAC-SHA-256, as 64 lower-case hex digits (a utf8 column).</summary>
/// <param name="KeyName">The name of the key in the pipeline's keyring.</param>
public sealed record ColumnMask(string KeyName);

/// <summary>Keeps the rows whose column has one of the values; the others leave the warehouse as an erase.</summary>
/// <param name="SourceColumn">A column of the source object; it must be among the dataset's columns.</param>
/// <param name="Values">The values that keep a row, in canonical text (<c>true</c>/<c>false</c>, integers without sign or zeros in front, text as it is).</param>
public sealed record RowFilter(string SourceColumn, IReadOnlyList<string> Values);

/// <summary>The contract a dataset stands under.</summary>
/// <param name="Id">The contract's id.</param>
/// <param name="Version">Its version.</param>
/// <param name="Owner">Who answers for it.</param>
public sealed record ContractReference(string Id, string Version, string Owner);

/// <summary>A table in the warehouse.</summary>
/// <param name="Schema">Its schema; null = the connection's default (SQLite has none).</param>
/// <param name="Name">Its name.</param>
public sealed record TargetTable(string? Schema, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => Schema is null ? Name : $"{Schema}.{Name}";
}

/// <summary>What is read from a source.</summary>
public abstract record SourceObject
{
    /// <summary>A table or view.</summary>
    /// <param name="Schema">Its schema; null = the connection's default.</param>
    /// <param name="Name">Its name.</param>
    public sealed record Table(string? Schema, string Name) : SourceObject
    {
        /// <inheritdoc/>
        public override string ToString() => Schema is null ? Name : $"{Schema}.{Name}";
    }

    /// <summary>A query (one SELECT statement) with a declared key.</summary>
    /// <param name="Sql">The statement, without a final semicolon.</param>
    public sealed record Query(string Sql) : SourceObject
    {
        /// <inheritdoc/>
        public override string ToString() => "(query)";
    }
}

/// <summary>How the changes of a dataset are found.</summary>
public abstract record Capture
{
    /// <summary>The source's own change tracking: inserts, updates and deletes, by version.</summary>
    public sealed record ChangeTracking : Capture;

    /// <summary>Rows whose mark is above the last one read. Sees no hard deletes and no back-dated updates.</summary>
    /// <param name="Column">The column that rises with every insert and update.</param>
    /// <param name="Kind">What the column holds.</param>
    /// <param name="Overlap">How far below the last mark each read begins (timestamps only); at least the longest transaction of the source.</param>
    public sealed record HighWaterMark(string Column, MarkKind Kind, TimeSpan Overlap) : Capture
    {
        /// <summary>True if the source's server itself sets the stamp with every insert and update, to the transaction's time or later: by a trigger that leaves the writer no
        /// choice. Only then can a source that knows its open transactions do without the overlap.</summary>
        public bool IsStampedByServer { get; init; }
    }

    /// <summary>All rows, each time; published by difference.</summary>
    public sealed record FullRefresh : Capture;
}

/// <summary>What a high-water mark holds.</summary>
public enum MarkKind
{
    /// <summary>An instant set when the row is written.</summary>
    Timestamp,

    /// <summary>A number given in rising order.</summary>
    Sequence,

    /// <summary>SQL Server's rowversion: set by the server with every write, read below the lowest that is still to be committed. Exact, but for deletes.</summary>
    RowVersion,
}

/// <summary>What a delete in the source does in the warehouse.</summary>
public enum DeleteMode
{
    /// <summary>The row is deleted.</summary>
    Hard,

    /// <summary>The row keeps its last values and gets <c>_cdc_deleted_at</c>; an unseen key gets a tombstone.</summary>
    Soft,
}

/// <summary>What happens when the source no longer has the changes after the checkpoint.</summary>
public enum GapPolicy
{
    /// <summary>The dataset stops and says so.</summary>
    Fail,

    /// <summary>The dataset is loaded again, published by difference.</summary>
    Resnapshot,

    /// <summary>The dataset is compared with its source, and what differs is published. Loaded again where it can't be compared, or too much differs.</summary>
    Reconcile,
}

/// <summary>Stops a batch that deletes more than both limits.</summary>
/// <param name="Ratio">The share of the target's rows, 0 to 1.</param>
/// <param name="Rows">The number of rows.</param>
public sealed record DeleteBreaker(double Ratio, long Rows)
{
    /// <summary>True if deletes are limited per batch alone, not over 24 hours too.</summary>
    public bool IsPerBatchOnly { get; init; }

    /// <summary>10 % and 1,000 rows.</summary>
    public static DeleteBreaker Default { get; } = new(0.10, 1_000);
}

/// <summary>How far the rows of a batch may be from those of the dataset's recent batches.</summary>
/// <param name="Action">What happens to one beyond.</param>
/// <param name="Deviations">The distance from the median, in median absolute deviations.</param>
/// <param name="Samples">Recent batches that are needed to block; with fewer it only warns.</param>
public sealed record VolumeLimit(VolumeAction Action, double Deviations, int Samples);

/// <summary>What happens to a batch whose volume is far from that of recent ones.</summary>
public enum VolumeAction
{
    /// <summary>It is told, and published.</summary>
    Warn,

    /// <summary>Nothing of it is published; a person decides.</summary>
    Block,
}
