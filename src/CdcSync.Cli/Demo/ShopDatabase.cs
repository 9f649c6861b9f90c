using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CdcSync.Cli.Demo;

/// <summary>The operational database of the demo: a seeded SQLite shop in WAL mode, with the columns of contracts/shop.odcs.yaml.</summary>
internal static class ShopDatabase
{
    /// <summary>The tables. An order's lines follow it (cascades); an e-mail address belongs to one customer, so that REPLACE may remove another row than its own.</summary>
    private const string Tables = """
        CREATE TABLE customers (
            customer_id INTEGER PRIMARY KEY,
            email       VARCHAR(320) NOT NULL UNIQUE,
            full_name   VARCHAR(120) NOT NULL,
            country     CHAR(2) NOT NULL,
            consent     BOOLEAN NOT NULL,
            created_at  TIMESTAMP NOT NULL
        );
        CREATE TABLE orders (
            order_id     INTEGER PRIMARY KEY,
            customer_id  INTEGER NOT NULL,
            status       VARCHAR(20) NOT NULL,
            total_amount DECIMAL(12,2) NOT NULL,
            note         TEXT,
            ordered_on   DATE NOT NULL,
            updated_at   TIMESTAMP NOT NULL
        );
        CREATE TABLE order_lines (
            order_id   INTEGER NOT NULL REFERENCES orders (order_id) ON DELETE CASCADE ON UPDATE CASCADE,
            line_no    INTEGER NOT NULL,
            sku        VARCHAR(20) NOT NULL,
            quantity   INTEGER NOT NULL,
            unit_price DECIMAL(10,2) NOT NULL,
            discount   DOUBLE,
            PRIMARY KEY (order_id, line_no)
        );
        CREATE TABLE returns (
            return_id  INTEGER PRIMARY KEY,
            order_id   INTEGER NOT NULL,
            reason     VARCHAR(40) NOT NULL,
            refund     DECIMAL(10,2) NOT NULL,
            restocked  BOOLEAN NOT NULL,
            updated_at TIMESTAMP NOT NULL
        );
        CREATE INDEX returns_updated_at ON returns (updated_at);
        """;

    private static readonly int[] LinesPerOrder = [1, 2, 2, 3, 4];

    /// <summary>Opens the shop as its application does: cascades on.</summary>
    public static async Task<SqliteConnection> OpenAsync(string path, CancellationToken ct)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true, Pooling = false }.ToString());
        await connection.OpenAsync(ct);
        await connection.ExecuteAsync("PRAGMA synchronous = NORMAL");
        return connection;
    }

    /// <summary>Makes the shop. One seed and one instant always make the same rows.</summary>
    /// <param name="path">The file; it must not exist.</param>
    /// <param name="size">How many rows.</param>
    /// <param name="seed">The random numbers' seed.</param>
    /// <param name="now">The end of the shop's history so far.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task CreateAsync(string path, ShopSize size, int seed, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await OpenAsync(path, ct);
        await connection.ExecuteAsync("PRAGMA journal_mode = WAL");
        await connection.ExecuteAsync(Tables);
        using var transaction = connection.BeginTransaction();
        var goods = new ShopGoods(new Random(seed), now.UtcDateTime);
        FillCustomers(transaction, size, goods, ct);
        FillOrders(transaction, size, goods, ct);
        FillReturns(transaction, size, goods, ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>An instant as the shop writes it: UTC, milliseconds.</summary>
    public static string Stamp(DateTime utc) => utc.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);

    private static void FillCustomers(SqliteTransaction transaction, ShopSize size, ShopGoods goods, CancellationToken ct)
    {
        using var insert = new RowInsert(transaction, "customers", 6);
        for (var id = 1; id <= size.Customers; id++)
        {
            ct.ThrowIfCancellationRequested();
            insert.Write(id, goods.Email(id), goods.FullName(), goods.Country(), goods.OneIn(7) ? 0 : 1, Stamp(goods.PastInstant()));
        }
    }

    private static void FillOrders(SqliteTransaction transaction, ShopSize size, ShopGoods goods, CancellationToken ct)
    {
        using var orders = new RowInsert(transaction, "orders", 7);
        using var lines = new RowInsert(transaction, "order_lines", 6);
        for (var id = 1; id <= size.Orders; id++)
        {
            ct.ThrowIfCancellationRequested();
            var placed = goods.PastInstant();
            orders.Write(id, goods.Number(1, size.Customers), goods.Status(), goods.Money(5_000), goods.Note(), Stamp(placed)[..10], Stamp(placed));
            for (var line = 1; line <= LinesPerOrder[id % LinesPerOrder.Length]; line++)
                lines.Write(id, line, goods.Sku(), goods.Number(1, 9), goods.Money(900), goods.Discount());
        }
    }

    private static void FillReturns(SqliteTransaction transaction, ShopSize size, ShopGoods goods, CancellationToken ct)
    {
        using var insert = new RowInsert(transaction, "returns", 6);
        for (var id = 1; id <= size.Returns; id++)
        {
            ct.ThrowIfCancellationRequested();
            insert.Write(id, goods.Number(1, size.Orders), goods.Reason(), goods.Money(900), goods.Number(0, 1), Stamp(goods.PastInstant()));
        }
    }

    /// <summary>One prepared INSERT, run many times.</summary>
    private sealed class RowInsert : IDisposable
    {
        private readonly SqliteCommand _command;

        public RowInsert(SqliteTransaction transaction, string table, int columns)
        {
            var names = Enumerable.Range(0, columns).Select(i => $"$p{i}").ToList();
            _command = transaction.Connection!.CreateCommand();
            _command.Transaction = transaction;
            _command.CommandText = $"INSERT INTO {table} VALUES ({string.Join(", ", names)})";
            foreach (var name in names)
                _command.Parameters.Add(new SqliteParameter(name, null));
            _command.Prepare();
        }

        public void Write(params ReadOnlySpan<object?> values)
        {
            for (var i = 0; i < values.Length; i++)
                _command.Parameters[i].Value = values[i] ?? DBNull.Value;
            _command.ExecuteNonQuery();
        }

        public void Dispose() => _command.Dispose();
    }
}
