using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Shaping;
using CdcSync.Core.Sources;

namespace CdcSync.Core.Checks;

/// <summary>
/// Looks parents that the warehouse lacks up in their source, where the parents' filter leaves rows out on purpose: a row whose parent is only left out is no orphan (ADR 130).
/// </summary>
/// <param name="sources">The pipeline's sources, by name.</param>
/// <param name="pipeline">The pipeline: a source in a blackout is not asked.</param>
/// <param name="time">The clock.</param>
internal sealed class ParentLookup(IReadOnlyDictionary<string, IChangeSource> sources, Pipeline pipeline, TimeProvider time)
{
    private const int KeysAtATime = 10_000;

    // Datasets are complete up to an instant of the source's clock, which may differ from the worker's.
    private static readonly TimeSpan ClockMargin = TimeSpan.FromMinutes(1);

    /// <summary>Looks parents up by their key.</summary>
    /// <param name="parent">Their dataset, with a filter.</param>
    /// <param name="columns">Its key's columns in the warehouse, in the order of the keys' parts.</param>
    /// <param name="keys">The keys, as <see cref="Orphans.Missing"/> has them.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.ParentsUnknown"/>: the source is not to be asked now, or can't look for them; it can't be read.</exception>
    public async Task<SoughtParents> FindAsync(Dataset parent, IReadOnlyList<string> columns, IReadOnlyCollection<string> keys, CancellationToken ct)
    {
        if (pipeline.Blackouts.GetValueOrDefault(parent.SourceName)?.Covers(time.GetUtcNow()) is true)
            throw new CdcSyncException(ErrorCodes.ParentsUnknown, $"{parent.Id}: its source is in a blackout and is not asked for them.", "They are looked up after it. Run: cdcsync status");
        var (withheld, kept, sought) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var sieve = new RowSieve(parent, parent.Filter!);
        int[] key = [.. parent.Key.Select(k => parent.SourceSchema.GetFieldIndex(k.Source))];
        foreach (var slice in keys.Chunk(KeysAtATime))
        {
            var (names, batch) = Typed(parent, columns, slice);
            if (names.Count == 0)
                continue;
            sought.UnionWith(names.Values);
            var rows = await sources[parent.SourceName].Ranges.FindAsync(parent, batch, ct)
                ?? throw new CdcSyncException(ErrorCodes.ParentsUnknown, $"{parent.Id}: its source can't look rows up by their key.", "Read the parents from a table with that primary key, or keep the rule out of the contract. Run: cdcsync contract lint");
            await foreach (var chunk in rows.WithCancellation(ct))
            {
                var (canonical, kinds) = (new CanonicalRows(chunk.Rows, key), sieve.Apply(chunk));
                for (var row = 0; row < chunk.Length; row++)
                {
                    if (names.TryGetValue(canonical.Key(row), out var name))
                        (kinds.Span[row] == ChangeKind.Upsert ? kept : withheld).Add(name);
                }
            }
        }

        sought.ExceptWith(withheld);
        sought.ExceptWith(kept);
        return new SoughtParents(withheld, sought, time.GetUtcNow() + ClockMargin);
    }

    /// <summary>The keys as values of the key's types, in key order, with their names. A text that is no value of the type is left out: nothing is known of it.</summary>
    private static (IReadOnlyDictionary<CanonicalKey, string> Names, RecordBatch Batch) Typed(Dataset parent, IReadOnlyList<string> columns, IReadOnlyList<string> keys)
    {
        var parts = keys.Select(QuarantineKeys.Parts).ToList();
        var schema = new KeyCodec(parent).Schema;
        var typed = parent.Key.Select((k, i) => Typed(schema.Fields[i].DataType, [.. parts.Select(p => p[columns.ToList().IndexOf(k.Target!)])])).ToArray();
        int[] whole = [.. Enumerable.Range(0, keys.Count).Where(row => typed.All(column => column.IsValid(row)))];
        var batch = new RecordBatch(schema, typed, keys.Count).Take(whole);
        var canonical = new CanonicalRows(batch, Enumerable.Range(0, typed.Length));
        return (Enumerable.Range(0, whole.Length).ToDictionary(canonical.Key, row => keys[whole[row]]), batch);
    }

    private static ArrowArray Typed(ArrowType type, IReadOnlyList<string> texts)
    {
        var builder = new VarLengthBuilder(StringType.Default, texts.Count);
        foreach (var text in texts)
            builder.Append(text);
        var column = builder.Build();
        if (type is StringType)
            return column;
        if (Casts.For(StringType.Default, type) is { } cast)
            return cast.Apply(column, default, static _ => { });
        var nothing = ArrayBuilder.For(type, texts.Count);
        nothing.AppendNulls(texts.Count);
        return nothing.Build();
    }
}

/// <summary>What a source says of parents that the warehouse lacks. Of those that are in neither set the source has a row that belongs into the warehouse, or nothing is known.</summary>
/// <param name="Withheld">Those that their dataset's filter leaves out.</param>
/// <param name="Gone">Those that the source has no row of.</param>
/// <param name="At">When, by the worker's clock, and not before that by the source's.</param>
internal sealed record SoughtParents(IReadOnlySet<string> Withheld, IReadOnlySet<string> Gone, DateTimeOffset At);
