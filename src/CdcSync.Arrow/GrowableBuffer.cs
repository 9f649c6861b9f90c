using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CdcSync.Arrow;

/// <summary>Bytes that grow by doubling and are handed over as they are, without a copy.</summary>
internal struct GrowableBuffer(int capacity)
{
    private const int Smallest = 64;
    private const int LargestGuess = 2 << 20;

    private byte[] _bytes = [];
    private int _firstCapacity = capacity;

    internal int Length { get; private set; }

    internal readonly Span<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Room for that many more bytes, not yet counted in <see cref="Length"/>: what is in it is unspecified.</summary>
    internal Span<byte> Reserve(int count)
    {
        if (count > _bytes.Length - Length) Grow(count);
        return _bytes.AsSpan(Length, count);
    }

    /// <summary>Counts reserved bytes as written.</summary>
    internal void Advance(int count) => Length += count;

    /// <summary>One more value: the step that runs for every value there is.</summary>
    internal void Append<T>(T value) where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() > _bytes.Length - Length) Grow(Unsafe.SizeOf<T>());
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_bytes), Length), value);
        Length += Unsafe.SizeOf<T>();
    }

    internal Span<byte> Extend(int count)
    {
        var room = Reserve(count);
        Length += count;
        return room;
    }

    internal readonly ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Length);

    /// <summary>Starts anew and leaves what was written to whoever holds it. The next first buffer is as large as this time's need, up to a limit: after a
    /// large batch may come batches of one row.</summary>
    internal void GiveUp()
    {
        _firstCapacity = Math.Min(Length, LargestGuess);
        _bytes = [];
        Length = 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int count)
    {
        var needed = (long)Length + count;
        var size = Math.Max(Math.Max(needed, Smallest), Length == 0 ? _firstCapacity : Math.Min(2L * _bytes.Length, Array.MaxLength));
        var larger = GC.AllocateUninitializedArray<byte>(Validation.BufferSize(size));
        Written.CopyTo(larger);
        _bytes = larger;
    }
}
