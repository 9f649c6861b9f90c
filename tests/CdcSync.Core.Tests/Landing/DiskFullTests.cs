using System.Diagnostics;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Tests.Landing;

public sealed class DiskFullTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_is_a_transient_failure_that_gives_its_space_back()
    {
        var folder = Directory.CreateTempSubdirectory("cdcsync-full-").FullName;
        Assert.SkipUnless(await Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder), "mounting a small tmpfs needs root");
        try
        {
            using var fixture = new LandingFixture(folder: Path.Combine(folder, "landing"));
            await using (var file = fixture.Zone.Create(LandingFixture.Numbers))
            {
                var reading = LandingFixture.ReadAll(file.ReadAllAsync(Ct));
                var error = await Assert.ThrowsAsync<CdcSyncException>(async () =>
                {
                    for (var i = 0; i < 50; i++) await file.AppendAsync(LandingFixture.Chunk(i, 100, 1_000), Ct);
                });
                Assert.Equal(ErrorCodes.LandingFailed, error.Code);
                Assert.True(error.IsTransient);
                Assert.Contains("no space is left", error.Message, StringComparison.Ordinal);
                Assert.Same(error, await Assert.ThrowsAsync<CdcSyncException>(() => reading));
            }
            Assert.Empty(fixture.Files());

            // The next batch is smaller, or room was made: it goes on by itself.
            await using var next = fixture.Zone.Create(LandingFixture.Numbers);
            await next.AppendAsync(LandingFixture.Chunk(0, 100, 1_000), Ct);
            var landed = await next.CompleteAsync(Ct);
            Assert.Single(await LandingFixture.ReadAll(fixture.Zone.ReadAsync(landed!, Ct)));
        }
        finally
        {
            await Run("umount", folder);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<bool> Run(string command, params string[] arguments)
    {
        if (!OperatingSystem.IsLinux()) return false;
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true });
        await process!.WaitForExitAsync(Ct);
        return process.ExitCode == 0;
    }
}
