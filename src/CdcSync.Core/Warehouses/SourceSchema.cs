using System.Text.Json;
using System.Text.Json.Serialization;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Core.Warehouses;

/// <summary>The columns a dataset's source had from some moment on, as the control schema keeps them.</summary>
/// <param name="Number">Counts from 1.</param>
/// <param name="Columns">The columns in order.</param>
/// <param name="Changes">What changed since the one before; empty at the first.</param>
public sealed partial record SourceSchema(long Number, IReadOnlyList<SourceColumn> Columns, IReadOnlyList<SchemaChange> Changes)
{
    /// <summary>The columns as the table holds them: JSON.</summary>
    public string ColumnsText => JsonSerializer.Serialize([.. Columns], Json.Default.SourceColumnArray);

    /// <summary>The changes as the table holds them: JSON.</summary>
    public string ChangesText => JsonSerializer.Serialize([.. Changes], Json.Default.SchemaChangeArray);

    /// <summary>Reads what the table holds.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.StateCorrupt"/> if it is something else.</exception>
    public static SourceSchema Read(long number, string columns, string changes)
    {
        try
        {
            if (JsonSerializer.Deserialize(columns, Json.Default.SourceColumnArray) is { } read && JsonSerializer.Deserialize(changes, Json.Default.SchemaChangeArray) is { } changed)
                return new SourceSchema(number, read, changed);
        }
        catch (JsonException)
        {
            // Reported below, without the text.
        }
        throw new CdcSyncException(ErrorCodes.StateCorrupt, "the warehouse's control tables hold a source schema that this version can't read.", "See docs/state.md for what belongs there. Run: cdcsync status");
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
    [JsonSerializable(typeof(SourceColumn[]))]
    [JsonSerializable(typeof(SchemaChange[]))]
    private sealed partial class Json : JsonSerializerContext;
}
