using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CdcSync.Cli.Demo;

/// <summary>What a column means, whatever type a database keeps it in.</summary>
internal enum ColumnForm
{
    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>Text, compared by code unit.</summary>
    Text,

    /// <summary>Money, with cents.</summary>
    Amount,

    /// <summary>A binary floating-point number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Flag,

    /// <summary>A day.</summary>
    Day,

    /// <summary>An instant in UTC.</summary>
    Instant,

    /// <summary>Text in the source, its HMAC in the warehouse.</summary>
    Masked,
}

/// <summary>Brings the values of two databases into one text form. Written apart from the engine on purpose: it is the second opinion.</summary>
internal static class ComparedValue
{
    /// <summary>What stands for null; no value has this form.</summary>
    public const string Null = "\0null";

    /// <summary>A value as the driver gave it, in the form of its column.</summary>
    public static string Canonical(object value, ColumnForm form) => value is DBNull ? Null : form switch
    {
        ColumnForm.Integer => Convert.ToInt64(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        ColumnForm.Amount => decimal.Round(Convert.ToDecimal(value, CultureInfo.InvariantCulture), 2).ToString("0.00", CultureInfo.InvariantCulture),
        ColumnForm.Number => Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture),
        ColumnForm.Flag => Convert.ToBoolean(value, CultureInfo.InvariantCulture) ? "true" : "false",
        ColumnForm.Day => Instant(value).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ColumnForm.Instant => Instant(value).ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
        _ => (string)value,
    };

    /// <summary>The HMAC that the contract asks for, worked out once more.</summary>
    public static string Mask(string text, byte[] key) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));

    private static DateTime Instant(object value) => value switch
    {
        DateTime instant => instant,
        DateOnly day => day.ToDateTime(TimeOnly.MinValue),
        _ => DateTime.Parse((string)value, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal),
    };
}
