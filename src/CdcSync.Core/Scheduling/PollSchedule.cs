using CdcSync.Core.Datasets;

namespace CdcSync.Core.Scheduling;

/// <summary>When a worker polls a dataset by itself.</summary>
public abstract record PollSchedule
{
    /// <summary>The longest time between two polls if nothing fails.</summary>
    public abstract TimeSpan Longest { get; }

    /// <summary>When it is polled next.</summary>
    /// <param name="begun">When the last poll began.</param>
    /// <param name="ended">When the last poll ended.</param>
    /// <returns>An instant, perhaps past: then it is due at once; null = when something else happens.</returns>
    public abstract DateTimeOffset? Next(DateTimeOffset begun, DateTimeOffset ended);

    /// <summary>An interval after the last poll ended.</summary>
    /// <param name="Interval">The interval.</param>
    public sealed record Every(TimeSpan Interval) : PollSchedule
    {
        /// <inheritdoc/>
        public override TimeSpan Longest => Interval;

        /// <inheritdoc/>
        public override DateTimeOffset? Next(DateTimeOffset begun, DateTimeOffset ended) => ended + Interval;
    }

    /// <summary>By the clock on the wall of a zone. What came while the last poll still ran is made up once, at its end.</summary>
    /// <param name="Expression">When.</param>
    /// <param name="Zone">The zone.</param>
    public sealed record Cron(CronExpression Expression, TimeZoneInfo Zone) : PollSchedule
    {
        // A year has every kind of pause but a leap day's; what comes more often than daily shows its longest soon.
        private const int Looked = 500;

        /// <inheritdoc/>
        /// <remarks>Among the next 500 from the first day of 2026 on.</remarks>
        public override TimeSpan Longest => field != default ? field : field = LongestOf();

        /// <inheritdoc/>
        public override DateTimeOffset? Next(DateTimeOffset begun, DateTimeOffset ended) => Expression.Next(begun, Zone);

        /// <inheritdoc/>
        public bool Equals(Cron? other) => other is not null && other.Expression.Text == Expression.Text && other.Zone.Id == Zone.Id;

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(Expression.Text, Zone.Id);

        private TimeSpan LongestOf()
        {
            var longest = TimeSpan.Zero;
            var at = Expression.Next(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), Zone)!.Value;
            for (var i = 0; i < Looked && Expression.Next(at, Zone) is { } next; i++, at = next)
                longest = next - at > longest ? next - at : longest;
            return longest;
        }
    }

    /// <summary>When another dataset has published something.</summary>
    /// <param name="Dataset">The other one.</param>
    /// <param name="Upstream">When that one is polled.</param>
    public sealed record After(DatasetId Dataset, PollSchedule Upstream) : PollSchedule
    {
        /// <inheritdoc/>
        public override TimeSpan Longest => Upstream.Longest;

        /// <inheritdoc/>
        public override DateTimeOffset? Next(DateTimeOffset begun, DateTimeOffset ended) => null;
    }
}
