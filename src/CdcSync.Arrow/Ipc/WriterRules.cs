namespace CdcSync.Arrow.Ipc;

/// <summary>What both writers ask of what they are given.</summary>
internal static class WriterRules
{
    internal static void CheckSchema(Schema schema, RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!schema.Equals(batch.Schema)) throw new ArgumentException($"The batch has the schema {batch.Schema}, the writer {schema}.", nameof(batch));
    }

    /// <summary>A schema that can be written.</summary>
    internal static Schema Writable(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        foreach (var field in schema.Fields)
            if (field.DataType is DictionaryType) throw new ArrowNotSupportedException("writing a dictionary-encoded column (decode it first)", $"field '{field.Name}'");
        return schema;
    }

    internal static void CheckNotEnded(bool ended)
    {
        if (ended) throw new InvalidOperationException("The end was written: nothing can follow.");
    }
}
