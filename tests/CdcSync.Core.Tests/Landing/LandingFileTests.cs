using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using CdcSync.Arrow;
using CdcSync.Arrow.Ipc;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Landing;
using CdcSync.Core.Shaping;
using CdcSync.Core.Tests.Shaping;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Landing;

public sealed class LandingFileTests : IDisposable
{
    private readonly LandingFixture _fixture = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_rows_there_is_no_file_and_no_folder()
    {
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        await file.AppendAsync(LandingFixture.Chunk(0, 0), Ct);

        Assert.Null(await file.CompleteAsync(Ct));
        Assert.Empty(await LandingFixture.ReadAll(file.ReadAllAsync(Ct)));
        Assert.False(Directory.Exists(_fixture.Root));
    }

    [Fact]
    public async Task A_file_is_named_by_pipeline_dataset_day_and_time_and_is_a_part_until_complete()
    {
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        await file.AppendAsync(LandingFixture.Chunk(0, 2), Ct);
        var part = Assert.Single(_fixture.Files());
        Assert.Matches(@"^shop/numbers/20260131/130500250-[0-9a-f]{32}\.arrow\.part$", part);

        var landed = await file.CompleteAsync(Ct);
        Assert.Equal([landed!.Path], _fixture.Files());
        Assert.Equal(part[..^".part".Length], landed.Path);
    }

    [Fact]
    public async Task The_ledger_gets_hash_rows_and_length_of_what_is_on_disk()
    {
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        await file.AppendAsync(LandingFixture.Chunk(0, 1_000, 200), Ct);
        await file.AppendAsync(LandingFixture.Chunk(1_000, 7), Ct);
        var landed = await file.CompleteAsync(Ct);

        var bytes = File.ReadAllBytes(Path.Combine(_fixture.Root, landed!.Path));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), landed.Sha256);
        Assert.Equal((1_007L, (long)bytes.Length), (landed.Rows, landed.Bytes));
    }

    [Fact]
    public async Task Folders_and_files_are_for_their_owner_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such modes");
            return;
        }
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        await file.AppendAsync(LandingFixture.Chunk(0, 1), Ct);
        var landed = await file.CompleteAsync(Ct);

        var path = Path.Combine(_fixture.Root, landed!.Path);
        Assert.Equal("UserWrite, UserRead", $"{File.GetUnixFileMode(path)}");
        for (var folder = Path.GetDirectoryName(path)!; folder.Length >= _fixture.Root.Length; folder = Path.GetDirectoryName(folder)!)
            Assert.Equal("UserExecute, UserWrite, UserRead", $"{File.GetUnixFileMode(folder)}");
    }

    [Fact]
    public async Task The_file_says_what_it_holds()
    {
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        await file.AppendAsync(new ChangeChunk(TestColumns.Batch(LandingFixture.Numbers.TargetSchema, [1L, "a"], [null, null], [3L, null]),
            new[] { ChangeKind.Upsert, ChangeKind.Delete, ChangeKind.Erase }, [new RowFault(1, "id", "found utf8"), new RowFault(1, "text", "second"), new RowFault(2, "Consent", "no: bool")]), Ct);
        var landed = await file.CompleteAsync(Ct);

        using var stream = File.OpenRead(Path.Combine(_fixture.Root, landed!.Path));
        var reader = new ArrowFileReader(stream);
        Assert.Equal("(_cdc_kind: uint8 not null, _cdc_fault: utf8, id: int64, text: utf8)", $"{reader.Schema}");
        Assert.Equal(["shop", "numbers", "urn:people", "1.2.0"], new[] { "pipeline", "dataset", "contract", "contract_version" }.Select(k => reader.Schema.Metadata["cdcsync." + k]));
        Assert.Equal("0", reader.Schema.Fields[2].Metadata["cdcsync.key"]);
        Assert.Equal([[(byte)0, null, 1L, "a"], [(byte)1, "id: found utf8", null, null], [(byte)2, "Consent: no: bool", 3L, null]], TestColumns.Rows(reader.ReadRecordBatch(0)));
    }

    [Fact]
    public void What_is_shaped_and_landed_is_read_back_the_same_by_spool_and_by_ledger()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => RoundTrip(seed).GetAwaiter().GetResult()));
    }

    private async Task RoundTrip(int seed)
    {
        var random = new Random(seed);
        DatasetColumn[] columns = [new("ID", "id", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0), .. AnyColumn.Types.Select((t, i) => Shaped(i, t, random))];
        var dataset = TestDatasets.With(columns) with { Filter = new RowFilter("C0", ["true"]) };
        var shaper = new Shaper(dataset, new Keyring(new Dictionary<string, byte[]> { ["k"] = "key"u8.ToArray() }));
        var shaped = Enumerable.Range(0, random.Next(1, 12)).Select(_ => shaper.Apply(Source(dataset, random.Next(1, 40), random))).ToList();

        await using var file = _fixture.Zone.Create(dataset);
        foreach (var chunk in shaped) await file.AppendAsync(chunk, Ct);
        var landed = await file.CompleteAsync(Ct);
        foreach (var read in new[] { await LandingFixture.ReadAll(file.ReadAllAsync(Ct)), await LandingFixture.ReadAll(_fixture.Zone.ReadAsync(landed!, Ct)) })
        {
            Assert.Equal(shaped.Count, read.Count);
            for (var i = 0; i < shaped.Count; i++) LandingFixture.AssertSame(shaped[i], read[i]);
        }
    }

    [Fact]
    public async Task A_slow_reader_never_stops_the_writer_and_memory_holds_four_chunks()
    {
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        var appended = await AppendTracked(file, 40);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.Equal(LandingFile.ResidentChunkLimit, file.ResidentChunks);
        Assert.Equal(LandingFile.ResidentChunkLimit, appended.Count(c => c.IsAlive));
        await file.CompleteAsync(Ct);
        var read = await LandingFixture.ReadAll(file.ReadAllAsync(Ct));
        Assert.Equal(Enumerable.Range(0, 40).Select(i => (long)i * 10), read.Select(c => ((FixedWidthArray<long>)c.Rows.Column(0))[0]));
        Assert.Equal(0, file.ResidentChunks);
    }

    // In a method of its own, so that no local keeps a chunk alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<List<WeakReference>> AppendTracked(LandingFile file, int count)
    {
        var appended = new List<WeakReference>();
        for (var i = 0; i < count; i++) appended.Add(await AppendOne(file, i));
        return appended;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> AppendOne(LandingFile file, int i)
    {
        var chunk = LandingFixture.Chunk(i * 10, 10);
        await file.AppendAsync(chunk, Ct);
        return new WeakReference(chunk);
    }

    [Fact]
    public async Task Memory_is_bounded_by_bytes_too()
    {
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        for (var i = 0; i < 4; i++) await file.AppendAsync(LandingFixture.Chunk(i, 1, 12 << 20), Ct);

        Assert.Equal(2, file.ResidentChunks);
        await file.CompleteAsync(Ct);
        Assert.Equal(4, (await LandingFixture.ReadAll(file.ReadAllAsync(Ct))).Count);
    }

    [Fact]
    public async Task A_reader_waits_for_a_slow_writer_and_sees_each_chunk_as_it_comes()
    {
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        await using var reader = file.ReadAllAsync(Ct).GetAsyncEnumerator(Ct);
        for (var i = 0; i < 6; i++)
        {
            var next = reader.MoveNextAsync();
            Assert.False(next.IsCompleted);
            var chunk = LandingFixture.Chunk(i, 1);
            await file.AppendAsync(chunk, Ct);
            Assert.True(await next);
            // Handed over as it is: nothing is read again.
            Assert.Same(chunk, reader.Current);
        }
        var end = reader.MoveNextAsync();
        await file.CompleteAsync(Ct);
        Assert.False(await end);
    }

    [Fact]
    public async Task Reader_and_writer_of_changing_speed_agree_on_every_chunk()
    {
        var random = new Random(42);
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        var chunks = Enumerable.Range(0, 120).Select(i => LandingFixture.Chunk(i * 100, 1 + random.Next(50), random.Next(2_000))).ToList();
        var writer = Task.Run(async () =>
        {
            foreach (var (i, chunk) in chunks.Index())
            {
                if (i % 30 > 20) await Task.Delay(1, Ct);
                await file.AppendAsync(chunk, Ct);
            }
            return await file.CompleteAsync(Ct);
        }, Ct);
        var next = 0;
        await foreach (var chunk in file.ReadAllAsync(Ct))
        {
            if (next % 50 < 10) await Task.Delay(2, Ct);
            Assert.True(file.ResidentChunks <= LandingFile.ResidentChunkLimit);
            LandingFixture.AssertSame(chunks[next++], chunk);
        }
        Assert.Equal(chunks.Count, next);
        Assert.Equal(chunks.Sum(c => (long)c.Length), (await writer)!.Rows);
    }

    [Fact]
    public async Task A_failure_ends_the_reader_at_once_and_leaves_no_file()
    {
        var error = new CdcSyncException(ErrorCodes.SourceUnavailable, "gone", "again");
        await using (var file = _fixture.Zone.Create(LandingFixture.Numbers))
        {
            for (var i = 0; i < 10; i++) await file.AppendAsync(LandingFixture.Chunk(i, 1), Ct);
            file.Fail(error);
            await using var reader = file.ReadAllAsync(Ct).GetAsyncEnumerator(Ct);
            Assert.Same(error, await Assert.ThrowsAsync<CdcSyncException>(() => reader.MoveNextAsync().AsTask()));
            Assert.Same(error, await Assert.ThrowsAsync<CdcSyncException>(() => file.AppendAsync(LandingFixture.Chunk(0, 1), Ct).AsTask()));
            Assert.Same(error, await Assert.ThrowsAsync<CdcSyncException>(() => file.CompleteAsync(Ct).AsTask()));
        }
        Assert.Empty(_fixture.Files());
    }

    [Fact]
    public async Task A_waiting_reader_is_ended_by_a_failure()
    {
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        var reading = LandingFixture.ReadAll(file.ReadAllAsync(Ct));
        file.Fail(new CdcSyncException(ErrorCodes.SourceUnavailable, "gone", "again"));
        await Assert.ThrowsAsync<CdcSyncException>(() => reading);
    }

    [Fact]
    public async Task Disposed_before_its_end_it_deletes_the_part_and_ends_the_reader()
    {
        var file = _fixture.Zone.Create(LandingFixture.Numbers);
        var reading = LandingFixture.ReadAll(file.ReadAllAsync(Ct));
        await file.AppendAsync(LandingFixture.Chunk(0, 1), Ct);
        await file.DisposeAsync();

        Assert.Empty(_fixture.Files());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => file.AppendAsync(LandingFixture.Chunk(0, 1), Ct).AsTask());
    }

    [Fact]
    public async Task A_reader_can_be_cancelled_and_there_is_only_one()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        var reading = LandingFixture.ReadAll(file.ReadAllAsync(cancel.Token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => LandingFixture.ReadAll(file.ReadAllAsync(Ct)));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task Nothing_is_appended_to_a_complete_file()
    {
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        await file.AppendAsync(LandingFixture.Chunk(0, 1), Ct);
        await file.CompleteAsync(Ct);
        await Assert.ThrowsAsync<InvalidOperationException>(() => file.AppendAsync(LandingFixture.Chunk(1, 1), Ct).AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(() => file.CompleteAsync(Ct).AsTask());
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.6)]
    [InlineData(0.95)]
    public async Task A_spool_that_changed_on_disk_is_never_handed_over(double place)
    {
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        for (var i = 0; i < 20; i++) await file.AppendAsync(LandingFixture.Chunk(i * 50, 50, 40), Ct);
        var path = Path.Combine(_fixture.Root, Assert.Single(_fixture.Files()));
        Flip(path, place);
        await file.CompleteAsync(Ct);

        var handedOver = 0;
        var error = await Assert.ThrowsAsync<CdcSyncException>(async () =>
        {
            await foreach (var chunk in file.ReadAllAsync(Ct)) LandingFixture.AssertSame(LandingFixture.Chunk(handedOver++ * 50, 50, 40), chunk);
        });
        Assert.Equal(ErrorCodes.LandingCorrupt, error.Code);
        Assert.InRange(handedOver, LandingFile.ResidentChunkLimit, 19);
    }

    [Fact]
    public async Task A_spool_that_was_cut_on_disk_is_never_handed_over()
    {
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        for (var i = 0; i < 6; i++) await file.AppendAsync(LandingFixture.Chunk(i, 5), Ct);
        using (var stream = new FileStream(Path.Combine(_fixture.Root, Assert.Single(_fixture.Files())), FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) stream.SetLength(stream.Length - 1);

        // Not completed, for that would lengthen it again: without the error the reader would wait for more.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        Assert.Equal(ErrorCodes.LandingCorrupt, (await Assert.ThrowsAsync<CdcSyncException>(() => LandingFixture.ReadAll(file.ReadAllAsync(patience.Token)))).Code);
    }

    [Fact]
    public async Task A_folder_that_can_not_be_made_is_a_landing_failure_that_ends_the_reader_too()
    {
        File.WriteAllText(_fixture.Root, "in the way");
        try
        {
            await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
            var reading = LandingFixture.ReadAll(file.ReadAllAsync(Ct));
            var error = await Assert.ThrowsAsync<CdcSyncException>(() => file.AppendAsync(LandingFixture.Chunk(0, 1), Ct).AsTask());
            Assert.Equal(ErrorCodes.LandingFailed, error.Code);
            Assert.Same(error, await Assert.ThrowsAsync<CdcSyncException>(() => reading));
        }
        finally
        {
            File.Delete(_fixture.Root);
        }
    }

    public void Dispose() => _fixture.Dispose();

    private static void Flip(string path, double place)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.Position = (long)(stream.Length * place);
        var value = stream.ReadByte();
        stream.Position--;
        stream.WriteByte((byte)(value ^ 0x10));
    }

    private static DatasetColumn Shaped(int index, ArrowType type, Random random) => random.Next(4) switch
    {
        0 when index > 0 => new($"C{index}", null, type, null),
        1 => new($"C{index}", $"c: {index}", type, StringType.Default, Mask: new ColumnMask("k")),
        2 when type is not (BinaryType or FixedSizeBinaryType or StringType) => new($"C{index}", $"c: {index}", type, StringType.Default),
        _ when type is StringType => new($"C{index}", $"c: {index}", type, new Decimal128Type(20, 5)),
        _ => new($"C{index}", $"c: {index}", type, type),
    };

    private static ChangeChunk Source(Dataset dataset, int rows, Random random)
    {
        var batch = new RecordBatch(dataset.SourceSchema, [.. dataset.Columns.Select(c => AnyColumn.Make(c.ReadType, rows, random))], rows);
        var kinds = Enumerable.Range(0, rows).Select(_ => (ChangeKind)random.Next(3)).ToArray();
        var faults = Enumerable.Range(0, rows).Where(_ => random.Next(5) == 0).Select(r => new RowFault(r, dataset.Columns[random.Next(dataset.Columns.Count)].Source, "does not: fit")).ToList();
        return new ChangeChunk(batch, kinds, faults);
    }
}
