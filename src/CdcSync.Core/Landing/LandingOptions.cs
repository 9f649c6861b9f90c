namespace CdcSync.Core.Landing;

/// <summary>Where landing files are kept, how long, and how many bytes of them.</summary>
/// <param name="Path">The folder; made where it is missing, for its owner alone.</param>
/// <param name="Keep">How long a file is kept after its batch was read; above 0.</param>
/// <param name="LimitBytes">How many bytes of them a pipeline keeps, in bytes; above 0. What is being written can exceed it for as long as the batch runs.</param>
/// <exception cref="ArgumentException">A value is out of its range.</exception>
public sealed record LandingOptions(string Path, TimeSpan Keep, long LimitBytes)
{
    /// <summary>The folder.</summary>
    public string Path { get; } = string.IsNullOrWhiteSpace(Path) ? throw new ArgumentException("a folder is needed", nameof(Path)) : System.IO.Path.GetFullPath(Path);

    /// <summary>How long a file is kept after its batch was read.</summary>
    public TimeSpan Keep { get; } = Keep > TimeSpan.Zero ? Keep : throw new ArgumentOutOfRangeException(nameof(Keep), Keep, "above 0");

    /// <summary>How many bytes of them a pipeline keeps.</summary>
    public long LimitBytes { get; } = LimitBytes > 0 ? LimitBytes : throw new ArgumentOutOfRangeException(nameof(LimitBytes), LimitBytes, "above 0");
}
