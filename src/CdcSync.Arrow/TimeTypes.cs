namespace CdcSync.Arrow;

/// <summary>Days since 1970-01-01 in the proleptic Gregorian calendar, 4 bytes.</summary>
public sealed record Date32Type : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static Date32Type Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Date32;
    /// <inheritdoc/>
    public override string Name => "date32";
    internal override Type ElementType => typeof(int);
}

/// <summary>Milliseconds since 1970-01-01 in the proleptic Gregorian calendar, 8 bytes; by the format a multiple of 86,400,000, which is not checked.</summary>
public sealed record Date64Type : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static Date64Type Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Date64;
    /// <inheritdoc/>
    public override string Name => "date64";
    internal override Type ElementType => typeof(long);
}

/// <summary>Time of day since midnight, 4 bytes.</summary>
/// <param name="Unit">Second or millisecond.</param>
/// <exception cref="ArgumentOutOfRangeException">Another unit: the finer ones need 8 bytes.</exception>
public sealed record Time32Type(TimeUnit Unit) : ArrowType
{
    /// <summary>Second or millisecond.</summary>
    public TimeUnit Unit { get; } = Unit is TimeUnit.Second or TimeUnit.Millisecond
        ? Unit : throw new ArgumentOutOfRangeException(nameof(Unit), Unit, "second or millisecond");
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Time32;
    /// <inheritdoc/>
    public override string Name => "time32";
    internal override Type ElementType => typeof(int);
    private protected override string Text => $"{Name}[{Unit.Suffix()}]";
}

/// <summary>Time of day since midnight, 8 bytes.</summary>
/// <param name="Unit">Microsecond or nanosecond.</param>
/// <exception cref="ArgumentOutOfRangeException">Another unit: the coarser ones take 4 bytes.</exception>
public sealed record Time64Type(TimeUnit Unit) : ArrowType
{
    /// <summary>Microsecond or nanosecond.</summary>
    public TimeUnit Unit { get; } = Unit is TimeUnit.Microsecond or TimeUnit.Nanosecond
        ? Unit : throw new ArgumentOutOfRangeException(nameof(Unit), Unit, "microsecond or nanosecond");
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Time64;
    /// <inheritdoc/>
    public override string Name => "time64";
    internal override Type ElementType => typeof(long);
    private protected override string Text => $"{Name}[{Unit.Suffix()}]";
}

/// <summary>Time since 1970-01-01T00:00:00 without leap seconds, 8 bytes.</summary>
/// <param name="Unit">The unit of a value.</param>
/// <param name="Timezone">Null for a wall clock without a zone; else values are instants in UTC and this names the zone to show them in.</param>
public sealed record TimestampType(TimeUnit Unit, string? Timezone) : ArrowType
{
    /// <summary>The unit of a value.</summary>
    public TimeUnit Unit { get; } = Unit is >= TimeUnit.Second and <= TimeUnit.Nanosecond
        ? Unit : throw new ArgumentOutOfRangeException(nameof(Unit), Unit, "second to nanosecond");
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Timestamp;
    /// <inheritdoc/>
    public override string Name => "timestamp";
    internal override Type ElementType => typeof(long);
    private protected override string Text => Timezone is null ? $"{Name}[{Unit.Suffix()}]" : $"{Name}[{Unit.Suffix()}, {Timezone}]";
}

/// <summary>A length of time, 8 bytes; no calendar is involved.</summary>
/// <param name="Unit">The unit of a value.</param>
public sealed record DurationType(TimeUnit Unit) : ArrowType
{
    /// <summary>The unit of a value.</summary>
    public TimeUnit Unit { get; } = Unit is >= TimeUnit.Second and <= TimeUnit.Nanosecond
        ? Unit : throw new ArgumentOutOfRangeException(nameof(Unit), Unit, "second to nanosecond");
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Duration;
    /// <inheritdoc/>
    public override string Name => "duration";
    internal override Type ElementType => typeof(long);
    private protected override string Text => $"{Name}[{Unit.Suffix()}]";
}

internal static class TimeUnitText
{
    internal static string Suffix(this TimeUnit unit) => unit switch
    {
        TimeUnit.Second => "s",
        TimeUnit.Millisecond => "ms",
        TimeUnit.Microsecond => "us",
        _ => "ns",
    };
}
