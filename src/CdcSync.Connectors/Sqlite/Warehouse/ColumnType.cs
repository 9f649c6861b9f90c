using CdcSync.Arrow;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>How SQLite prefers to store a column's values, which it derives from the declared type (sqlite.org/datatype3.html, 3.1).</summary>
internal enum Affinity
{
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

/// <summary>Which column of SQLite holds every value of an Arrow type, and gives it back unchanged.</summary>
internal static class ColumnType
{
    /// <summary>Digits that NUMERIC affinity keeps whatever they are: it stores a fraction as an IEEE double.</summary>
    private const int ExactDigits = 15;

    /// <summary>The declared type of a new column; null = no column holds the type.</summary>
    public static string? Declared(ArrowType type) => type switch
    {
        UInt64Type => null,
        BooleanType or Int8Type or UInt8Type or Int16Type or UInt16Type or Int32Type or UInt32Type or Int64Type => "INTEGER",
        HalfFloatType or FloatType or DoubleType => "REAL",
        Decimal128Type d when IsNumeric(d) => $"DECIMAL({d.Precision},{d.Scale})",
        Decimal128Type or StringType or Date32Type or Time32Type or Time64Type or TimestampType => "TEXT",
        BinaryType or FixedSizeBinaryType or NullType => "BLOB",
        _ => null,
    };

    /// <summary>True if a decimal is stored as a number; else as text with all digits of its scale.</summary>
    public static bool IsNumeric(Decimal128Type type) => type.Precision <= ExactDigits && type.Scale is >= 0 and <= ExactDigits;

    /// <summary>True if an existing column, declared in the user's own words, holds every value unchanged.</summary>
    public static bool Holds(ArrowType type, string declared) => (type, AffinityOf(declared)) switch
    {
        (UInt64Type, _) => false,
        (_, Affinity.Blob) => true,
        (BooleanType or Int8Type or UInt8Type or Int16Type or UInt16Type or Int32Type or UInt32Type or Int64Type, var a) => a is Affinity.Integer or Affinity.Numeric,
        (HalfFloatType or FloatType or DoubleType, var a) => a is Affinity.Real or Affinity.Numeric,
        (Decimal128Type { Scale: 0 } d, Affinity.Integer) when IsNumeric(d) => true,
        (Decimal128Type d, var a) when IsNumeric(d) => a is Affinity.Numeric or Affinity.Real,
        // An ISO date is no number, so that NUMERIC (what DATE and TIMESTAMP are to SQLite) leaves it as it is.
        (Date32Type or Time32Type or Time64Type or TimestampType, Affinity.Numeric) => true,
        (Decimal128Type or StringType or Date32Type or Time32Type or Time64Type or TimestampType, var a) => a is Affinity.Text,
        (NullType, _) => true,
        _ => false,
    };

    /// <summary>SQLite's rules, in their order.</summary>
    public static Affinity AffinityOf(string declared)
    {
        if (Has("INT")) return Affinity.Integer;
        if (Has("CHAR") || Has("CLOB") || Has("TEXT")) return Affinity.Text;
        if (declared.Length == 0 || Has("BLOB")) return Affinity.Blob;
        return Has("REAL") || Has("FLOA") || Has("DOUB") ? Affinity.Real : Affinity.Numeric;

        bool Has(string word) => declared.Contains(word, StringComparison.OrdinalIgnoreCase);
    }
}
