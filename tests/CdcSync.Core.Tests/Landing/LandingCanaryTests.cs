using System.Text;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Shaping;
using CdcSync.Core.Tests.Shaping;

namespace CdcSync.Core.Tests.Landing;

/// <summary>What must not be in the warehouse must not be in the landing files either: looked for in their bytes.</summary>
public sealed class LandingCanaryTests : IDisposable
{
    private const long NumberCanary = 0x0D15EA5E_CAFEF00D;
    private const string Kept = "kept-value";

    private static readonly Dataset People = TestDatasets.With(
    [
        new("ID", "id", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0),
        new("Consent", null, BooleanType.Default, null),
        new("Dropped", null, StringType.Default, null),
        new("Email", "email", StringType.Default, StringType.Default, Mask: new ColumnMask("k")),
        new("Phone", "phone", Int64Type.Default, StringType.Default, Mask: new ColumnMask("k")),
        new("Name", "name", StringType.Default, StringType.Default),
        new("Salary", "salary", Int64Type.Default, Int64Type.Default),
        new("Bonus", "bonus", Int64Type.Default, new Decimal128Type(38, 0)),
        new("Age", "age", StringType.Default, Int64Type.Default),
        new("Photo", "photo", BinaryType.Default, BinaryType.Default),
        new("Badge", "badge", new FixedSizeBinaryType(16), new FixedSizeBinaryType(16)),
    ]) with
    { Filter = new RowFilter("Consent", ["true"]) };

    private readonly LandingFixture _fixture = new();

    [Fact]
    public async Task A_value_that_is_unconsented_masked_dropped_deleted_or_does_not_fit_is_nowhere_in_the_file()
    {
        var canaries = new List<byte[]> { BitConverter.GetBytes(NumberCanary), "hmac-key-canary"u8.ToArray() };
        object?[] row(long id, bool? consent, string mark) =>
        [
            id, consent, Canary(canaries, $"dropped-{mark}"), Canary(canaries, $"email-{mark}"), NumberCanary, Canary(canaries, $"name-{mark}"), NumberCanary, NumberCanary,
            Canary(canaries, $"age-{mark}"), Encoding.UTF8.GetBytes(Canary(canaries, $"photo-{mark}")), Encoding.UTF8.GetBytes(Canary(canaries, $"b-{mark}", 16)),
        ];
        object?[] consented = [1L, true, Canary(canaries, "dropped-1"), Canary(canaries, "email-1"), NumberCanary, Kept, 5L, 6L, Canary(canaries, "age-1"), null, null];
        var source = new ChangeChunk(TestColumns.Batch(People.SourceSchema, consented, row(2, false, "2"), row(3, null, "3"), row(4, true, "4"), row(5, true, "5")),
            new[] { ChangeKind.Upsert, ChangeKind.Upsert, ChangeKind.Upsert, ChangeKind.Delete, ChangeKind.Erase }, []);
        var shaper = new Shaper(People, new Keyring(new Dictionary<string, byte[]> { ["k"] = "hmac-key-canary"u8.ToArray() }));

        await using var file = _fixture.Zone.Create(People);
        await file.AppendAsync(shaper.Apply(source), TestContext.Current.CancellationToken);
        var part = File.ReadAllBytes(Path.Combine(_fixture.Root, Assert.Single(_fixture.Files())));
        var landed = await file.CompleteAsync(TestContext.Current.CancellationToken);
        var whole = File.ReadAllBytes(Path.Combine(_fixture.Root, landed!.Path));

        foreach (var bytes in new[] { part, whole })
        {
            Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Kept)) >= 0);
            foreach (var canary in canaries) Assert.True(bytes.AsSpan().IndexOf(canary) < 0, Encoding.UTF8.GetString(canary));
        }
    }

    public void Dispose() => _fixture.Dispose();

    private static string Canary(List<byte[]> canaries, string mark, int length = 30)
    {
        var canary = $"canary-{mark}".PadRight(length, '~');
        canaries.Add(Encoding.UTF8.GetBytes(canary));
        return canary;
    }
}
