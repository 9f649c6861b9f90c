using System.Runtime.InteropServices;

namespace CdcSync.Cli.Output;

/// <summary>The size of the terminal behind standard error, also where standard output goes elsewhere.</summary>
internal static class TerminalSize
{
    private const int StandardError = 2;
    private const nuint GetWindowSize = 0x5413;                          // TIOCGWINSZ on Linux
    private static readonly (int, int) Usual = (80, 24);

    /// <summary>Columns and rows now; 80 × 24 where nobody knows.</summary>
    public static (int Width, int Height) Read()
    {
        var size = default(WindowSize);
        if (OperatingSystem.IsLinux() && ControlDevice(StandardError, GetWindowSize, ref size) == 0 && size is { Columns: > 0, Rows: > 0 })
            return (size.Columns, size.Rows);
        try
        {
            return Console.WindowWidth > 0 && Console.WindowHeight > 0 ? (Console.WindowWidth, Console.WindowHeight) : Usual;
        }
        catch (Exception e) when (e is IOException or PlatformNotSupportedException)
        {
            return Usual;
        }
    }

    [DllImport("libc", EntryPoint = "ioctl")]
    private static extern int ControlDevice(int file, nuint request, ref WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelsAcross;
        public ushort PixelsDown;
    }
}
