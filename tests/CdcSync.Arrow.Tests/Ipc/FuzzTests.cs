using System.Buffers.Binary;
using System.Globalization;

namespace CdcSync.Arrow.Tests.Ipc;

/// <summary>
/// Random damage by a printed seed: bounded by rounds, so that a seed gives one history. The build server runs seed 1, people a new one each time;
/// CDCSYNC_SEED gives one, CDCSYNC_FUZZ_ROUNDS more rounds.
/// </summary>
public sealed class FuzzTests
{
    private static readonly int Rounds = FromEnvironment("CDCSYNC_FUZZ_ROUNDS") ?? 10_000;

    private static readonly int Seed = FromEnvironment("CDCSYNC_SEED") ?? (Environment.GetEnvironmentVariable("CI") == "true" ? 1 : Random.Shared.Next());

    public static TheoryData<string> Streams() => ["stream", "dictionary stream", "old stream", "old dictionary stream"];

    public static TheoryData<string> Files() => ["file", "dictionary file"];

    [Theory, MemberData(nameof(Streams))]
    public void Random_damage_to_a_stream_gives_a_clean_error_or_a_valid_read(string subject) => Fuzz(subject, Damage.StreamReaders);

    [Theory, MemberData(nameof(Files))]
    public void Random_damage_to_a_file_gives_a_clean_error_or_a_valid_read(string subject) => Fuzz(subject, Damage.FileReaders);

    private static void Fuzz(string subject, string[] readers)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"CDCSYNC_SEED={Seed}, {Rounds} rounds");
        var bytes = Damage.Subject(subject);
        var random = new Random(Seed);
        var refused = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var damaged = (byte[])bytes.Clone();
            for (var i = random.Next(1, 6); i > 0 && damaged.Length > 16; i--) damaged = Change(damaged, random);
            refused += Damage.Refuses(readers[round % readers.Length], damaged, () => $"{subject}, CDCSYNC_SEED={Seed}, round {round}") ? 1 : 0;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{refused} refused, {Rounds - refused} read");
        // Damage that is always noticed at once, or never, would not get far into the reader.
        Assert.InRange(refused, Rounds / 10, Rounds * 995 / 1000);
    }

    private static byte[] Change(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length - 8);
        switch (random.Next(8))
        {
            case 0: bytes[at] = (byte)random.Next(256); return bytes;
            case 1: bytes[at] ^= (byte)(1 << random.Next(8)); return bytes;
            case 2: BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(at & ~1), (short)Nasty(random, bytes.Length)); return bytes;
            case 3: BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at & ~3), (int)Nasty(random, bytes.Length)); return bytes;
            case 4: BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at & ~7), Nasty(random, bytes.Length)); return bytes;
            case 5:
                // One part over another: valid pieces in wrong places.
                var length = random.Next(1, Math.Min(64, bytes.Length - at));
                bytes.AsSpan(at, length).CopyTo(bytes.AsSpan(random.Next(bytes.Length - length)));
                return bytes;
            case 6 when random.Next(8) == 0: return bytes[..at];
            case 7 when random.Next(8) == 0: return [.. bytes[..at], .. bytes[random.Next(bytes.Length)..], .. bytes[at..]];
            default: bytes[at]++; return bytes;
        }
    }

    private static long Nasty(Random random, int size) => random.Next(9) switch
    {
        0 => int.MaxValue,
        1 => int.MinValue,
        2 => -1,
        3 => long.MaxValue,
        4 => long.MinValue,
        5 => random.Next(64),
        6 => random.Next(size),
        7 => -random.Next(size),
        _ => random.NextInt64(),
    };

    private static int? FromEnvironment(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var given) ? given : null;
}
