namespace CdcSync.EndToEnd.Tests.Harness;

/// <summary>A folder of its own for one test, removed with it.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder() => Directory.CreateDirectory(Root);

    public string Root { get; } = Path.Combine(Path.GetTempPath(), $"cdcsync-e2e-{Guid.CreateVersion7():n}");

    public string this[string name] => Path.Combine(Root, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (IOException)
        {
            // A process that was just killed may still hold a file; the system's temp cleaning takes the rest.
        }
    }
}
