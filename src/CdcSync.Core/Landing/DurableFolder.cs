using System.Runtime.InteropServices;

namespace CdcSync.Core.Landing;

/// <summary>Folders whose entries survive a power cut.</summary>
internal static class DurableFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const int InvalidArgument = 22;

    /// <summary>Makes a folder and those above it that are missing, for their owner alone.</summary>
    /// <returns>The folders that have a new entry, which <see cref="Flush"/> makes last.</returns>
    internal static IReadOnlyList<string> Create(string path)
    {
        var missing = new Stack<string>();
        for (var folder = path; folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder)) missing.Push(folder);
        // One by one: the framework gives the mode only to the last of a path.
        foreach (var folder in missing)
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
            else Directory.CreateDirectory(folder, OwnerOnly);
        }
        return [.. missing.Select(Path.GetDirectoryName).OfType<string>()];
    }

    /// <summary>Makes a folder's entries last. Windows needs no such call.</summary>
    internal static void Flush(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        var folder = Open(path, 0);
        if (folder < 0) throw Failed(path);
        try
        {
            // Some file systems have nothing to flush for a folder, and say so.
            if (Sync(folder) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument) throw Failed(path);
        }
        finally
        {
            _ = Close(folder);
        }
    }

    private static IOException Failed(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"flushing the folder {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Sync(int file);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int file);
}
