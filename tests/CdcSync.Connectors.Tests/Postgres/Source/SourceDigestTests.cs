using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using CdcSync.Core.Shaping;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>What a PostgreSQL source computes of its rows is what the rows themselves say, once they are read and shaped.</summary>
public sealed class SourceDigestTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_server_hashes_every_type_as_its_rows_are_hashed_here()
    {
        await using var database = await SourceDatabase.CreateAsync("""
            CREATE TABLE t (
                id bigint PRIMARY KEY, b boolean, i2 smallint, i4 integer, r real, d double precision, n numeric(12,2), wide numeric(38,10), t text, v varchar(20), u uuid,
                day date, tod time, at timestamp, at0 timestamp(0), tz timestamptz(3), bytes bytea)
            """, """
            INSERT INTO t VALUES
                (-9223372036854775808, true, -32768, -2147483648, '-0', '-0', -0.01, 0, '', '', '00000000-0000-0000-0000-000000000000', '0001-01-01', '00:00', '0001-01-01', '0001-01-01', '0001-01-01 00:00+00', ''),
                (-1, false, 0, 0, 'NaN', 'NaN', 9999999999.99, -1234567890123456789012345678.0123456789, 'trailing  ', 'ž', 'ffffffff-ffff-4fff-bfff-ffffffffffff', '9999-12-31', '23:59:59.999999', '9999-12-31 23:59:59.999999', '2026-01-31 12:00:00', '2026-01-31 12:00:00.123+05', '\x00ff'),
                (0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                (9223372036854775807, true, 32767, 2147483647, 'Infinity', '-Infinity', 1.5, 0.0000000001, E'a\\b"c\td', '{"1"}', '12345678-9abc-4def-8123-456789abcdef', '1999-12-31', '12:00:00.5', '1999-12-31 23:59:59.9', '2000-01-01', '2000-01-01 00:00:00+00', '\x01')
            """, "INSERT INTO t (id, t, n) SELECT i, 'row ' || i, i / 7.0 FROM generate_series(1, 500) AS i");
        await AssertSameAsync(database, await database.DatasetAsync("t"));
    }

    [Fact]
    public async Task A_key_of_several_parts_a_filter_and_what_the_contract_requires_are_the_servers_too()
    {
        await using var database = await SourceDatabase.CreateAsync("""
            CREATE TABLE lines (line integer NOT NULL, code text NOT NULL, consent boolean, note text, PRIMARY KEY (code, line));
            INSERT INTO lines SELECT i % 7, 'Ž' || i / 7, CASE i % 4 WHEN 0 THEN NULL ELSE i % 4 > 1 END, CASE i % 5 WHEN 0 THEN NULL ELSE 'note ' || i END FROM generate_series(1, 400) AS i
            """);
        var dataset = await database.DatasetAsync("lines");
        await AssertSameAsync(database, dataset);
        await AssertSameAsync(database, dataset with { Filter = new RowFilter("consent", ["true"]) });
        await AssertSameAsync(database, dataset with { Filter = new RowFilter("note", ["note 6", "note 7", "it's"]) });
        await AssertSameAsync(database, dataset with { Columns = [.. dataset.Columns.Select(c => c.Source == "note" ? c with { Required = true } : c)] });
        await AssertSameAsync(database, dataset with { Columns = [.. dataset.Columns.Select(c => c.Source == "consent" ? c with { Target = null, TargetType = null } : c)], Filter = new RowFilter("consent", ["false"]) });
    }

    [Fact]
    public async Task A_value_that_does_not_fit_on_the_way_makes_a_hash_of_its_own()
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE TABLE t (id integer PRIMARY KEY, n numeric)", "INSERT INTO t VALUES (1, 1.5), (2, 1.555), (3, NULL), (4, 'NaN')");
        var dataset = await database.DatasetAsync("t");
        dataset = dataset with { Columns = [dataset.Columns[0], dataset.Columns[1] with { ReadType = new Decimal128Type(12, 2), TargetType = new Decimal128Type(12, 2) }] };
        await using var source = database.Open();
        var digests = await source.Ranges.DigestsAsync(dataset, Token);
        var hashes = await digests!.RowsAsync(DigestScope.Rows(dataset), [new Part(0, 63)], Token).OrderBy(r => Convert.ToHexString(r.Key.Bytes)).Select(r => r.Hash).ToListAsync(Token);
        var builder = new RecordBatchBuilder(dataset.TargetSchema);
        foreach (var (id, value) in new (int, Int128?)[] { (1, 150), (2, null), (3, null), (4, null) })
        {
            ((FixedWidthBuilder<int>)builder[0]).Append(id);
            if (value is { } v) ((FixedWidthBuilder<Int128>)builder[1]).Append(v);
            else builder[1].AppendNull();
        }
        var rows = new CanonicalRows(builder.Build(), [0, 1]);
        Assert.Equal([true, false, true, false], hashes.Select((h, i) => h == rows.Hash(i)));
    }

    [Fact]
    public async Task What_sql_can_not_say_is_left_to_the_readers()
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE TABLE t (id integer PRIMARY KEY, name text, padded char(5), at timestamp, doc jsonb)");
        var dataset = await database.DatasetAsync("t");
        Dataset With(params DatasetColumn[] columns) => dataset with { Columns = [dataset.Columns[0], .. columns] };
        var (name, padded, at, doc) = (dataset.Columns[1], dataset.Columns[2], dataset.Columns[3], dataset.Columns[4]);
        await using var source = database.Open();
        Assert.NotNull(await source.Ranges.DigestsAsync(With(name, at), Token));
        Assert.Null(await source.Ranges.DigestsAsync(With(name with { Mask = new ColumnMask("k") }), Token));
        Assert.Null(await source.Ranges.DigestsAsync(With(padded), Token));
        Assert.Null(await source.Ranges.DigestsAsync(With(doc), Token));
        Assert.NotNull(await source.Ranges.TotalsAsync(new TotalScope(With(name, doc), new ControlTotal("t", null, ["name"]), null), Token));
        Assert.Null(await source.Ranges.TotalsAsync(new TotalScope(With(name, doc), new ControlTotal("t", null, ["doc"]), null), Token));
        Assert.Null(await source.Ranges.DigestsAsync(With(at with { ReadType = new TimestampType(TimeUnit.Second, null), TargetType = new TimestampType(TimeUnit.Second, null) }), Token));
        Assert.Null(await source.Ranges.DigestsAsync(With(name, at with { TargetType = StringType.Default }), Token));
        Assert.Null(await source.Ranges.DigestsAsync(With(padded) with { Columns = [dataset.Columns[0], padded with { Target = null, TargetType = null }], Filter = new RowFilter("padded", ["a"]) }, Token));
    }

    [Theory]
    [InlineData("id bigint PRIMARY KEY", "g")]
    [InlineData("id text PRIMARY KEY", "'it''s \"' || g || E'\\\\, }'")]
    [InlineData("id uuid PRIMARY KEY", "('00000000-0000-4000-8000-' || lpad(g::text, 12, '0'))::uuid")]
    [InlineData("id date PRIMARY KEY", "date '2026-01-01' + g")]
    [InlineData("id timestamptz PRIMARY KEY", "timestamptz '2026-01-01' + g * interval '1.5 seconds'")]
    [InlineData("id numeric(10,2) PRIMARY KEY", "g / 4.0")]
    [InlineData("id bytea PRIMARY KEY", "decode(lpad(to_hex(g), 4, '0'), 'hex')")]
    public async Task Rows_are_found_by_the_keys_that_the_target_has(string key, string value)
    {
        await using var database = await SourceDatabase.CreateAsync($"CREATE TABLE t ({key}, note text)", $"INSERT INTO t SELECT {value}, 'note ' || g FROM generate_series(1, 300) AS g");
        var dataset = await database.DatasetAsync("t");
        await using var source = database.Open();
        var all = await new Shaped(source, dataset).ReadAsync(null, Token).SingleAsync(Token);
        var codec = new KeyCodec(dataset);
        var keys = codec.KeysOf(all.Rows);
        CanonicalKey[] wanted = [.. Enumerable.Range(0, all.Length).Where(i => i % 10 == 0).Select(keys.Key)];
        var found = await (await source.Ranges.FindAsync(dataset, codec.Decode(wanted), Token))!.SingleAsync(Token);
        var foundKeys = codec.KeysOf(new Shaper(dataset, Keys).Apply(found).Rows);
        Assert.Equal(wanted.Select(k => Convert.ToHexString(k.Bytes)).Order(), Enumerable.Range(0, found.Length).Select(i => Convert.ToHexString(foundKeys.Key(i).Bytes)).Order());
    }

    [Fact]
    public async Task Ranges_of_integer_keys_hold_their_ends()
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE TABLE t (id integer PRIMARY KEY)", "INSERT INTO t SELECT generate_series(-10, 10)");
        var dataset = await database.DatasetAsync("t");
        await using var source = database.Open();
        Assert.Equal((-10L, 10L), await source.Ranges.IntegerKeysAsync(dataset, Token));
        Assert.Equal(4, (await source.Ranges.ReadAsync(dataset, source.Ranges.Between(-1, 2), Token).SingleAsync(Token)).Length);
    }

    private static readonly Part[] Everywhere = [new(-1, 63), new(0, 63)];

    private static Keyring Keys { get; } = new(new Dictionary<string, byte[]>());

    private static async Task AssertSameAsync(SourceDatabase database, Dataset dataset)
    {
        await using var source = database.Open();
        var (server, oracle) = (await source.Ranges.DigestsAsync(dataset, Token), new LocalDigests(new Shaped(source, dataset)));
        Assert.NotNull(server);
        var all = await new Shaped(source, dataset).ReadAsync(null, Token).SingleAsync(Token);
        foreach (var total in TestRanges.Totals(dataset).Concat(TestRanges.Of(dataset, all.Rows).Select(range => new TotalScope(dataset, new ControlTotal("in a range", null, []), range))))
            Assert.Equal((await LocalTotals.OfAsync(new Shaped(source, dataset), total, Token)).OrderBy(t => Convert.ToHexString(t.Key.Bytes)), (await source.Ranges.TotalsAsync(total, Token))!.OrderBy(t => Convert.ToHexString(t.Key.Bytes)));
        DigestScope[] scopes = [DigestScope.Rows(dataset), DigestScope.Keys(dataset), .. TestRanges.Of(dataset, all.Rows).Select(range => DigestScope.Rows(dataset) with { Range = range })];
        foreach (var scope in scopes)
        {
            if (scope.Range is { } range && await source.Ranges.WithinAsync(dataset, range, Token) is { } within)
                Assert.Equal(await LinesAsync(oracle.RowsAsync(scope, Everywhere, Token)), await LinesAsync(new LocalDigests(new Shaped(source, dataset, within)).RowsAsync(scope with { Range = null }, Everywhere, Token)));
            foreach (var shift in new[] { 0, 57 })
            {
                var expected = await oracle.DigestAsync(scope, null, shift, Token);
                Assert.Equal(expected.OrderBy(d => d.Key), (await server.DigestAsync(scope, null, shift, Token)).OrderBy(d => d.Key));
                Part[] some = [.. expected.Keys.Order().Where((_, i) => i % 2 == 0).Select(prefix => new Part(prefix, shift))];
                if (some.Length == 0) continue;
                Assert.Equal((await oracle.DigestAsync(scope, some, shift / 2, Token)).OrderBy(d => d.Key), (await server.DigestAsync(scope, some, shift / 2, Token)).OrderBy(d => d.Key));
                Assert.Equal(await LinesAsync(oracle.RowsAsync(scope, some, Token)), await LinesAsync(server.RowsAsync(scope, some, Token)));
            }
        }
    }

    private static async Task<IReadOnlyList<string>> LinesAsync(IAsyncEnumerable<RowDigest> rows) => [.. (await rows.ToListAsync(Token)).Select(r => $"{Convert.ToHexString(r.Key.Bytes)} {r.Hash}").Order()];

    /// <summary>The source's rows, read and shaped; those that the filter or a requirement keeps out are left out.</summary>
    private sealed class Shaped(IChangeSource source, Dataset dataset, IAsyncEnumerable<ChangeChunk>? rows = null) : IRowSide
    {
        public ValueTask<Survey> SurveyAsync(CancellationToken ct) => default;

        public async IAsyncEnumerable<ChangeChunk> ReadAsync(IReadOnlyList<PlaceSpan>? places, [EnumeratorCancellation] CancellationToken ct)
        {
            var shaper = new Shaper(dataset, Keys);
            await foreach (var chunk in rows ?? source.Ranges.ReadAsync(dataset, new KeyRange(0, null, null), ct))
            {
                var (accepted, _) = Core.Gates.GateSplit.Apply(dataset, shaper.Apply(chunk), [new Core.Gates.ContractRowGate(dataset)]);
                int[] upserts = [.. Enumerable.Range(0, accepted.Length).Where(i => accepted.Kinds.Span[i] == ChangeKind.Upsert)];
                yield return ChangeChunk.Upserts(accepted.Rows.Take(upserts));
            }
        }

        public IAsyncEnumerable<ChangeChunk> FindAsync(RecordBatch keys, CancellationToken ct) => ReadAsync(null, ct);
    }
}
