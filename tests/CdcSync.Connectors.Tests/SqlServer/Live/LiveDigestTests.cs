using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Source;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using CdcSync.Core.Shaping;

namespace CdcSync.Connectors.Tests.SqlServer.Live;

/// <summary>What a SQL Server source computes of its rows is what the rows themselves say, once they are read and shaped.</summary>
public sealed class LiveDigestTests
{
    private static readonly Part[] Everywhere = [new(-1, 63), new(0, 63)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_server_hashes_every_type_as_its_rows_are_hashed_here()
    {
        var live = await LiveSource.GetAsync();
        var table = LiveSource.NewName("hashed");
        await live.RunAsync($"""
            CREATE TABLE {table} (id bigint NOT NULL PRIMARY KEY, b bit, i1 tinyint, i2 smallint, i4 int, r real, d float, n decimal(12,2), wide decimal(38,10), w0 decimal(30,0), m money,
                u uniqueidentifier, day date, tod time(6), at datetime2(6), at0 datetime2(0), dt datetime, tz datetimeoffset(3), bytes varbinary(20), fixed binary(4))
            """, $"""
            INSERT INTO {table} VALUES
                (-9223372036854775808, 1, 0, -32768, -2147483648, -0.5, -1.7976931348623157E308, -0.01, 0, 0, -922337203685477.5808, '00000000-0000-0000-0000-000000000000', '0001-01-01', '00:00', '0001-01-01', '0001-01-01', '1753-01-01', '0001-01-01T00:00:00+00:00', 0x, 0x00000000),
                (-1, 0, 255, 0, 0, 3.4E38, 1E-300, 9999999999.99, -1234567890123456789012345678.0123456789, -999999999999999999999999999999, 0.0001, 'FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF', '9999-12-31', '23:59:59.999999', '9999-12-31T23:59:59.999999', '2026-01-31T12:00:00', '2026-01-31T12:00:00.997', '2026-01-31T12:00:00.123+05:00', 0x00FF, 0x01020304),
                (0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                (9223372036854775807, 1, 1, 32767, 2147483647, 1.5, 0, 1.5, 0.0000000001, 7, 922337203685477.5807, '12345678-9ABC-4DEF-8123-456789ABCDEF', '1999-12-31', '12:00:00.5', '1999-12-31T23:59:59.9', '2000-01-01', '1999-12-31T23:59:59.993', '2000-01-01T00:00:00+00:00', 0x01, 0xFFFFFFFF)
            """);
        await AssertSameAsync(live, await DatasetAsync(live, table));
    }

    [Fact]
    public async Task A_key_of_several_parts_a_filter_and_what_the_contract_requires_are_the_servers_too()
    {
        var live = await LiveSource.GetAsync();
        var table = LiveSource.NewName("lines");
        await live.RunAsync($"CREATE TABLE {table} (line int NOT NULL, code uniqueidentifier NOT NULL, consent bit, amount decimal(9,2), PRIMARY KEY (code, line))",
            $"""
            INSERT INTO {table} VALUES {string.Join(", ", Enumerable.Range(1, 60).Select(i =>
                $"({i % 7}, '00000000-0000-4000-8000-0000000000{i / 7:x2}', {(i % 4 == 0 ? "NULL" : i % 4 > 1 ? "1" : "0")}, {(i % 5 == 0 ? "NULL" : $"{i}.5")})"))}
            """);
        var dataset = await DatasetAsync(live, table);
        await AssertSameAsync(live, dataset with { Filter = new RowFilter("consent", ["true"]) });
        await AssertSameAsync(live, dataset with { Filter = new RowFilter("line", ["2", "5"]) });
        await AssertSameAsync(live, dataset with { Columns = [.. dataset.Columns.Select(c => c.Source == "amount" ? c with { Required = true } : c)] });

        await using var source = live.Open();
        var (codec, all) = (new KeyCodec(dataset), await new Shaped(source, dataset).ReadAsync(null, Token).SingleAsync(Token));
        var keys = codec.KeysOf(all.Rows);
        CanonicalKey[] wanted = [.. Enumerable.Range(0, all.Length).Where(i => i % 5 == 0).Select(keys.Key)];
        var found = await (await source.Ranges.FindAsync(dataset, codec.Decode(wanted), Token))!.SingleAsync(Token);
        var foundKeys = codec.KeysOf(found.Rows);
        Assert.Equal(wanted.Select(k => Convert.ToHexString(k.Bytes)).Order(), Enumerable.Range(0, found.Length).Select(i => Convert.ToHexString(foundKeys.Key(i).Bytes)).Order());
    }

    private static async Task<Dataset> DatasetAsync(LiveSource live, string table)
    {
        await using var source = live.Open();
        var found = Assert.Single(await source.DiscoverAsync([table], Token));
        return new Dataset
        {
            Id = new DatasetId("d"),
            SourceName = "live",
            Object = new SourceObject.Table("dbo", table),
            Capture = new Capture.FullRefresh(),
            Target = new TargetTable(null, "d"),
            Contract = new ContractReference("d", "1.0.0", "tests"),
            Columns = [.. found.Columns.Select(c => new DatasetColumn(c.Name, c.Name, c.Type!, c.Type, found.Key.ToList().IndexOf(c.Name) is >= 0 and var at ? at : null))],
        };
    }

    private static async Task AssertSameAsync(LiveSource live, Dataset dataset)
    {
        await using var source = live.Open();
        var (server, oracle) = (await source.Ranges.DigestsAsync(dataset, Token), new LocalDigests(new Shaped(source, dataset)));
        Assert.NotNull(server);
        for (var i = 0; i < dataset.TargetSchema.Fields.Count; i++)
        {
            var scope = DigestScope.Rows(dataset) with { Columns = [i] };
            Assert.Equal((dataset.TargetSchema.Fields[i].Name, string.Join('\n', await LinesAsync(oracle.RowsAsync(scope, Everywhere, Token)))), (dataset.TargetSchema.Fields[i].Name, string.Join('\n', await LinesAsync(server.RowsAsync(scope, Everywhere, Token)))));
        }

        var rows = await new Shaped(source, dataset).ReadAsync(null, Token).SingleAsync(Token);
        DigestScope[] scopes = [DigestScope.Rows(dataset), .. WarehouseConformance.TestRanges.Of(dataset, rows.Rows).Select(range => DigestScope.Rows(dataset) with { Range = range })];
        foreach (var scope in scopes)
        {
            var expected = await oracle.DigestAsync(scope, null, 57, Token);
            Assert.Equal(expected.OrderBy(d => d.Key), (await server.DigestAsync(scope, null, 57, Token)).OrderBy(d => d.Key));
            Part[] some = [.. expected.Keys.Order().Where((_, i) => i % 2 == 0).Select(prefix => new Part(prefix, 57))];
            if (some.Length > 0) Assert.Equal((await oracle.DigestAsync(scope, some, 28, Token)).OrderBy(d => d.Key), (await server.DigestAsync(scope, some, 28, Token)).OrderBy(d => d.Key));
        }

        foreach (var (sum, group) in dataset.TargetSchema.Fields.Where(f => f.DataType is Decimal128Type or Int64Type or Int16Type).Select((f, i) => (f.Name, dataset.TargetSchema.Fields[(i * 3) % dataset.TargetSchema.Fields.Count])).Where(t => t.Item2.DataType is not (FloatType or DoubleType)))
        {
            var total = new TotalScope(dataset, new ControlTotal("t", sum, [group.Name]), null);
            Assert.Equal((await LocalTotals.OfAsync(new Shaped(source, dataset), total, Token)).OrderBy(t => Convert.ToHexString(t.Key.Bytes)), (await source.Ranges.TotalsAsync(total, Token))!.OrderBy(t => Convert.ToHexString(t.Key.Bytes)));
        }
    }

    private static async Task<IReadOnlyList<string>> LinesAsync(IAsyncEnumerable<RowDigest> rows) => [.. (await rows.ToListAsync(Token)).Select(r => $"{Convert.ToHexString(r.Key.Bytes)} {r.Hash}").Order()];

    /// <summary>The source's rows, read and shaped; those that the filter or a requirement keeps out are left out.</summary>
    private sealed class Shaped(SqlServerSource source, Dataset dataset) : IRowSide
    {
        public ValueTask<Survey> SurveyAsync(CancellationToken ct) => default;

        public async IAsyncEnumerable<ChangeChunk> ReadAsync(IReadOnlyList<PlaceSpan>? places, [EnumeratorCancellation] CancellationToken ct)
        {
            var shaper = new Shaper(dataset, new Keyring(new Dictionary<string, byte[]>()));
            await foreach (var chunk in source.Ranges.ReadAsync(dataset, new KeyRange(0, null, null), ct))
            {
                var (accepted, _) = GateSplit.Apply(dataset, shaper.Apply(chunk), [new ContractRowGate(dataset)]);
                yield return ChangeChunk.Upserts(accepted.Rows.Take([.. Enumerable.Range(0, accepted.Length).Where(i => accepted.Kinds.Span[i] == ChangeKind.Upsert)]));
            }
        }

        public IAsyncEnumerable<ChangeChunk> FindAsync(RecordBatch keys, CancellationToken ct) => ReadAsync(null, ct);
    }
}
