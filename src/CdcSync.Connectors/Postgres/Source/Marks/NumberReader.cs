using System.Globalization;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Sql;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Source.Marks;

/// <summary>
/// Reads rows by a number that rises. A number is taken long before its row is committed, and caches and pools take many at once: numbers that are missing below the
/// highest are remembered and looked for again, until they appear or are too old.
/// </summary>
internal sealed class NumberReader : DatasetReader
{
    // How far below the first mark numbers are looked for that others have taken already.
    private const long LookBack = 10_000;

    private readonly ReadTransaction _transaction;
    private readonly Dataset _dataset;
    private readonly PostgresObject _source;
    private readonly PostgresColumn _mark;
    private readonly NumberPosition _after;
    private readonly NumberPosition _upTo;

    private NumberReader(ReadTransaction transaction, Dataset dataset, PostgresObject source, PostgresColumn mark, NumberPosition after)
    {
        (_transaction, _dataset, _source, _mark) = (transaction, dataset, source, mark);
        var now = transaction.Facts.Clock;
        _after = after.At(now);
        var appeared = _after.Gaps.Count == 0 ? [] : Numbers(MarksSql.NumbersWithin(dataset, source, mark),
            Parameter.BigInts([.. _after.Gaps.Select(g => g.First)]), Parameter.BigInts([.. _after.Gaps.Select(g => g.Last)]));
        var added = Numbers(MarksSql.Numbers(dataset, source, mark), Parameter.BigInt(_after.Last ?? long.MinValue));
        _upTo = _after.After(appeared, Before(_after.Last, added), added, now);
        HasLate = appeared.Count > 0;
        Reading = HasLate || added.Count > 0 ? Reading.Changed(transaction.Facts.Identity, _upTo.ToPosition()) : Reading.Unchanged(transaction.Facts.Identity, _upTo.ToPosition());
    }

    public override Reading Reading { get; }

    private bool HasLate { get; }

    /// <summary>Looks at the numbers.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="request">The dataset and where it goes on from; it was inspected.</param>
    /// <param name="source">Its object.</param>
    public static DatasetReader Open(ReadTransaction transaction, ReadRequest request, PostgresObject source)
    {
        var (dataset, identity) = (request.Dataset, transaction.Facts.Identity);
        var mark = source.Column(((Capture.HighWaterMark)dataset.Capture).Column)!;
        if (request.From is null) return new NothingToRead(Reading.Start(identity, Start(transaction, dataset, source, mark).ToPosition()));
        if (CheckpointFit.Misfit(dataset, request.From, NumberPosition.Kind, identity) is { } misfit) return new NothingToRead(misfit);
        return NumberPosition.Parse(request.From.Stream.Canonical) is { } after ? new NumberReader(transaction, dataset, source, mark, after)
            : new NothingToRead(CheckpointFit.Unreadable(dataset, identity));
    }

    public override IEnumerable<ReadEvent> Read()
    {
        if (HasLate)
            foreach (var chunk in _transaction.Rows(_dataset, _source, MarksSql.LateNumbers(_dataset, _source, _mark), Array(_after.Gaps.Select(g => g.First)), Array(_after.Gaps.Select(g => g.Last))))
                yield return new ChunkRead(_dataset.Id, chunk);
        if (_upTo.Last is { } last && last != _after.Last)
            foreach (var chunk in _transaction.Rows(_dataset, _source, MarksSql.NewNumbers(_dataset, _source, _mark), Text(_after.Last ?? long.MinValue), Text(last)))
                yield return new ChunkRead(_dataset.Id, chunk);
        yield return new WindowEnd(_dataset.Id, _upTo.ToPosition(), null);
    }

    /// <summary>Where the stream starts: at the highest number, with those that are missing a little below it.</summary>
    private static NumberPosition Start(ReadTransaction transaction, Dataset dataset, PostgresObject source, PostgresColumn mark)
    {
        var highest = transaction.Connection.Ask([Parameter.Statement(MarksSql.HighestNumber(dataset, source, mark))], Doing(dataset), rows => rows.Read() && !rows.IsDBNull(0) ? (long?)rows.GetInt64(0) : null);
        if (highest is not { } last) return new NumberPosition(null, []);
        var from = last < long.MinValue + LookBack ? long.MinValue : last - LookBack;
        var numbers = Numbers(transaction, dataset, MarksSql.Numbers(dataset, source, mark), Parameter.BigInt(from));
        return new NumberPosition(last, []).After([], from, numbers, transaction.Facts.Clock);
    }

    // Before the first row of all some numbers may have been taken too.
    private static long Before(long? last, List<long> added) => last ?? (added.Count == 0 || added[0] < long.MinValue + LookBack ? long.MinValue : added[0] - LookBack);

    private List<long> Numbers(string sql, params NpgsqlParameter[] parameters) => Numbers(_transaction, _dataset, sql, parameters);

    private static List<long> Numbers(ReadTransaction transaction, Dataset dataset, string sql, params NpgsqlParameter[] parameters) => transaction.Connection.Ask([Parameter.Statement(sql, parameters)], Doing(dataset), rows =>
    {
        var numbers = new List<long>();
        while (rows.Read()) numbers.Add(rows.GetInt64(0));
        return numbers;
    });

    private static string Doing(Dataset dataset) => $"looking for new numbers of dataset {dataset.Id}";

    private static string Array(IEnumerable<long> numbers) => $"{{{string.Join(',', numbers.Select(Text))}}}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
