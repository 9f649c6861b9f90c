using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>Reads a property: a column, with its custom properties <c>sourceColumn</c>, <c>readAs</c>, <c>mask</c>, <c>fold</c> and <c>precision</c>.</summary>
internal static class PropertyReader
{
    /// <summary>What the columns that CdcSync adds begin with, such as _cdc_deleted_at.</summary>
    internal const string ReservedPrefix = "_cdc_";

    private static readonly string[] Own = ["sourceColumn", "readAs", "mask", "fold", "accents", "precision"];

    internal static ContractProperty Read(FieldReader reader)
    {
        var id = reader.StableId();
        var name = reader.RequiredText("name");
        CheckUnused(reader);
        var logical = LogicalTypeOf(reader);
        var physical = reader.Text("physicalType");
        var options = Options(reader, logical);
        var type = TypeOf(reader, logical, physical, options);
        var custom = reader.CustomProperties(Own);
        var mask = custom.TryGetValue("mask", out var masked) ? Mask(reader.Context, masked) : null;
        var (encryptedName, physicalName) = (reader.Text("encryptedName"), reader.Text("physicalName"));
        var transformed = reader.Texts("transformSourceObjects");
        var (isKey, position) = Key(reader);
        var property = new ContractProperty
        {
            At = reader.At,
            Name = name,
            Id = id,
            SourceColumn = SourceColumn(reader.Context, custom) ?? LastSegment(transformed?.FirstOrDefault()) ?? name,
            TargetColumn = (mask is null ? null : encryptedName) ?? physicalName ?? name,
            Type = type,
            ReadAs = ReadAs(reader.Context, custom, type),
            Required = reader.Flag("required") ?? false,
            Unique = reader.Flag("unique") ?? false,
            IsKey = isKey,
            KeyPosition = position,
            Mask = mask,
            Fold = custom.TryGetValue("fold", out var folded) ? Fold(reader.Context, folded, isKey, type, mask) : null,
            Accents = custom.TryGetValue("accents", out var accents) ? Accents(reader.Context, accents, isKey, type) : AccentEquality.Unstated,
            Precision = custom.TryGetValue("precision", out var precision) ? Precision(reader.Context, precision, isKey, ReadAs(reader.Context, custom, type) ?? type) : TimePrecision.Exact,
            Options = options,
            Quality = QualityReader.Rules(reader),
            Relationships = Relationships.Read(reader, RelationshipLevel.Property),
            Unchecked = Unchecked(reader, logical),
        };
        if (property.TargetColumn.StartsWith(ReservedPrefix, StringComparison.OrdinalIgnoreCase))
            reader.Error("name", $"the column '{property.TargetColumn}': names that begin with {ReservedPrefix} are CdcSync's own.");
        reader.End();
        return property;
    }

    /// <summary>A type that CdcSync knows by its physical name.</summary>
    internal static ArrowType? KnownType(FieldReader reader, string key, string text)
    {
        var reading = PhysicalType.Read(text);
        if (reading?.Type is null) reader.Error(key, TypeProblem(text, reading));
        return reading?.Type;
    }

    private static string TypeProblem(string text, TypeReading? reading) =>
        $"{reading?.Problem ?? "expected a type that CdcSync knows (docs/contracts.md lists them)"}, found '{text}'.{(reading is null && Suggestion.Nearest(text.Split('(')[0].Trim(), PhysicalType.UsualNames) is { } near ? $" Did you mean '{near}'?" : "")}";

    private static void CheckUnused(FieldReader reader)
    {
        reader.CheckTexts("description", "businessName", "classification", "transformLogic", "transformDescription");
        reader.CheckTags();
        reader.CheckAuthoritativeDefinitions();
        reader.Flag("partitioned");
        reader.Integer("partitionKeyPosition", -1, int.MaxValue);
        reader.Flag("criticalDataElement");
        reader.Items("examples");
    }

    private static LogicalType? LogicalTypeOf(FieldReader reader)
    {
        var logical = reader.Choice("logicalType", ("string", LogicalType.String), ("date", LogicalType.Date), ("timestamp", LogicalType.Timestamp), ("time", LogicalType.Time),
            ("number", LogicalType.Number), ("integer", LogicalType.Integer), ("object", LogicalType.Object), ("array", LogicalType.Array), ("boolean", LogicalType.Boolean));
        // Nested values can only be taken as text; what is inside is for readers.
        if (logical is LogicalType.Object) reader.Allow("properties");
        if (logical is LogicalType.Array) reader.Allow("items");
        return logical;
    }

    private static ArrowType TypeOf(FieldReader reader, LogicalType? logical, string? physical, ValueOptions options)
    {
        var reading = ContractType.Of(logical, physical, options);
        var key = physical is null ? "logicalType" : "physicalType";
        if (reading.Problem is { } problem) reader.Error(key, $"{problem}{(physical is null ? "" : $", found '{physical}'")}.");
        else if (logical is { } l && !ContractType.Agree(l, reading.Type!))
            reader.Context.Diagnostics.Warning(reader.AtOf(key), $"{reader.PathOf(key)}: '{physical}' is no {l.ToString().ToLowerInvariant()}; the physical type counts.");
        return reading.Type ?? NullType.Default;
    }

    private static ValueOptions Options(FieldReader reader, LogicalType? logical)
    {
        if (reader.Map("logicalTypeOptions") is not { } options) return ValueOptions.None;
        if (logical is null)
        {
            reader.Error("logicalTypeOptions", "options need a logicalType.");
            return ValueOptions.None;
        }
        var value = logical switch
        {
            LogicalType.String => new ValueOptions { MinLength = options.Integer("minLength", 0), MaxLength = options.Integer("maxLength", 0), Pattern = options.Text("pattern"), Format = options.Text("format") },
            LogicalType.Integer => Numbers(options, "i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64", "u128"),
            LogicalType.Number => Numbers(options, "f32", "f64"),
            LogicalType.Date => Times(options),
            LogicalType.Time or LogicalType.Timestamp => Times(options) with { Timezone = options.Flag("timezone") },
            _ => ValueOptions.None,
        };
        if (logical is LogicalType.Time or LogicalType.Timestamp) options.CheckTexts("defaultTimezone");
        if (logical is LogicalType.Object) options.Allow("maxProperties", "minProperties", "required");
        if (logical is LogicalType.Array) options.Allow("maxItems", "minItems", "uniqueItems");
        options.End();
        return value;
    }

    // Checked for form by whoever reads the options; said by contract lint not to be executed.
    private static IReadOnlyList<string> Unchecked(FieldReader reader, LogicalType? logical)
    {
        string[] inside = logical switch { LogicalType.Object => ["properties"], LogicalType.Array => ["items"], _ => [] };
        string[] options = logical switch
        {
            LogicalType.Object => ["maxProperties", "minProperties", "required"],
            LogicalType.Array => ["maxItems", "minItems", "uniqueItems"],
            LogicalType.Time or LogicalType.Timestamp => ["defaultTimezone"],
            _ => [],
        };
        var given = (reader.Node("logicalTypeOptions") as YamlMap)?.Entries.Select(e => e.Key.Value).ToHashSet(StringComparer.Ordinal) ?? [];
        return [.. inside.Where(k => reader.Node(k) is not null), .. options.Where(given.Contains)];
    }

    private static ValueOptions Numbers(FieldReader options, params ReadOnlySpan<string> formats)
    {
        var format = options.Text("format");
        if (format is not null && !formats.Contains(format)) options.Error("format", $"expected one of {string.Join(", ", formats)}, found '{format}'.");
        var multiple = options.Number("multipleOf");
        if (multiple <= 0) options.Error("multipleOf", "must be above 0.");
        return new ValueOptions
        {
            Format = format,
            MultipleOf = multiple,
            Minimum = Number(options, "minimum"),
            Maximum = Number(options, "maximum"),
            ExclusiveMinimum = Number(options, "exclusiveMinimum"),
            ExclusiveMaximum = Number(options, "exclusiveMaximum"),
        };
    }

    private static string? Number(FieldReader options, string key) => options.Number(key)?.ToString(CultureInfo.InvariantCulture);

    private static ValueOptions Times(FieldReader options) => new()
    {
        Format = options.Text("format"),
        Minimum = options.Text("minimum"),
        Maximum = options.Text("maximum"),
        ExclusiveMinimum = options.Text("exclusiveMinimum"),
        ExclusiveMaximum = options.Text("exclusiveMaximum"),
    };

    private static (bool IsKey, int Position) Key(FieldReader reader)
    {
        var isKey = reader.Flag("primaryKey") ?? false;
        var position = (int)(reader.Integer("primaryKeyPosition", -1, 1_000) ?? -1);
        if (position > 0 && !isKey) reader.Error("primaryKeyPosition", "the property is not part of the key: add primaryKey: true.");
        if (position is 0) reader.Error("primaryKeyPosition", "positions start at 1.");
        return (isKey, Math.Max(position, 0));
    }

    private static ColumnMask? Mask(ReadContext context, CustomProperty property)
    {
        if (context.Map(property.Value, property.Path) is not { } reader) return null;
        reader.RequiredNode("algorithm");
        reader.Choice("algorithm", ("hmac-sha256", 1));
        var key = reader.RequiredText("key");
        reader.End();
        return new ColumnMask(key);
    }

    private static KeyFold? Fold(ReadContext context, CustomProperty property, bool isKey, ArrowType type, ColumnMask? mask)
    {
        var fold = context.Text(property.Value, property.Path) switch
        {
            "none" => KeyFold.None,
            "blanks" => KeyFold.Blanks,
            "caseAndBlanks" => KeyFold.CaseAndBlanks,
            var other => Refuse($"expected one of none, blanks, caseAndBlanks, found '{other}'.{Suggestion.For(other ?? "", ["none", "blanks", "caseAndBlanks"])}"),
        };
        if (!isKey) return Refuse("only a property of the key is folded: add primaryKey: true, or leave it out.");
        if (type is not StringType) return Refuse($"only texts are folded; this is {type}.");
        return mask is null || fold is KeyFold.None ? fold : Refuse("a masked property can't be folded: the mask would hide what is equal.");

        KeyFold? Refuse(string why)
        {
            context.Diagnostics.Error(property.Value.At, $"{property.Path}: {why}");
            return null;
        }
    }

    private static AccentEquality Accents(ReadContext context, CustomProperty property, bool isKey, ArrowType type)
    {
        var why = context.Text(property.Value, property.Path) is not "alike" and var other ? $"expected alike, found '{other}'."
            : !isKey || type is not StringType ? "only texts of the key are compared by accents: leave it out."
            : null;
        if (why is not null) context.Diagnostics.Error(property.Value.At, $"{property.Path}: {why}");
        return why is null ? AccentEquality.Alike : AccentEquality.Unstated;
    }

    private static TimePrecision Precision(ReadContext context, CustomProperty property, bool isKey, ArrowType read)
    {
        var why = context.Text(property.Value, property.Path) is not "truncate" and var other ? $"expected truncate, found '{other}'."
            : isKey ? "a key is not cut: two rows could become one."
            : read is not (TimestampType or Time32Type or Time64Type) ? $"only times are cut; this is read as {read}."
            : null;
        if (why is not null) context.Diagnostics.Error(property.Value.At, $"{property.Path}: {why}");
        return why is null ? TimePrecision.Truncate : TimePrecision.Exact;
    }

    private static string? SourceColumn(ReadContext context, IReadOnlyDictionary<string, CustomProperty> custom) =>
        custom.TryGetValue("sourceColumn", out var property) ? context.Text(property.Value, property.Path) : null;

    private static ArrowType? ReadAs(ReadContext context, IReadOnlyDictionary<string, CustomProperty> custom, ArrowType type)
    {
        if (!custom.TryGetValue("readAs", out var property) || context.Text(property.Value, property.Path) is not { } text) return null;
        var reading = PhysicalType.Read(text);
        if (reading?.Type is null) context.Diagnostics.Error(property.Value.At, $"{property.Path}: {TypeProblem(text, reading)}");
        return reading?.Type == type ? null : reading?.Type;
    }

    // The standard writes a source as server.schema.table.column; only the column's name is of use here.
    private static string? LastSegment(string? path) => path?.Split('.')[^1] is { Length: > 0 } column ? column : null;
}
