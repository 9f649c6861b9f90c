using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using CdcSync.Arrow;
using CdcSync.Arrow.Ipc;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Landing;

/// <summary>The landing files of one pipeline: makes them, reads them, and sweeps those that are no longer kept. Safe for concurrent use.</summary>
public sealed class LandingZone
{
    private readonly LandingOptions _options;
    private readonly string _pipeline;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, DateTimeOffset> _inUse = new(StringComparer.Ordinal);

    /// <summary>Opens the zone; nothing is made on disk before the first rows.</summary>
    /// <param name="options">Where, how long, how much.</param>
    /// <param name="pipeline">The pipeline's name, which is a folder's: letters, digits, <c>_ - .</c>, no dot in front.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.InvalidName"/> if the pipeline's name can't be a folder's.</exception>
    public LandingZone(LandingOptions options, string pipeline, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (!LandingPath.IsFolderName(pipeline))
            throw new CdcSyncException(ErrorCodes.InvalidName, $"pipeline '{pipeline}': expected letters, digits, _ - and . without a dot in front.", "Rename it in the pipeline file. Run: cdcsync validate");
        _options = options;
        _pipeline = pipeline;
        _time = time;
    }

    /// <summary>A new landing file for a batch.</summary>
    /// <param name="dataset">The batch's dataset.</param>
    public LandingFile Create(Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return new LandingFile(_options.Path, _pipeline, dataset, () => NewName(dataset), path => _inUse[path.Relative] = _time.GetUtcNow());
    }

    /// <summary>Reads a file that the ledger names. Its length, SHA-256 and row count are checked before the first chunk is handed out.</summary>
    /// <param name="file">The file, as the ledger names it.</param>
    /// <param name="ct">Cancels the reading.</param>
    /// <returns>The chunks as they were shaped; of a row's faults the first.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.LandingCorrupt"/> if it is missing or not what was written.</exception>
    public IAsyncEnumerable<ChangeChunk> ReadAsync(LandedFile file, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(file);
        return ReadAsync(file, _ => chunk => chunk, ct);
    }

    /// <summary>Reads a file as <see cref="ReadAsync(LandedFile, CancellationToken)"/> does, its chunks made fit for what its dataset is now.</summary>
    /// <param name="file">The file.</param>
    /// <param name="fit">How, by the file's format; asked once, before the first chunk.</param>
    /// <param name="ct">Cancels the reading.</param>
    internal async IAsyncEnumerable<ChangeChunk> ReadAsync(LandedFile file, Func<LandingFormat, Func<ChangeChunk, ChangeChunk>> fit, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var stream = Open(file);
        await CheckHashAsync(file, stream, ct).ConfigureAwait(false);
        var (reader, format) = OpenChecked(file, stream);
        var fitted = fit(format);
        for (var i = 0; i < reader.RecordBatchCount; i++)
        {
            ct.ThrowIfCancellationRequested();
            yield return fitted(Guarded(file, () => format.FromFile(reader.ReadRecordBatch(i))));
        }
    }

    /// <summary>True if a file of that name and length is there; what is in it is checked when it is read.</summary>
    internal bool Has(LandedFile file) => LandingPath.TryParse(file.Path, out _) && new FileInfo(System.IO.Path.Combine(_options.Path, file.Path)) is { Exists: true } found && found.Length == file.Bytes;

    /// <summary>True if files are kept for less time than that of one made at an instant.</summary>
    internal bool IsPastKeeping(LandedFile file) => LandingPath.TryParse(file.Path, out var path) && _time.GetUtcNow() - path.CreatedAt > _options.Keep;

    /// <summary>Deletes what is no longer kept: files the ledger does not name, then those that are too old, then the oldest above the size limit.</summary>
    /// <remarks>
    /// A file that the ledger does not name goes once it was not written to for an hour; one that is not complete once its process is gone. What is in
    /// use stays. Age and size have no exceptions: once a checkpoint has moved nothing needs its landing file, and whoever sets the limits relies on
    /// them (values of people who asked to be forgotten go with their age; the disk does not fill). Only files with a landing file's name are touched.
    /// </remarks>
    /// <param name="named">The paths the ledger names, relative to the landing folder. Read it before this call; a batch that commits meanwhile is safe, for its file is in use or just was.</param>
    /// <param name="ct">Cancels between two files.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.LandingFailed"/> if the folder can't be listed. A file that can't be deleted is counted and tried again next time.</exception>
    public Task<SweepReport> SweepAsync(IReadOnlySet<string> named, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(named);
        return Task.Run(() => new LandingSweep(_options, _pipeline, _time.GetUtcNow(), _inUse).Run(named, ct), ct);
    }

    /// <summary>Deletes the file of a batch that certainly was not committed. One that can't be deleted is left to the sweeper.</summary>
    /// <param name="file">The file.</param>
    public void Discard(LandedFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        try
        {
            File.Delete(System.IO.Path.Combine(_options.Path, file.Path));
        }
        catch (Exception error) when (LandingErrors.IsOfFiles(error))
        {
            // The ledger does not name it, so the sweeper takes it.
        }
    }

    private LandingPath NewName(Dataset dataset)
    {
        var path = LandingPath.New(_pipeline, dataset.Id.Value, _time.GetUtcNow());
        _inUse[path.Relative] = DateTimeOffset.MaxValue;
        return path;
    }

    private FileStream Open(LandedFile file)
    {
        if (!LandingPath.TryParse(file.Path, out var path) || path.IsPart) throw LandingErrors.Corrupt(file.Path, "this is not the name of a landing file");
        try
        {
            return new FileStream(System.IO.Path.Combine(_options.Path, file.Path), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception error) when (LandingErrors.IsOfFiles(error))
        {
            throw LandingErrors.Corrupt(file.Path, error is FileNotFoundException or DirectoryNotFoundException ? "it is not there" : $"it can't be opened: {error.GetType().Name}", error);
        }
    }

    private static async Task CheckHashAsync(LandedFile file, FileStream stream, CancellationToken ct)
    {
        if (stream.Length != file.Bytes) throw LandingErrors.Corrupt(file.Path, $"found {stream.Length} bytes, expected {file.Bytes}");
        var hash = await SHA256.HashDataAsync(stream, ct).ConfigureAwait(false);
        if (!Convert.ToHexStringLower(hash).Equals(file.Sha256, StringComparison.Ordinal)) throw LandingErrors.Corrupt(file.Path, "its SHA-256 is not the ledger's");
    }

    private static (ArrowFileReader Reader, LandingFormat Format) OpenChecked(LandedFile file, FileStream stream)
    {
        var reader = Guarded(file, () => new ArrowFileReader(stream));
        var format = LandingFormat.Of(reader.Schema) ?? throw LandingErrors.Corrupt(file.Path, "its schema is not a landing file's");
        var rows = Guarded(file, () => Enumerable.Range(0, reader.RecordBatchCount).Sum(i => (long)reader.ReadRecordBatch(i).Length));
        return rows == file.Rows ? (reader, format) : throw LandingErrors.Corrupt(file.Path, $"found {rows} rows, expected {file.Rows}");
    }

    private static T Guarded<T>(LandedFile file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is ArrowException or InvalidDataException || LandingErrors.IsOfFiles(error))
        {
            throw LandingErrors.Corrupt(file.Path, error is ArrowException ? error.Message.TrimEnd('.') : "it can't be read", error);
        }
    }
}
