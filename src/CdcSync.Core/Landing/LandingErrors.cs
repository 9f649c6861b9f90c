using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Landing;

/// <summary>What the file system's errors mean here.</summary>
internal static class LandingErrors
{
    // errno on Unix; the low half of the HRESULT on Windows.
    private static readonly HashSet<int> Full = OperatingSystem.IsWindows() ? [unchecked((int)0x80070070), unchecked((int)0x80070027)] : OperatingSystem.IsMacOS() ? [28, 69] : [28, 122];

    internal static bool IsOfFiles(Exception error) => error is IOException or UnauthorizedAccessException;

    internal static CdcSyncException Failed(DatasetId dataset, string folder, Exception error) => Full.Contains(error.HResult)
        ? new(ErrorCodes.LandingFailed, $"{dataset}: the landing file can't be written: no space is left for {folder}.",
            $"Free space there, or lower landing.limit or landing.keep in the pipeline file; nothing is lost, the batch is read again. Run: df -h {folder}", error)
        : new(ErrorCodes.LandingFailed, $"{dataset}: the landing file can't be written in {folder}: {error.GetType().Name}, error {error.HResult}.",
            $"Let this user write there, or set another landing.path in the pipeline file; nothing is lost, the batch is read again. Run: ls -ld {folder}", error);

    internal static CdcSyncException Corrupt(string path, string why, Exception? error = null) => new(ErrorCodes.LandingCorrupt,
        $"landing file {path}: {why}.",
        "Nothing of it is used. Until the checkpoint moves the source is read again by itself; to rebuild from the source later, run: cdcsync resync DATASET", error);
}
