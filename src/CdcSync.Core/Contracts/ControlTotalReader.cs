using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>Reads a table's custom property <c>controlTotals</c>.</summary>
internal static class ControlTotalReader
{
    internal static IReadOnlyList<ControlTotal> Read(ReadContext context, CustomProperty custom, IReadOnlyList<ContractProperty> properties)
    {
        var totals = new List<ControlTotal>();
        foreach (var (node, i) in context.Items(custom.Value, custom.Path).Select((node, i) => (node, i)))
        {
            if (context.Map(node, $"{custom.Path}[{i}]") is not { } reader) continue;
            var total = new ControlTotal(reader.RequiredText("name"), Sum(reader, properties), [.. (reader.Texts("groupBy") ?? []).Select(name => Group(reader, name, properties)).OfType<string>()]);
            reader.End();
            if (totals.Exists(t => t.Name == total.Name)) reader.Error("name", $"the control total '{total.Name}' is there twice.");
            totals.Add(total);
        }
        return totals;
    }

    private static string? Sum(FieldReader reader, IReadOnlyList<ContractProperty> properties)
    {
        if (reader.Text("sum") is not { } name || Find(reader, "sum", name, properties) is not { } property) return null;
        if (property.Mask is null && property.Type is Int8Type or Int16Type or Int32Type or Int64Type or UInt8Type or UInt16Type or UInt32Type or UInt64Type or Decimal128Type) return property.TargetColumn;
        reader.Error("sum", $"'{name}' is {(property.Mask is null ? $"{property.Type}" : "masked")}: expected a property of integers or decimals, whose sum is exact.");
        return null;
    }

    private static string? Group(FieldReader reader, string name, IReadOnlyList<ContractProperty> properties)
    {
        if (Find(reader, "groupBy", name, properties) is not { } property) return null;
        if (property.Type is not (HalfFloatType or FloatType or DoubleType) && CanonicalTypes.Of(property.Type) is not null) return property.TargetColumn;
        reader.Error("groupBy", $"'{name}' is {property.Type}: rows are not grouped by its values.");
        return null;
    }

    private static ContractProperty? Find(FieldReader reader, string key, string name, IReadOnlyList<ContractProperty> properties)
    {
        var found = properties.FirstOrDefault(p => p.Name == name);
        if (found is null) reader.Error(key, $"there is no property '{name}'.{Suggestion.For(name, properties.Select(p => p.Name))}");
        return found;
    }
}
