using CdcSync.Arrow;
using CdcSync.Arrow.Ipc;
using Microsoft.Win32.SafeHandles;

namespace CdcSync.Core.Landing;

/// <summary>Where one batch lies in a spool, and what it is checked by.</summary>
/// <param name="Start">The first byte that the CRC covers; before the first block these are the file's head and schema.</param>
/// <param name="Crc">The CRC-32C from there to the block's end.</param>
/// <param name="Block">The block.</param>
internal readonly record struct Part(long Start, uint Crc, Block Block)
{
    internal long End => Block.Offset + Block.MetadataLength + Block.BodyLength;
}

/// <summary>
/// A landing file on disk while its batch runs: <c>….arrow.part</c> until it is complete. The file stays open, and thereby locked, until the batch is
/// over, so that no other process's sweep takes it for one that a crash left behind. Disposed before it is complete, it leaves no file.
/// </summary>
internal sealed class Spool : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _final;
    private readonly IReadOnlyList<string> _newFolders;
    private readonly FileStream _file;
    private readonly SpoolStream _stream;
    private readonly ArrowFileWriter _writer;
    private readonly Schema _schema;
    private bool _isComplete;

    private Spool(LandingPath path, string final, IReadOnlyList<string> newFolders, FileStream file, Schema schema)
    {
        Path = path;
        _final = final;
        _newFolders = newFolders;
        _file = file;
        _schema = schema;
        _stream = new SpoolStream(file.SafeFileHandle);
        _writer = new ArrowFileWriter(_stream, schema, leaveOpen: true);
    }

    internal LandingPath Path { get; }

    private SafeFileHandle Handle => _file.SafeFileHandle;

    internal static Spool Create(string root, LandingPath path, Schema schema)
    {
        var final = System.IO.Path.Combine(root, path.Relative);
        var newFolders = DurableFolder.Create(System.IO.Path.GetDirectoryName(final)!);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Read | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        return new Spool(path, final, newFolders, new FileStream(final + LandingPath.PartSuffix, options), schema);
    }

    internal Part Write(RecordBatch batch)
    {
        _stream.Mark();
        var start = _stream.Position;
        _writer.WriteRecordBatch(batch);
        return new Part(start, _stream.CrcSinceMark(), _writer.Blocks[^1]);
    }

    /// <summary>Reads a batch back; it is in the file as soon as <see cref="Write"/> has returned.</summary>
    /// <exception cref="InvalidDataException">The bytes are not those that were written.</exception>
    internal RecordBatch Read(Part part)
    {
        var bytes = new byte[part.End - part.Start];
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(Handle, bytes.AsSpan(read), part.Start + read) is > 0 and var more) read += more;
        if (read < bytes.Length || Crc32C.Append(Crc32C.Start, bytes) != part.Crc) throw new InvalidDataException("the checksum is another");
        return ArrowFileReader.ReadBlock(new MemoryStream(bytes), _schema, part.Block with { Offset = part.Block.Offset - part.Start });
    }

    /// <summary>Ends the file and makes it last under its final name.</summary>
    internal (string Sha256, long Bytes) Complete()
    {
        _writer.WriteEnd();
        var sha256 = _stream.TakeSha256();
        RandomAccess.FlushToDisk(Handle);
        File.Move(_final + LandingPath.PartSuffix, _final);
        DurableFolder.Flush(System.IO.Path.GetDirectoryName(_final)!);
        foreach (var folder in _newFolders) DurableFolder.Flush(folder);
        _isComplete = true;
        return (sha256, _stream.Length);
    }

    public void Dispose()
    {
        if (!_isComplete) Delete();
        _writer.Dispose();
        _stream.Dispose();
        _file.Dispose();
    }

    // What can't be deleted now is left to the sweep: the batch's own error must not be hidden by this one.
    private void Delete()
    {
        try
        {
            File.Delete(_final + LandingPath.PartSuffix);
            // Renamed already, if flushing its folder failed.
            File.Delete(_final);
        }
        catch (Exception error) when (LandingErrors.IsOfFiles(error))
        {
        }
    }
}
