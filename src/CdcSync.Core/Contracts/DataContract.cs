using CdcSync.Arrow;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>A data contract (ODCS 3.1), as far as CdcSync acts on it. Made by <see cref="ContractReader"/>; docs/contracts.md has every key.</summary>
public sealed record DataContract
{
    /// <summary>The file it was read from.</summary>
    public required string File { get; init; }

    /// <summary>Its identifier.</summary>
    public required string Id { get; init; }

    /// <summary>Its version, as in <c>1.2.0</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Its status: proposed, draft, active, deprecated, retired.</summary>
    public required string Status { get; init; }

    /// <summary>Who answers for it: the user name of the first member of the team whose role is Owner and who has not left.</summary>
    public required string Owner { get; init; }

    /// <summary>Its name for people; null = none.</summary>
    public string? Name { get; init; }

    /// <summary>The tables it describes, in order.</summary>
    public required IReadOnlyList<ContractObject> Objects { get; init; }

    /// <summary>Where the data resides, in order.</summary>
    public IReadOnlyList<ContractServer> Servers { get; init; } = [];

    /// <summary>What is promised, in order.</summary>
    public IReadOnlyList<ServiceLevel> ServiceLevels { get; init; } = [];

    /// <summary>What is promised to people: nothing measures it.</summary>
    public IReadOnlyList<UnmeasuredPromise> Unmeasured { get; init; } = [];

    /// <summary>How a dataset names this contract.</summary>
    public ContractReference Reference => new(Id, Version, Owner);

    /// <summary>The promise of a kind for a table: the one that names the table, else the one that names none; null = none.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="table">The table.</param>
    public TimeSpan? Promise(ServiceLevelKind kind, ContractObject table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var promises = ServiceLevels.Where(s => s.Kind == kind).ToList();
        return (promises.Find(s => s.IsOf(table)) ?? promises.Find(s => s.Elements.Count is 0))?.Within;
    }
}

/// <summary>A table of a contract: what its dataset writes.</summary>
public sealed record ContractObject
{
    /// <summary>Where it stands.</summary>
    public required FileLocation At { get; init; }

    /// <summary>Its name: what a dataset's <c>contract: file#name</c> says.</summary>
    public required string Name { get; init; }

    /// <summary>Its stable identifier, by which references name it; null = none.</summary>
    public string? Id { get; init; }

    /// <summary>Its columns, in order.</summary>
    public required IReadOnlyList<ContractProperty> Properties { get; init; }

    /// <summary>The table's name in the database; null = as <see cref="Name"/>.</summary>
    public string? PhysicalName { get; init; }

    /// <summary>Rules about the whole table.</summary>
    public IReadOnlyList<QualityRule> Quality { get; init; } = [];

    /// <summary>What its rows refer to.</summary>
    public IReadOnlyList<Relationship> Relationships { get; init; } = [];

    /// <summary>Which rows may be in the warehouse; null = all.</summary>
    public RowFilter? Filter { get; init; }

    /// <summary>The column that only the filter reads; null = the filter's column is a property, or there is no filter.</summary>
    public DatasetColumn? FilterColumn { get; init; }

    /// <summary>Sums that source and warehouse must agree on.</summary>
    public IReadOnlyList<ControlTotal> Totals { get; init; } = [];

    /// <summary>Columns of the source that are knowingly not taken.</summary>
    public IReadOnlyList<string> DropColumns { get; init; } = [];

    /// <summary>What is done about changes of the source's columns, by kind; those that are not named evolve.</summary>
    public IReadOnlyDictionary<SchemaChangeKind, SchemaPolicy> SchemaPolicies { get; init; } = new Dictionary<SchemaChangeKind, SchemaPolicy>();

    /// <summary>How far a batch's rows may be from those of recent ones; null = they are not judged.</summary>
    public VolumeLimit? Volume { get; init; }

    /// <summary>By when the table is ready.</summary>
    public IReadOnlyList<ContractDeadline> Deadlines { get; init; } = [];

    /// <summary>What a dataset reads and writes: the properties in order, then the filter's own column.</summary>
    public IReadOnlyList<DatasetColumn> Columns()
    {
        var key = Properties.Where(p => p.IsKey).OrderBy(p => p.KeyPosition).ToList();
        var columns = Properties.Select(p => p.ToColumn(p.IsKey ? key.IndexOf(p) : null));
        return FilterColumn is null ? [.. columns] : [.. columns, FilterColumn];
    }
}

/// <summary>A column of a contract's table.</summary>
public sealed record ContractProperty
{
    /// <summary>Where it stands.</summary>
    public required FileLocation At { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its stable identifier, by which references name it; null = none.</summary>
    public string? Id { get; init; }

    /// <summary>The column in the source.</summary>
    public required string SourceColumn { get; init; }

    /// <summary>The column in the warehouse.</summary>
    public required string TargetColumn { get; init; }

    /// <summary>The type of its values, before a mask.</summary>
    public required ArrowType Type { get; init; }

    /// <summary>The type the source is asked for, where it differs; null = <see cref="Type"/>.</summary>
    public ArrowType? ReadAs { get; init; }

    /// <summary>True if null is forbidden.</summary>
    public bool Required { get; init; }

    /// <summary>True if no value may occur twice.</summary>
    public bool Unique { get; init; }

    /// <summary>True if it is part of the key.</summary>
    public bool IsKey { get; init; }

    /// <summary>Its place in the key, from 1; 0 for a key of one column that says none.</summary>
    public int KeyPosition { get; init; }

    /// <summary>How its value is made unreadable; null = it is not.</summary>
    public ColumnMask? Mask { get; init; }

    /// <summary>How texts of the key that the source takes for equal become one; null = not said.</summary>
    public KeyFold? Fold { get; init; }

    /// <summary>What is said of accents in a text of the key.</summary>
    public AccentEquality Accents { get; init; }

    /// <summary>What happens to times that are finer than the type.</summary>
    public TimePrecision Precision { get; init; }

    /// <summary>The bounds of its values.</summary>
    public ValueOptions Options { get; init; } = ValueOptions.None;

    /// <summary>Rules about its values.</summary>
    public IReadOnlyList<QualityRule> Quality { get; init; } = [];

    /// <summary>What its values refer to.</summary>
    public IReadOnlyList<Relationship> Relationships { get; init; } = [];

    /// <summary>What is said of its values that nothing looks at: of what is inside of nested ones, of how a time would be written.</summary>
    public IReadOnlyList<string> Unchecked { get; init; } = [];

    internal DatasetColumn ToColumn(int? keyOrdinal) =>
        new(SourceColumn, TargetColumn, ReadAs ?? Type, Mask is null ? Type : StringType.Default, keyOrdinal, Required, Mask, Fold, Precision) { Accents = Accents };
}

/// <summary>The bounds of a property's values (<c>logicalTypeOptions</c>), as the contract writes them; each null = not bounded.</summary>
public sealed record ValueOptions
{
    /// <summary>No bounds.</summary>
    public static ValueOptions None { get; } = new();

    /// <summary>The least number of characters.</summary>
    public long? MinLength { get; init; }

    /// <summary>The greatest number of characters.</summary>
    public long? MaxLength { get; init; }

    /// <summary>A regular expression (ECMA-262) that the whole value matches.</summary>
    public string? Pattern { get; init; }

    /// <summary>A named format: <c>email</c>, <c>i32</c>, <c>yyyy-MM-dd</c>.</summary>
    public string? Format { get; init; }

    /// <summary>The least value; a number, or a date or time as text.</summary>
    public string? Minimum { get; init; }

    /// <summary>The greatest value.</summary>
    public string? Maximum { get; init; }

    /// <summary>All values are above it.</summary>
    public string? ExclusiveMinimum { get; init; }

    /// <summary>All values are below it.</summary>
    public string? ExclusiveMaximum { get; init; }

    /// <summary>All values are multiples of it.</summary>
    public decimal? MultipleOf { get; init; }

    /// <summary>True if a timestamp is an instant with a zone.</summary>
    public bool? Timezone { get; init; }
}

/// <summary>A place where the contract's data resides.</summary>
/// <param name="Name">Its name in the contract.</param>
/// <param name="Type">Its kind: postgresql, sqlserver, custom …</param>
/// <param name="Environment">The environment, as in prod; null = not said.</param>
public sealed record ContractServer(string Name, string Type, string? Environment);

/// <summary>By when a table is ready, as a check.</summary>
/// <param name="At">Where it stands.</param>
/// <param name="Id">Its name.</param>
/// <param name="Severity">How bad it is to miss it.</param>
/// <param name="Deadline">When it is.</param>
public sealed record ContractDeadline(FileLocation At, string Id, CheckSeverity Severity, Deadline Deadline);

/// <summary>A promise about time.</summary>
/// <param name="Kind">What is promised.</param>
/// <param name="Within">The time.</param>
/// <param name="Elements">What it is about; empty = all tables.</param>
/// <param name="At">Where it stands.</param>
public sealed record ServiceLevel(ServiceLevelKind Kind, TimeSpan Within, IReadOnlyList<ServiceElement> Elements, FileLocation At)
{
    /// <summary>True if it names the table.</summary>
    public bool IsOf(ContractObject table) => Elements.Any(e => e.Table == table.Name);
}

/// <summary>A table, or one of its properties, that a promise is about.</summary>
/// <param name="Table">The table's name.</param>
/// <param name="Property">The property's name; null = the table as a whole.</param>
public sealed record ServiceElement(string Table, string? Property);

/// <summary>A service level that nothing measures.</summary>
/// <param name="At">Where it stands.</param>
/// <param name="Property">What is promised, as the contract writes it.</param>
public sealed record UnmeasuredPromise(FileLocation At, string Property);

/// <summary>What a service level promises.</summary>
public enum ServiceLevelKind
{
    /// <summary>How old the newest data may be.</summary>
    Freshness,

    /// <summary>The time from the source's commit until the row is visible.</summary>
    Latency,

    /// <summary>The time between two updates.</summary>
    Frequency,

    /// <summary>How old a row may become.</summary>
    Retention,
}
