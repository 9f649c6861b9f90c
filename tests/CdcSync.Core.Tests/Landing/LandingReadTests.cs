using CdcSync.Core.Errors;
using CdcSync.Core.Landing;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Landing;

public sealed class LandingReadTests : IDisposable
{
    private readonly LandingFixture _fixture = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_cut_anywhere_is_corrupt_before_the_first_chunk()
    {
        var landed = await Land();
        var path = Path.Combine(_fixture.Root, landed.Path);
        var whole = File.ReadAllBytes(path);
        for (var length = 0; length < whole.Length; length += 64)
        {
            File.WriteAllBytes(path, whole[..length]);
            await AssertCorrupt(landed);
        }
    }

    [Fact]
    public async Task A_file_with_any_bit_flipped_is_corrupt_before_the_first_chunk()
    {
        var landed = await Land();
        var path = Path.Combine(_fixture.Root, landed.Path);
        var whole = File.ReadAllBytes(path);
        for (var at = 0; at < whole.Length; at += 7)
        {
            whole[at] ^= (byte)(1 << (at & 7));
            File.WriteAllBytes(path, whole);
            await AssertCorrupt(landed);
            whole[at] ^= (byte)(1 << (at & 7));
        }
    }

    [Fact]
    public async Task A_file_of_other_rows_or_bytes_or_hash_than_the_ledger_says_is_corrupt()
    {
        var landed = await Land();
        await AssertCorrupt(landed with { Rows = landed.Rows + 1 });
        await AssertCorrupt(landed with { Bytes = landed.Bytes + 1 });
        await AssertCorrupt(landed with { Sha256 = new string('0', 64) });
        Assert.Equal(3, (await LandingFixture.ReadAll(_fixture.Zone.ReadAsync(landed, Ct))).Count);
    }

    [Theory]
    [InlineData("shop/numbers/20260131/130500250-00000000000000000000000000000000.arrow")]
    [InlineData("../secret")]
    [InlineData("/etc/passwd")]
    [InlineData("shop/../../20260131/130500250-00000000000000000000000000000000.arrow")]
    [InlineData("shop/numbers/20260131/130500250-00000000000000000000000000000000.arrow.part")]
    public async Task A_file_that_is_not_there_or_no_landing_file_is_refused(string path) => await AssertCorrupt(new LandedFile(path, new string('0', 64), 1, 1));

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    [InlineData("a\n")]
    public void A_pipeline_name_that_is_no_folder_is_refused(string name) =>
        Assert.Equal(ErrorCodes.InvalidName, Assert.Throws<CdcSyncException>(() => new LandingZone(_fixture.Options, name, _fixture.Clock)).Code);

    public void Dispose() => _fixture.Dispose();

    private async Task<LandedFile> Land()
    {
        await using var file = _fixture.Zone.Create(LandingFixture.Numbers);
        for (var i = 0; i < 3; i++) await file.AppendAsync(LandingFixture.Chunk(i * 10, 10), Ct);
        return (await file.CompleteAsync(Ct))!;
    }

    private async Task AssertCorrupt(LandedFile landed)
    {
        var handedOver = 0;
        var error = await Assert.ThrowsAsync<CdcSyncException>(async () =>
        {
            await foreach (var _ in _fixture.Zone.ReadAsync(landed, Ct)) handedOver++;
        });
        Assert.Equal((ErrorCodes.LandingCorrupt, 0), (error.Code, handedOver));
    }
}
