using CdcSync.Arrow;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>A column type of PostgreSQL that holds every value of an Arrow type (but single values that <see cref="PostgresValueGate"/> rejects).</summary>
/// <param name="Name">As <c>format_type</c> writes it, without a precision for times: <c>numeric(12,2)</c>, <c>timestamp with time zone</c>.</param>
internal sealed record PostgresType(string Name)
{
    public static readonly PostgresType Boolean = new("boolean");
    public static readonly PostgresType SmallInt = new("smallint");
    public static readonly PostgresType Integer = new("integer");
    public static readonly PostgresType BigInt = new("bigint");
    public static readonly PostgresType Real = new("real");
    public static readonly PostgresType Double = new("double precision");
    public static readonly PostgresType Text = new("text");
    public static readonly PostgresType Bytea = new("bytea");
    public static readonly PostgresType Date = new("date");
    public static readonly PostgresType Time = new("time without time zone");
    public static readonly PostgresType Timestamp = new("timestamp without time zone");
    public static readonly PostgresType TimestampTz = new("timestamp with time zone");

    /// <summary>numeric with that many digits, so many of them after the point.</summary>
    public static PostgresType Numeric(int precision, int scale) => new($"numeric({precision},{scale})");

    /// <summary>The type for an Arrow type; null where no PostgreSQL type holds all its values (<see cref="WhyNot"/>).</summary>
    public static PostgresType? For(ArrowType type) => type switch
    {
        BooleanType => Boolean,
        Int8Type or UInt8Type or Int16Type => SmallInt,
        UInt16Type or Int32Type => Integer,
        UInt32Type or Int64Type => BigInt,
        UInt64Type => Numeric(20, 0),
        HalfFloatType or FloatType => Real,
        DoubleType => Double,
        StringType => Text,
        BinaryType or FixedSizeBinaryType => Bytea,
        Decimal128Type t => Numeric(t.Precision, t.Scale),
        Date32Type => Date,
        Time32Type => Time,
        Time64Type { Unit: TimeUnit.Microsecond } => Time,
        TimestampType { Unit: not TimeUnit.Nanosecond } t => t.Timezone is null ? Timestamp : TimestampTz,
        _ => null,
    };

    /// <summary>The type that <c>format_type</c> wrote. Six digits of a second are all there are, said or not.</summary>
    public static PostgresType Parse(string formatted) =>
        new(formatted.StartsWith("time", StringComparison.Ordinal) ? formatted.Replace("(6)", "", StringComparison.Ordinal) : formatted);

    /// <summary>Why <see cref="For"/> has no answer, and what to do.</summary>
    public static (string Reason, string Remedy) WhyNot(ArrowType type) => type switch
    {
        Time64Type or TimestampType => ("PostgreSQL keeps microseconds", "Give the property a type of 6 digits, as datetime2(6) or timestamp(6), and the custom property precision: truncate."),
        NullType => ("a column without any type can't be created", "Give the column a type in the contract."),
        _ => ("PostgreSQL has no such type", "Cast the column to another type in the contract."),
    };

    /// <summary>True if every value of this type is also one of <paramref name="other"/>, so that a column may be widened to it, or left as wide as it is.</summary>
    public bool FitsInto(PostgresType other)
    {
        if (this == other) return true;
        var (digits, scale) = Digits(Name);
        var (otherDigits, otherScale) = Digits(other.Name);
        if (other.Name == "numeric") return digits > 0;
        if (other.Name.StartsWith("numeric(", StringComparison.Ordinal)) return digits > 0 && otherScale >= scale && otherDigits - otherScale >= digits - scale;
        return (Name, other.Name) switch
        {
            ("smallint", "integer" or "bigint") => true,
            ("integer", "bigint") => true,
            ("real", "double precision") => true,
            ("smallint", "real" or "double precision") => true,
            ("integer", "double precision") => true,
            (_, "text" or "character varying") when Name.StartsWith("character varying", StringComparison.Ordinal) || Name == "text" => true,
            (_, _) when Length(Name) is { } length && Length(other.Name) is { } otherLength => otherLength >= length,
            _ => false,
        };
    }

    /// <summary>The decimal digits an exact number can have, and how many of them after the point; 0 for other types.</summary>
    private static (int Digits, int Scale) Digits(string name)
    {
        switch (name)
        {
            case "smallint": return (5, 0);
            case "integer": return (10, 0);
            case "bigint": return (19, 0);
        }
        if (!name.StartsWith("numeric(", StringComparison.Ordinal)) return (0, 0);
        var parts = name["numeric(".Length..^1].Split(',');
        return (int.Parse(parts[0]), int.Parse(parts[1]));
    }

    private static int? Length(string name) =>
        name.StartsWith("character varying(", StringComparison.Ordinal) ? int.Parse(name["character varying(".Length..^1]) : null;
}
