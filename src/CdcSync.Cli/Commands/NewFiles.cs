using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary>Writes files that must not be there yet: what someone has written is never written over.</summary>
internal static class NewFiles
{
    /// <summary>Writes all or, if one is there already, none.</summary>
    /// <param name="folder">The folder; made if it is missing.</param>
    /// <param name="files">Paths relative to it, and what writes each.</param>
    /// <param name="remedy">What to do if one is there.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.WrongUsage"/>: one is there already, or can't be written.</exception>
    public static void Write(string folder, IReadOnlyList<(string Path, Action<string> Write)> files, string remedy)
    {
        foreach (var (path, _) in files)
        {
            if (Path.Exists(Path.Combine(folder, path)))
                throw new CdcSyncException(ErrorCodes.WrongUsage, $"{Path.Combine(folder, path)} is there already and is not written over.", remedy);
        }

        foreach (var (path, write) in files)
        {
            var full = Path.Combine(folder, path);
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(full))!);
                write(full);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CdcSyncException(ErrorCodes.WrongUsage, $"{full} can't be written ({e.GetType().Name}).", remedy, e);
            }
        }
    }
}
