using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Warehouses;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>Reads <c>schema</c>: the tables with their custom properties <c>consentFilter</c>, <c>dropColumns</c>, <c>volumeGate</c>, <c>schemaChanges</c>, <c>controlTotals</c>, <c>deadlines</c>.</summary>
internal static class SchemaReader
{
    private static readonly string[] Own = ["consentFilter", "dropColumns", "volumeGate", "schemaChanges", "controlTotals", "deadlines"];

    internal static IReadOnlyList<ContractObject> Objects(FieldReader contract)
    {
        var objects = new List<ContractObject>();
        foreach (var reader in contract.Maps("schema"))
        {
            var table = Object(reader);
            if (objects.Exists(o => o.Name == table.Name)) reader.Error("name", $"the object '{table.Name}' is there twice.");
            objects.Add(table);
        }
        return objects;
    }

    private static ContractObject Object(FieldReader reader)
    {
        var id = reader.StableId();
        var name = reader.RequiredText("name");
        reader.CheckTexts("physicalType", "description", "businessName", "dataGranularityDescription");
        reader.Choice("logicalType", ("object", LogicalType.Object));
        reader.CheckTags();
        reader.CheckAuthoritativeDefinitions();
        var properties = reader.Maps("properties").Select(PropertyReader.Read).ToList();
        CheckNames(reader, properties);
        CheckKey(reader, properties);
        var custom = reader.CustomProperties(Own);
        var (filter, filterColumn) = custom.TryGetValue("consentFilter", out var consent) ? ConsentFilter(reader.Context, consent, properties) : (null, null);
        var table = new ContractObject
        {
            At = reader.At,
            Name = name,
            Id = id,
            PhysicalName = reader.Text("physicalName"),
            Properties = properties,
            Quality = QualityReader.Rules(reader),
            Relationships = Relationships.Read(reader, RelationshipLevel.Object),
            Filter = filter,
            FilterColumn = filterColumn,
            Totals = custom.TryGetValue("controlTotals", out var totals) ? ControlTotalReader.Read(reader.Context, totals, properties) : [],
            DropColumns = custom.TryGetValue("dropColumns", out var dropped) ? DropColumns(reader.Context, dropped, properties) : [],
            SchemaPolicies = custom.TryGetValue("schemaChanges", out var policies) ? SchemaChanges(reader.Context, policies) : new Dictionary<SchemaChangeKind, SchemaPolicy>(),
            Volume = custom.TryGetValue("volumeGate", out var volume) ? VolumeGate(reader.Context, volume) : null,
            Deadlines = custom.TryGetValue("deadlines", out var deadlines) ? DeadlineReader.Read(reader.Context, deadlines) : [],
        };
        reader.End();
        return table;
    }

    private static Dictionary<SchemaChangeKind, SchemaPolicy> SchemaChanges(ReadContext context, CustomProperty property)
    {
        var policies = new Dictionary<SchemaChangeKind, SchemaPolicy>();
        if (context.Map(property.Value, property.Path) is not { } reader) return policies;
        foreach (var kind in Enum.GetValues<SchemaChangeKind>())
        {
            if (reader.Choice(ControlText.Of(kind), ("evolve", SchemaPolicy.Evolve), ("freeze", SchemaPolicy.Freeze), ("ignore", SchemaPolicy.Ignore)) is { } policy) policies[kind] = policy;
        }
        reader.End();
        return policies;
    }

    private static VolumeLimit? VolumeGate(ReadContext context, CustomProperty property)
    {
        if (context.Map(property.Value, property.Path) is not { } reader) return null;
        var action = reader.RequiredNode("action") is null ? null : reader.Choice("action", ("warn", VolumeAction.Warn), ("block", VolumeAction.Block));
        var deviations = reader.Number("deviations");
        if (deviations is <= 0) reader.Error("deviations", "must be above 0.");
        var samples = reader.Integer("samples", Gates.VolumeGate.LeastBatches);
        if (samples > Gates.VolumeGate.PastBatches) reader.Error("samples", $"must be at most {Gates.VolumeGate.PastBatches}: so many recent batches are looked at.");
        reader.End();
        return action is { } what ? new VolumeLimit(what, (double)(deviations ?? 6), (int)(samples ?? 20)) : null;
    }

    private static void CheckNames(FieldReader reader, List<ContractProperty> properties)
    {
        foreach (var (what, nameOf) in new (string, Func<ContractProperty, string>)[] { ("property", p => p.Name), ("source column", SourceOnce), ("target column", p => p.TargetColumn) })
        {
            foreach (var twice in properties.GroupBy(nameOf, StringComparer.OrdinalIgnoreCase).Where(g => g.Key.Length > 0).SelectMany(g => g.Skip(1)))
            {
                reader.Context.Diagnostics.Error(twice.At, $"{reader.PathOf("properties")}: the {what} '{nameOf(twice)}' is there twice (case does not distinguish).");
                return;
            }
        }
    }

    // A folded key and what was written are two columns of one; an empty name is not looked at.
    private static string SourceOnce(ContractProperty property) => property.Fold is KeyFold.Blanks or KeyFold.CaseAndBlanks ? "" : property.SourceColumn;

    private static void CheckKey(FieldReader reader, List<ContractProperty> properties)
    {
        var key = properties.Where(p => p.IsKey).ToList();
        if (key.Count > 1 && key.Select(k => k.KeyPosition).Order().SequenceEqual(Enumerable.Range(1, key.Count)) is false)
            reader.Error("properties", $"a key of several columns needs primaryKeyPosition 1 to {key.Count}, each once.");
    }

    private static (RowFilter?, DatasetColumn?) ConsentFilter(ReadContext context, CustomProperty property, List<ContractProperty> properties)
    {
        if (context.Map(property.Value, property.Path) is not { } reader) return (null, null);
        var name = reader.RequiredText("column");
        var (type, own) = FilterType(reader, name, properties);
        var values = reader.RequiredNode("values") is { } list ? context.Items(list, reader.PathOf("values")) : [];
        if (reader.Node("values") is YamlList { Items.Count: 0 }) reader.Error("values", "expected at least one value; with none no row would ever be kept.");
        var texts = type is null ? [] : values.Select((v, i) => Canonical(context, type, v, $"{reader.PathOf("values")}[{i}]")).OfType<string>().ToList();
        reader.End();
        return (new RowFilter(name, texts), own && type is not null ? new DatasetColumn(name, null, type, null) : null);
    }

    // The type is the property's where the column is one; else the filter says it.
    private static (ArrowType? Type, bool IsFiltersOwn) FilterType(FieldReader reader, string column, List<ContractProperty> properties)
    {
        var property = properties.Find(p => p.SourceColumn == column);
        var text = reader.Text("readAs");
        if (property is not null && text is not null) reader.Error("readAs", $"'{column}' is a property's source column, which has a type already.");
        if (property is not null) return (property.ReadAs ?? property.Type, false);
        if (properties.Find(p => p.SourceColumn.Equals(column, StringComparison.OrdinalIgnoreCase)) is { } near)
            reader.Error("column", $"the source column is written '{near.SourceColumn}' in properties: write it the same way.");
        return (text is null ? StringType.Default : PropertyReader.KnownType(reader, "readAs", text), true);
    }

    // The text that the row's value is compared with, in the one form that its type has.
    private static string? Canonical(ReadContext context, ArrowType type, YamlNode value, string path)
    {
        switch (type)
        {
            case BooleanType:
                return context.Flag(value, path) is { } flag ? (flag ? "true" : "false") : null;
            case Int8Type or Int16Type or Int32Type or Int64Type or UInt8Type or UInt16Type or UInt32Type or UInt64Type:
                return context.Integer(value, path)?.ToString(System.Globalization.CultureInfo.InvariantCulture);
            case StringType:
                return context.Text(value, path);
            default:
                context.Diagnostics.Error(value.At, $"{path}: rows are filtered by a text, an integer or a boolean, not by a {type}.");
                return null;
        }
    }

    private static List<string> DropColumns(ReadContext context, CustomProperty property, List<ContractProperty> properties)
    {
        var dropped = new List<string>();
        foreach (var (node, i) in context.Items(property.Value, property.Path).Select((node, i) => (node, i)))
        {
            if (context.Text(node, $"{property.Path}[{i}]") is not { } column) continue;
            if (properties.Exists(p => p.SourceColumn == column)) context.Diagnostics.Error(node.At, $"{property.Path}[{i}]: '{column}' is also a property's source column.");
            dropped.Add(column);
        }
        return dropped;
    }
}
