using CdcSync.Arrow.Ipc;

namespace CdcSync.Arrow.Tests.Ipc;

/// <summary>Batches to bytes and back, in either format.</summary>
internal static class IpcFiles
{
    internal static byte[] ToStream(Schema schema, params IReadOnlyList<RecordBatch> batches)
    {
        using var stream = new MemoryStream();
        using var writer = new ArrowStreamWriter(stream, schema, leaveOpen: true);
        foreach (var batch in batches) writer.WriteRecordBatch(batch);
        writer.WriteEnd();
        return stream.ToArray();
    }

    internal static byte[] ToFile(Schema schema, params IReadOnlyList<RecordBatch> batches)
    {
        using var stream = new MemoryStream();
        using var writer = new ArrowFileWriter(stream, schema, leaveOpen: true);
        foreach (var batch in batches) writer.WriteRecordBatch(batch);
        writer.WriteEnd();
        return stream.ToArray();
    }

    internal static (Schema Schema, List<RecordBatch> Batches) FromStream(Stream stream) => FromStream(new ArrowStreamReader(stream));

    internal static (Schema Schema, List<RecordBatch> Batches) FromStream(ArrowStreamReader reader)
    {
        var (schema, batches) = (reader.Schema, new List<RecordBatch>());
        while (reader.ReadNextRecordBatch() is { } batch) batches.Add(batch);
        return (schema, batches);
    }

    internal static (Schema Schema, List<RecordBatch> Batches) FromFile(ArrowFileReader reader) =>
        (reader.Schema, [.. Enumerable.Range(0, reader.RecordBatchCount).Select(reader.ReadRecordBatch)]);

    /// <summary>The same rows with plain columns in place of dictionary-encoded ones.</summary>
    internal static RecordBatch Decoded(RecordBatch batch)
    {
        ArrowArray[] columns = [.. batch.Columns.Select(column => column is DictionaryArray places ? places.Decode() : column)];
        return new(new([.. batch.Schema.Fields.Zip(columns, (field, column) => new Field(field.Name, column.Type, field.IsNullable, field.Metadata))], batch.Schema.Metadata), columns, batch.Length);
    }

    /// <summary>A file of the repository.</summary>
    internal static string Document(string path) => File.ReadAllText(Path.Combine(Repository, path)).ReplaceLineEndings("\n");

    internal static string Repository
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "CdcSync.sln"))) folder = folder.Parent ?? throw new InvalidOperationException("not inside the repository");
            return folder.FullName;
        }
    }

    internal static RecordBatch Sample(Schema schema, int rows, int seed) =>
        new(schema, [.. schema.Fields.Select((field, i) => Columns.Sample(field.DataType, rows, seed + i))], rows);

    internal static Schema OfAllTypes { get; } = new(
        [.. Columns.AllTypes.Select((type, i) => new Field($"{type.Name}_{i}", type, nullable: i % 2 == 0))],
        new Dictionary<string, string> { ["cdcsync"] = "1", ["Ünïcode"] = "☃" });

    /// <summary>A stream that only reads forward, a few bytes at a time, as a socket does.</summary>
    internal sealed class Trickle(byte[] bytes) : Stream
    {
        private int _at;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(Math.Min(buffer.Length, 7), bytes.Length - _at);
            bytes.AsSpan(_at, count).CopyTo(buffer);
            _at += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
