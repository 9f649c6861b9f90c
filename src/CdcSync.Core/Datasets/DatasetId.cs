using System.Text.RegularExpressions;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Datasets;

/// <summary>The name of a dataset: 1 to 63 of <c>a-z 0-9 _ - .</c>, starting with a letter or digit. It is a metric label, a folder name and a key.</summary>
public readonly partial record struct DatasetId
{
    /// <summary>Creates an identifier.</summary>
    /// <param name="value">The name.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.InvalidName"/> if the name has another form.</exception>
    public DatasetId(string value)
    {
        if (!IsValid(value))
            throw new CdcSyncException(ErrorCodes.InvalidName, $"dataset '{value}': expected 1 to 63 of a-z 0-9 _ - . starting with a letter or digit.", "Rename it in the pipeline file. Run: cdcsync validate");
        Value = value;
    }

    /// <summary>The name.</summary>
    public string Value { get; }

    /// <summary>True if a text has the form of a name.</summary>
    /// <param name="value">The text.</param>
    public static bool IsValid(string value) => Form().IsMatch(value);

    /// <inheritdoc/>
    public override string ToString() => Value;

    [GeneratedRegex(@"^[a-z0-9][a-z0-9_.-]{0,62}\z")]
    private static partial Regex Form();
}
