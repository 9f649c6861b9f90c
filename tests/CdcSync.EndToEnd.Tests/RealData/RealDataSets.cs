using System.IO.Compression;

namespace CdcSync.EndToEnd.Tests.RealData;

/// <summary>The real data sets beside the repository: copied for each test, never changed.</summary>
internal static class RealDataSets
{
    /// <summary>Copies a data set; skips the test where the folder is not there, fails where it is there without the file.</summary>
    public static void CopyTo(string name, string path)
    {
        if (Folder() is not { } folder)
        {
            Assert.Skip("no folder ../shared/data with the real data sets beside the repository");
            return;
        }

        using var target = File.Create(path);
        using var source = File.OpenRead(Path.Combine(folder, name));
        using var content = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(source, CompressionMode.Decompress) : (Stream)source;
        content.CopyTo(target);
    }

    private static string? Folder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var data = Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(data))
                return data;
        }

        return null;
    }
}
