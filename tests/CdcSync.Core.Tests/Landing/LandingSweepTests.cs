using CdcSync.Core.Landing;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Landing;

public sealed class LandingSweepTests : IDisposable
{
    private LandingFixture _fixture = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_the_ledger_does_not_name_goes_after_an_hour_and_no_sooner()
    {
        var unnamed = await Land();
        var named = await Land();
        _fixture = Restarted();

        Assert.Equal((0, 2), Counts(await Sweep(named)));
        Forward(TimeSpan.FromMinutes(61));
        Assert.Equal((1, 1), Counts(await Sweep(named)));
        Assert.Equal([named], _fixture.Files());
        Assert.NotEqual(named, unnamed);
    }

    [Fact]
    public async Task A_file_whose_batch_is_not_over_is_never_an_orphan()
    {
        var file = _fixture.Zone.Create(LandingFixture.Numbers);
        await file.AppendAsync(LandingFixture.Chunk(0, 1), Ct);
        Stamp();
        Forward(TimeSpan.FromHours(30));
        Assert.Equal((0, 1), Counts(await Sweep()));
        await file.CompleteAsync(Ct);
        Stamp();
        Forward(TimeSpan.FromHours(30));
        Assert.Equal((0, 1), Counts(await Sweep()));

        // Over, and committed after the sweep has read the ledger: still safe for a while.
        await file.DisposeAsync();
        Assert.Equal((0, 1), Counts(await Sweep()));
        Forward(TimeSpan.FromMinutes(61));
        Assert.Equal((1, 0), Counts(await Sweep()));
    }

    [Fact]
    public async Task A_file_that_another_process_writes_is_never_an_orphan()
    {
        // Another zone knows nothing of this one's files, as another process would not: only the lock tells.
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        await file.AppendAsync(LandingFixture.Chunk(0, 1), Ct);
        Stamp();
        var other = Restarted();
        other.Clock.Now += TimeSpan.FromHours(5);
        Assert.Equal((0, 1), Counts(await other.Zone.SweepAsync(new HashSet<string>(), Ct)));
        var landed = await file.CompleteAsync(Ct);
        Stamp();
        other.Clock.Now += TimeSpan.FromHours(5);
        Assert.Equal((0, 1), Counts(await other.Zone.SweepAsync(new HashSet<string>(), Ct)));
        Assert.Equal([landed!.Path], other.Files());
    }

    [Fact]
    public async Task A_part_that_a_crash_left_goes_after_a_minute_even_if_the_ledger_names_its_end()
    {
        var landed = await Land();
        File.Move(Full(landed), Full(landed) + ".part");
        _fixture = Restarted();
        Forward(TimeSpan.FromSeconds(50));
        Assert.Equal((0, 1), Counts(await Sweep(landed)));
        Forward(TimeSpan.FromSeconds(20));
        Assert.Equal((1, 0), Counts(await Sweep(landed)));
    }

    [Fact]
    public async Task Files_older_than_they_are_kept_go_without_exception()
    {
        var old = await Land();
        Forward(TimeSpan.FromDays(3));
        var young = await Land();
        Forward(TimeSpan.FromDays(4));
        Assert.Equal(0, (await Sweep(old, young)).Expired);
        Forward(TimeSpan.FromMinutes(1));
        Assert.Equal(1, (await Sweep(old, young)).Expired);
        Assert.Equal([young], _fixture.Files());
        Forward(TimeSpan.FromDays(3));
        Assert.Equal(1, (await Sweep(old, young)).Expired);
        Assert.Empty(_fixture.Files());
    }

    [Fact]
    public async Task Above_the_limit_the_oldest_go_first()
    {
        var files = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            files.Add(await Land());
            Forward(TimeSpan.FromMinutes(1));
        }
        var size = new FileInfo(Full(files[0])).Length;
        var zone = new LandingZone(new LandingOptions(_fixture.Root, TimeSpan.FromDays(7), (2 * size) + 1), "shop", _fixture.Clock);

        var report = await zone.SweepAsync(files.ToHashSet(), Ct);
        Assert.Equal(new SweepReport(0, 0, 2, 2 * size, 2, 2 * size, 0), report);
        Assert.Equal(files[2..], _fixture.Files());
    }

    [Fact]
    public async Task Only_landing_files_of_the_pipeline_are_touched()
    {
        var landed = await Land();
        string[] strange = ["shop/numbers/20260131/notes.txt", "shop/readme.arrow", "shop/numbers/20260131/130500250-x.arrow", "other/numbers/20260131/130500250-00000000000000000000000000000000.arrow"];
        foreach (var path in strange)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Full(path))!);
            File.WriteAllText(Full(path), "mine");
        }
        _fixture = Restarted();
        Forward(TimeSpan.FromDays(100));

        Assert.Equal((1, 0), Counts(await Sweep()));
        Assert.Equal(strange.Order(StringComparer.Ordinal), _fixture.Files());
        Assert.NotEmpty(landed);
    }

    [Fact]
    public async Task Links_are_not_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "making links needs a right that tests may not have");
        var elsewhere = Directory.CreateTempSubdirectory("cdcsync-elsewhere-");
        try
        {
            var target = Path.Combine(elsewhere.FullName, "20260131", "130500250-00000000000000000000000000000000.arrow");
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllText(target, "mine");
            Directory.CreateDirectory(Path.Combine(_fixture.Root, "shop"));
            Directory.CreateSymbolicLink(Path.Combine(_fixture.Root, "shop", "numbers"), elsewhere.FullName);
            _fixture.Clock.Now += TimeSpan.FromDays(3_000);
            await Sweep();
            Assert.True(File.Exists(target));
        }
        finally
        {
            Directory.Delete(Path.Combine(_fixture.Root, "shop", "numbers"));
            elsewhere.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Empty_folders_of_past_days_go()
    {
        var landed = await Land();
        Forward(TimeSpan.FromDays(8));
        await Sweep(landed);
        Assert.False(Directory.Exists(Path.GetDirectoryName(Full(landed))));
    }

    [Fact]
    public async Task A_zone_that_was_never_written_to_has_nothing_to_sweep() => Assert.Equal(new SweepReport(0, 0, 0, 0, 0, 0, 0), await Sweep());

    public void Dispose() => _fixture.Dispose();

    private static (int Orphans, int Left) Counts(SweepReport report) => (report.Orphans, report.LeftFiles);

    private Task<SweepReport> Sweep(params string[] named) => _fixture.Zone.SweepAsync(named.ToHashSet(), Ct);

    private string Full(string path) => Path.Combine(_fixture.Root, path);

    private void Forward(TimeSpan time) => _fixture.Clock.Now += time;

    /// <summary>A zone on the same folder that has no memory of what this one made.</summary>
    private LandingFixture Restarted() => new(folder: _fixture.Root) { Clock = { Now = _fixture.Clock.Now } };

    private async Task<string> Land()
    {
        LandedFile landed;
        await using (var file = _fixture.Zone.Create(LandingFixture.Numbers))
        {
            await file.AppendAsync(LandingFixture.Chunk(0, 10), Ct);
            landed = (await file.CompleteAsync(Ct))!;
        }
        File.SetLastWriteTimeUtc(Full(landed.Path), _fixture.Clock.Now.UtcDateTime);
        return landed.Path;
    }

    // The disk has the machine's clock: the test's is put in its place.
    private void Stamp()
    {
        foreach (var file in _fixture.Files()) File.SetLastWriteTimeUtc(Full(file), _fixture.Clock.Now.UtcDateTime);
    }
}
