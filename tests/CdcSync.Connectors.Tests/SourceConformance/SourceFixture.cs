using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.SourceConformance;

/// <summary>What a connector gives to the suite: a source of its own for each test, written to as an application would.</summary>
public abstract class SourceFixture : IAsyncDisposable
{
    /// <summary>Why the suite can't run; null = it can.</summary>
    public virtual string? SkipReason => null;

    /// <summary>A new instance of the source: it remembers nothing of another's reads.</summary>
    public abstract IChangeSource Open();

    /// <summary>Creates a table of a shape, empty, with its changes captured, and the dataset that reads it.</summary>
    public abstract ValueTask<Dataset> CreateAsync(string name, TableShape shape);

    /// <summary>Writes in one transaction.</summary>
    public abstract ValueTask CommitAsync(params IReadOnlyList<Write> writes);

    /// <summary>Begins a transaction and writes; the caller commits it later.</summary>
    public abstract ValueTask<IOpenTransaction> BeginAsync(params IReadOnlyList<Write> writes);

    /// <summary>Drops the table.</summary>
    public abstract ValueTask DropAsync(Dataset table);

    /// <summary>Lets the source forget the changes that are older than the newest, as its retention would.</summary>
    public abstract ValueTask ForgetChangesAsync(Dataset table);

    /// <summary>Puts the source back to the state of the time when this was called.</summary>
    public abstract ValueTask<Func<ValueTask>> BackUpAsync();

    /// <summary>Turns capture off and on again: what was recorded in between is lost.</summary>
    public abstract ValueTask CaptureAnewAsync(Dataset table);

    /// <summary>True if a source that was restored is noticed even where its state is at or after the checkpoint's.</summary>
    public virtual bool NoticesEveryRestore => false;

    /// <summary>What a checkpoint from before <see cref="CaptureAnewAsync"/> meets.</summary>
    public virtual (ReadingState State, ErrorCode Code) AfterCaptureAnew => (ReadingState.Denied, ErrorCodes.OtherSource);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>A transaction that is not committed yet.</summary>
public interface IOpenTransaction
{
    ValueTask CommitAsync();
}

/// <summary>The tables of the suite. A fixture may have more columns; the dataset has these.</summary>
public enum TableShape
{
    /// <summary><c>id</c> int64 key · <c>name</c> text, unique where not null · <c>amount</c> decimal(12, 2) · <c>at</c> timestamp[us] · <c>flag</c> bool · <c>data</c> bytes.</summary>
    Numbered,

    /// <summary><c>tenant</c> text and <c>no</c> int64, the key · <c>note</c> text.</summary>
    Composite,
}

/// <summary>A write of the application. Rows have the dataset's columns in order: long, string, decimal, DateTime (a wall clock), bool, byte[] or null.</summary>
public abstract record Write(Dataset Table)
{
    public sealed record Insert(Dataset Table, object?[] Row) : Write(Table);

    /// <summary>Sets all columns of the row with the key, the key's too.</summary>
    public sealed record Update(Dataset Table, object?[] Key, object?[] Row) : Write(Table);

    public sealed record Delete(Dataset Table, object?[] Key) : Write(Table);

    /// <summary>Deletes the rows that stand in the way through any unique column, then inserts: the system's own REPLACE where it has one.</summary>
    public sealed record Replace(Dataset Table, object?[] Row) : Write(Table);

    /// <summary>Inserts, or sets all columns of the row with this key.</summary>
    public sealed record Upsert(Dataset Table, object?[] Row) : Write(Table);
}

/// <summary>The shapes as datasets.</summary>
public static class ConformanceTables
{
    public static Dataset Dataset(string source, string name, TableShape shape, string? schema = null) => new()
    {
        Id = new DatasetId(name),
        SourceName = source,
        Object = new SourceObject.Table(schema, name),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, name),
        Contract = new ContractReference(name, "1.0.0", "tests"),
        Columns = shape switch
        {
            TableShape.Numbered =>
            [
                Column("id", new Int64Type(), 0),
                Column("name", new StringType()),
                Column("amount", new Decimal128Type(12, 2)),
                Column("at", new TimestampType(TimeUnit.Microsecond, null)),
                Column("flag", new BooleanType()),
                Column("data", new BinaryType()),
            ],
            _ => [Column("tenant", new StringType(), 0), Column("no", new Int64Type(), 1), Column("note", new StringType())],
        },
    };

    // No two keys of the suite differ in what a collation might take for equal.
    private static DatasetColumn Column(string name, ArrowType type, int? key = null) => new(name, name, type, type, key, Fold: key is not null && type is StringType ? KeyFold.None : null);
}
