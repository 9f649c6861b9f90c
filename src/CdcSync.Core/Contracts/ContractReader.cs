using System.Text.RegularExpressions;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>Reads data contracts: the standard (ODCS 3.1) strictly, and CdcSync's own rules on top of it: an owner, a version of three numbers, types it can hold.</summary>
public static partial class ContractReader
{
    /// <summary>Reads a contract's file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The contract, or all that is wrong with it.</returns>
    public static LoadResult<DataContract> ReadFile(string path)
    {
        var diagnostics = new Diagnostics(ErrorCodes.ContractInvalid);
        return Read(YamlReader.ReadFile(path, diagnostics), path, diagnostics);
    }

    /// <summary>Reads a contract from text.</summary>
    /// <param name="text">The contract.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <returns>The contract, or all that is wrong with it.</returns>
    public static LoadResult<DataContract> Read(string text, string file)
    {
        var diagnostics = new Diagnostics(ErrorCodes.ContractInvalid);
        return Read(YamlReader.Read(text, file, diagnostics), file, diagnostics);
    }

    private static LoadResult<DataContract> Read(YamlNode? root, string file, Diagnostics diagnostics)
    {
        // ${…} means nothing in a contract: it is published, and holds no secrets and no settings.
        var contract = root is not null && new ReadContext(diagnostics).Map(root, "contract") is { } map ? Contract(new FieldReader((YamlMap)root, map.Context, ""), file) : null;
        return new(diagnostics.HasErrors ? null : contract, diagnostics.Items);
    }

    private static DataContract Contract(FieldReader reader, string file)
    {
        var (id, version, status) = (reader.RequiredText("id"), reader.RequiredText("version"), reader.RequiredText("status"));
        CheckKind(reader);
        if (version.Length > 0 && !SemanticVersion().IsMatch(version)) reader.Error("version", $"expected three numbers such as 1.2.0, found '{version}'.");
        if (status is "deprecated" or "retired") reader.Context.Diagnostics.Warning(reader.AtOf("status"), $"status: the contract is {status}.");
        reader.CheckTexts("tenant", "dataProduct", "domain", "slaDefaultElement", "contractCreatedTs");
        reader.CheckTags();
        reader.CheckAuthoritativeDefinitions();
        reader.CheckRoles();
        reader.CustomProperties([]);
        CheckDescription(reader);
        CheckSupport(reader);
        CheckPrice(reader);
        var objects = SchemaReader.Objects(reader);
        var (levels, unmeasured) = ServiceLevels(reader, objects);
        var contract = new DataContract
        {
            File = file,
            Id = id,
            Version = version,
            Status = status,
            Name = reader.Text("name"),
            Owner = Owner(reader),
            Objects = objects,
            Servers = ServerReader.Servers(reader),
            ServiceLevels = levels,
            Unmeasured = unmeasured,
        };
        reader.End();
        return contract;
    }

    private static void CheckKind(FieldReader reader)
    {
        if (reader.RequiredText("kind") is { Length: > 0 } kind and not "DataContract") reader.Error("kind", $"expected DataContract, found '{kind}'.");
        if (reader.RequiredText("apiVersion") is { Length: > 0 } version and not ("v3.1.0" or "v3.0.2" or "v3.0.1" or "v3.0.0"))
            reader.Error("apiVersion", $"expected v3.1.0 (v3.0.0 to v3.0.2 are read as v3.1.0), found '{version}'.");
    }

    private static void CheckDescription(FieldReader reader)
    {
        if (reader.Map("description") is not { } description) return;
        description.CheckTexts("usage", "purpose", "limitations");
        description.CheckAuthoritativeDefinitions();
        description.CustomProperties([]);
        description.End();
    }

    private static void CheckSupport(FieldReader reader)
    {
        foreach (var channel in reader.Maps("support"))
        {
            channel.StableId();
            channel.RequiredText("channel");
            channel.CheckTexts("url", "description", "tool", "scope", "invitationUrl");
            channel.CustomProperties([]);
            channel.End();
        }
    }

    private static void CheckPrice(FieldReader reader)
    {
        if (reader.Map("price") is not { } price) return;
        price.StableId();
        price.Number("priceAmount");
        price.CheckTexts("priceCurrency", "priceUnit");
        price.End();
    }

    // Two forms: an object with members (3.1), or the bare list of members (3.0).
    private static string Owner(FieldReader reader)
    {
        IReadOnlyList<FieldReader> members = [];
        if (reader.Node("team") is YamlList)
        {
            members = reader.Maps("team");
        }
        else if (reader.Map("team") is { } team)
        {
            team.StableId();
            team.CheckTexts("name", "description");
            team.CheckTags();
            team.CheckAuthoritativeDefinitions();
            team.CustomProperties([]);
            members = team.Maps("members");
            team.End();
        }
        var owners = members.Select(Member).Where(m => m.IsOwner).Select(m => m.Name).ToList();
        if (owners.Count > 0) return owners[0];
        reader.Context.Diagnostics.Error(reader.AtOf("team"), "team: nobody owns the contract: a member with role Owner, without dateOut, is required.");
        return "";
    }

    private static (string Name, bool IsOwner) Member(FieldReader member)
    {
        member.StableId();
        var name = member.RequiredText("username");
        member.CheckTexts("name", "description", "dateIn", "replacedByUsername");
        member.CheckTags();
        member.CheckAuthoritativeDefinitions();
        member.CustomProperties([]);
        var isOwner = string.Equals(member.Text("role"), "owner", StringComparison.OrdinalIgnoreCase) && member.Text("dateOut") is null;
        member.Allow("dateOut");
        member.End();
        return (name, isOwner);
    }

    private static (List<ServiceLevel> Measured, List<UnmeasuredPromise> Others) ServiceLevels(FieldReader reader, IReadOnlyList<ContractObject> objects)
    {
        var (levels, others) = (new List<ServiceLevel>(), new List<UnmeasuredPromise>());
        foreach (var item in reader.Maps("slaProperties"))
        {
            item.StableId();
            item.CheckTexts("driver", "description", "scheduler", "schedule");
            item.Allow("value", "unit", "valueExt");
            var property = item.RequiredText("property");
            var elements = Elements(item, objects);
            item.RequiredNode("value");
            ServiceLevelKind? kind = property switch
            {
                "freshness" or "fr" => ServiceLevelKind.Freshness,
                "latency" or "ly" => ServiceLevelKind.Latency,
                "frequency" or "fy" => ServiceLevelKind.Frequency,
                "retention" or "re" => ServiceLevelKind.Retention,
                _ => null,
            };
            if (kind is null) others.Add(new(item.At, property));
            else if (item.Text("schedule") is not null) others.Add(new(item.At, $"schedule of {property}"));
            if (kind is { } k && Within(item) is { } within) levels.Add(new(k, within, elements, item.At));
            item.End();
        }
        return (levels, others);
    }

    // An element is object or object.property, several separated by commas.
    private static List<ServiceElement> Elements(FieldReader item, IReadOnlyList<ContractObject> objects)
    {
        var elements = (item.Text("element") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(e => e.Split('.', 2)).Select(e => new ServiceElement(e[0], e.ElementAtOrDefault(1))).Distinct().ToList();
        foreach (var element in elements.Where(e => objects.All(o => o.Name != e.Table)))
            item.Error("element", $"the contract has no object '{element.Table}'.{Suggestion.For(element.Table, objects.Select(o => o.Name))}");
        return elements;
    }

    private static TimeSpan? Within(FieldReader item)
    {
        if (item.Number("value") is not { } value) return null;
        TimeSpan? unit = item.Text("unit") switch
        {
            "s" or "sec" or "second" or "seconds" => TimeSpan.FromSeconds(1),
            "m" or "min" or "minute" or "minutes" => TimeSpan.FromMinutes(1),
            "h" or "hr" or "hour" or "hours" => TimeSpan.FromHours(1),
            "d" or "day" or "days" => TimeSpan.FromDays(1),
            "w" or "week" or "weeks" => TimeSpan.FromDays(7),
            "y" or "yr" or "year" or "years" => TimeSpan.FromDays(365),
            _ => null,
        };
        if (unit is null)
        {
            item.Error("unit", "expected one of s, m, h, d, w, y (or second, minute, hour, day, week, year).");
            return null;
        }
        if (value is > 0 and <= 1_000_000_000 && (double)value * unit.Value.TotalDays <= 36_525) return (double)value * unit.Value;
        item.Error("value", "expected a time above 0 and up to 100 years.");
        return null;
    }

    [GeneratedRegex(@"^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex SemanticVersion();
}
