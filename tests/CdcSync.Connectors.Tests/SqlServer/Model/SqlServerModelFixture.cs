using CdcSync.Connectors.SqlServer.Source;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.SqlServer.Model;

/// <summary>The reader of SQL Server over the model, under the suite for sources.</summary>
public class SqlServerModelFixture : SourceFixture
{
    internal ServerModel Server { get; } = new();

    public override bool NoticesEveryRestore => true;

    // What was captured anew has a gap before it, and the gap policy says what then.
    public override (ReadingState State, ErrorCode Code) AfterCaptureAnew => (ReadingState.Expired, ErrorCodes.ChangesExpired);

    public override IChangeSource Open() => Open(Server);

    internal static SqlServerSource Open(ServerModel server, TimeSpan? maxReadAge = null, TimeProvider? time = null) =>
        new("erp", _ => ValueTask.FromResult<ISourceDatabase>(new ModelDatabase(server)), maxReadAge ?? TimeSpan.FromSeconds(60), time ?? TimeProvider.System);

    public override ValueTask<Dataset> CreateAsync(string name, TableShape shape)
    {
        Server.Create(Table(name, shape));
        return ValueTask.FromResult(ConformanceTables.Dataset("erp", name, shape, "dbo"));
    }

    public override ValueTask CommitAsync(params IReadOnlyList<Write> writes)
    {
        Server.Commit([.. writes.Select(Of)]);
        return ValueTask.CompletedTask;
    }

    public override ValueTask<IOpenTransaction> BeginAsync(params IReadOnlyList<Write> writes) => ValueTask.FromResult<IOpenTransaction>(new Waiting(() => CommitAsync(writes)));

    public override ValueTask DropAsync(Dataset table)
    {
        Server.Drop(table.Object.ToString()!);
        return ValueTask.CompletedTask;
    }

    public override async ValueTask ForgetChangesAsync(Dataset table)
    {
        var version = Server.Version;
        await CommitAsync(new Write.Upsert(table, [9_000_000L, null, null, null, null, null]));
        Server.Lift(table.Object.ToString()!, version);
        Server.Sweep(table.Object.ToString()!);
    }

    public override ValueTask<Func<ValueTask>> BackUpAsync()
    {
        var restore = Server.BackUp();
        return ValueTask.FromResult(() =>
        {
            restore();
            return ValueTask.CompletedTask;
        });
    }

    public override ValueTask CaptureAnewAsync(Dataset table)
    {
        Server.SwitchOffAndOn(table.Object.ToString()!);
        return ValueTask.CompletedTask;
    }

    internal static SqlServerObject Table(string name, TableShape shape) => new("dbo", name, 0, ObjectKind.Table, shape == TableShape.Numbered
        ?
        [
            new(1, "id", "bigint", KeyOrdinal: 1), new(2, "name", "nvarchar", 200, Collation: "Latin1_General_100_CI_AS"), new(3, "amount", "decimal", 9, 12, 2), new(4, "at", "datetime2", 8, 26, 6),
            new(5, "flag", "bit", 1), new(6, "data", "varbinary", -1),
        ]
        : [new(1, "tenant", "nvarchar", 100, Collation: "Latin1_General_100_BIN2", KeyOrdinal: 1), new(2, "no", "bigint", KeyOrdinal: 2), new(3, "note", "nvarchar", -1, Collation: "Latin1_General_100_CI_AS")]);

    private static RowWrite Of(Write write)
    {
        var table = write.Table.Object.ToString()!;
        return write switch
        {
            Write.Insert insert => new RowWrite.Put(table, insert.Row),
            Write.Upsert upsert => new RowWrite.Put(table, upsert.Row),
            Write.Update update => new RowWrite.Put(table, update.Row, update.Key!),
            Write.Delete delete => new RowWrite.Delete(table, delete.Key!),
            // The numbered shape's name is unique.
            Write.Replace replace => write.Table.Key.Count == 1 ? new RowWrite.Replace(table, replace.Row, 1) : new RowWrite.Put(table, replace.Row),
            _ => throw new ArgumentException(write.ToString()),
        };
    }

    private sealed class Waiting(Func<ValueTask> commit) : IOpenTransaction
    {
        public ValueTask CommitAsync() => commit();
    }
}

public sealed class SqlServerModelConformance : SourceConformanceSuite<SqlServerModelFixture>;
