using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

/// <summary>A table with a mark, read by a source whose clocks the test moves, into a dictionary whose commits the test decides.</summary>
internal sealed class MarkedTable : TimeProvider, IDisposable
{
    private readonly MarkForm _form;
    private long _elapsedTicks;
    private SqliteSource _source;

    public MarkedTable(MarkForm form, TimeSpan overlap, SourceObject? source = null)
    {
        _form = form;
        File = new SourceFile($"CREATE TABLE t (id INTEGER PRIMARY KEY, v INT, stamp {form.Declared}); CREATE INDEX by_stamp ON t (stamp)");
        Dataset = new Dataset
        {
            Id = new DatasetId("t"),
            SourceName = "shop",
            Object = source ?? new SourceObject.Table(null, "t"),
            Capture = new Capture.HighWaterMark("stamp", form.Type is TimestampType ? MarkKind.Timestamp : MarkKind.Sequence, overlap),
            Target = new TargetTable(null, "t"),
            Contract = new ContractReference("t", "1.0.0", "tests"),
            Columns = [Column("id", new Int64Type(), 0), Column("v", new Int64Type()), Column("stamp", form.Type)],
        };
        _source = Open();
    }

    public SourceFile File { get; }

    public Dataset Dataset { get; private set; }

    /// <summary>The clock of the source's machine, which the application uses too.</summary>
    public DateTime Clock { get; set; } = new(2024, 2, 29, 12, 0, 0, DateTimeKind.Utc);

    public Dictionary<string, string> Rows { get; private set; } = [];

    public Checkpoint? Checkpoint { get; private set; }

    /// <summary>How many rows the last pass handed over.</summary>
    public int Delivered { get; private set; }

    public WindowEnd? End { get; private set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _elapsedTicks;

    public void Wait(TimeSpan time)
    {
        Clock += time;
        _elapsedTicks += time.Ticks;
    }

    /// <summary>A new process: what was remembered is gone.</summary>
    public void Restart() => _source = Open();

    public void Write(long id, long v, DateTime? stamp = null) => File.Run(
        $"INSERT INTO t VALUES ({id}, {v}, {_form.Sql(stamp ?? Clock)}) ON CONFLICT DO UPDATE SET v = excluded.v, stamp = excluded.stamp");

    public Dictionary<string, string> Truth() => File.Rows("SELECT id, v FROM t").ToDictionary(r => r.Split('|')[0][2..], r => r.Split('|')[1][2..]);

    public async Task LoadAsync()
    {
        var token = TestContext.Current.CancellationToken;
        await using (var session = await _source.OpenAsync([new ReadRequest(Dataset, null)], token))
        {
            var start = session.Readings[Dataset.Id];
            Assert.True(start.State == ReadingState.Start, start.Fault?.ToString());
            Checkpoint = new Checkpoint(1, start.Identity!, start.UpTo!, null, null);
        }
        Rows = [];
        await foreach (var chunk in _source.Ranges.ReadAsync(Dataset, new KeyRange(0, null, null), token))
            Apply(chunk, Rows);
    }

    /// <summary>One pass. A window that is not committed is rolled back, as a warehouse does.</summary>
    public async Task<Reading> PassAsync(bool commits = true)
    {
        var token = TestContext.Current.CancellationToken;
        (Delivered, End) = (0, null);
        var rows = new Dictionary<string, string>(Rows);
        await using var session = await _source.OpenAsync([new ReadRequest(Dataset, Checkpoint)], token);
        var reading = session.Readings[Dataset.Id];
        Assert.True(reading.State is ReadingState.Changed or ReadingState.Unchanged, reading.Fault?.ToString());
        if (reading.State == ReadingState.Unchanged)
        {
            if (commits) MoveTo(reading.UpTo!);
            return reading;
        }
        await foreach (var found in session.ReadAsync([Dataset.Id], token))
        {
            if (found is ChunkRead(_, var chunk)) Apply(chunk, rows);
            else End = Assert.IsType<WindowEnd>(found);
        }
        Assert.Equal(reading.UpTo, End!.UpTo);
        if (!commits) return reading;
        Rows = rows;
        MoveTo(End.UpTo);
        await _source.AcknowledgeAsync([new CommittedPosition(Dataset.Id, End.UpTo)], token);
        return reading;
    }

    public async Task<Reading> ReadingAsync(Checkpoint? from)
    {
        await using var session = await _source.OpenAsync([new ReadRequest(Dataset, from)], TestContext.Current.CancellationToken);
        return session.Readings[Dataset.Id];
    }

    public void Alter(Func<Dataset, Dataset> change) => Dataset = change(Dataset);

    public void MoveTo(Position position) => Checkpoint = Checkpoint! with { Generation = Checkpoint.Generation + 1, Stream = position };

    public void Dispose() => File.Dispose();

    private SqliteSource Open() => new("shop", File.Options, this, _ => Clock);

    private void Apply(Core.Batches.ChangeChunk chunk, Dictionary<string, string> rows)
    {
        for (var row = 0; row < chunk.Length; row++)
        {
            Delivered++;
            rows[RowText.Of(chunk.Rows, row, [0])] = RowText.Of(chunk.Rows, row, [1]);
        }
    }

    private static DatasetColumn Column(string name, ArrowType type, int? key = null) => new(name, name, type, type, key);
}

/// <summary>How an application keeps its stamps.</summary>
/// <param name="Name">For test names.</param>
/// <param name="Declared">The column's declared type.</param>
/// <param name="Type">What the dataset reads it as.</param>
/// <param name="Sql">A stamp as SQL.</param>
internal sealed record MarkForm(string Name, string Declared, ArrowType Type, Func<DateTime, string> Sql)
{
    public static IReadOnlyList<MarkForm> Timestamps { get; } =
    [
        new("text with blank", "DATETIME", WallClock(TimeUnit.Microsecond), t => Text(t, "yyyy-MM-dd HH:mm:ss.ffffff")),
        new("text in whole seconds", "TEXT", WallClock(TimeUnit.Microsecond), t => Text(t, "yyyy-MM-dd HH:mm:ss")),
        new("text with T and Z", "TIMESTAMP", Instant(TimeUnit.Millisecond), t => Text(t, "yyyy-MM-ddTHH:mm:ss.fffZ")),
        new("text in whole minutes", "", WallClock(TimeUnit.Second), t => Text(t, "yyyy-MM-dd HH:mm")),
        new("text far east of UTC", "TEXT", Instant(TimeUnit.Millisecond), t => Text(t.AddHours(13), "yyyy-MM-dd HH:mm:ss.fff+13:00")),
        new("text far west of UTC", "TEXT", Instant(TimeUnit.Millisecond), t => Text(t.AddHours(-11), "yyyy-MM-dd HH:mm:ss.fff-11:00")),
        new("seconds", "INTEGER", Instant(TimeUnit.Second), t => Number((t - DateTime.UnixEpoch).TotalSeconds, 0)),
        new("milliseconds", "TIMESTAMP", Instant(TimeUnit.Millisecond), t => Number((t - DateTime.UnixEpoch).TotalMilliseconds, 0)),
        new("Julian days", "REAL", Instant(TimeUnit.Millisecond), t => $"julianday('{t:yyyy-MM-dd HH:mm:ss.fff}')"),
    ];

    public static MarkForm Number(string declared = "INTEGER") => new("sequence", declared, new Int64Type(), _ => "(SELECT coalesce(max(stamp), 0) + 1 FROM t)");

    private static TimestampType WallClock(TimeUnit unit) => new(unit, null);

    private static TimestampType Instant(TimeUnit unit) => new(unit, "UTC");

    private static string Text(DateTime t, string format) => $"'{t.ToString(format, CultureInfo.InvariantCulture)}'";

    private static string Number(double value, int digits) => Math.Floor(value).ToString($"F{digits}", CultureInfo.InvariantCulture);
}
