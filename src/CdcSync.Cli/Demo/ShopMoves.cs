using Dapper;
using Microsoft.Data.Sqlite;

namespace CdcSync.Cli.Demo;

/// <summary>What the shop's application does, one small transaction each: everything that makes capturing changes hard.</summary>
/// <remarks>Returns are never deleted and never change their key: a high-water mark sees neither. Each change of a return gets a stamp of its own, as the mark tells versions of a row apart by it.</remarks>
internal sealed class ShopMoves
{
    /// <summary>How far in the past a late change of a return is stamped, at the most; stays well within the demo's overlap.</summary>
    public static readonly TimeSpan MaxLateness = TimeSpan.FromSeconds(5);

    private readonly SqliteConnection _connection;
    private readonly ShopGoods _goods;
    private readonly TimeProvider _time;
    private readonly KeyPool _customers;
    private readonly KeyPool _orders;
    private readonly KeyPool _returns;
    private readonly HashSet<DateTime> _usedStamps = [];
    private readonly List<Move> _moves;
    private readonly int _totalWeight;

    public ShopMoves(SqliteConnection connection, int seed, TimeProvider time)
    {
        _connection = connection;
        _time = time;
        _goods = new ShopGoods(new Random(seed), _time.GetUtcNow().UtcDateTime);
        _customers = new KeyPool(connection.Query<long>("SELECT customer_id FROM customers ORDER BY 1"));
        _orders = new KeyPool(connection.Query<long>("SELECT order_id FROM orders ORDER BY 1"));
        _returns = new KeyPool(connection.Query<long>("SELECT return_id FROM returns ORDER BY 1"));
        _moves =
        [
            new("inserts", 20, PlaceOrder),
            new("inserts", 5, RegisterCustomer),
            new("inserts", 6, RegisterReturn),
            new("updates", 30, AdvanceOrder),
            new("updates", 15, ChangeLine),
            new("updates", 8, ChangeAddress),
            new("updates", 3, WriteSameValuesAgain),
            new("money moved", 10, MoveMoney),
            new("late and back-dated", 10, ChangeReturnLate),
            new("late and back-dated", 4, BackDateOrder),
            new("deletes", 8, DeleteOrder),
            new("deletes", 2, DeleteCustomer),
            new("key changes", 6, RenumberOrder),
            new("replaced", 4, TakeOverAddress),
            new("replaced", 5, ReplaceLine),
            new("deleted, inserted again", 5, DeleteAndInsertLine),
            new("consent withdrawn", 5, WithdrawConsent),
            new("consent given again", 4, GiveConsent),
            new("rolled back", 2, RollBack),
        ];
        _totalWeight = _moves.Sum(m => m.Weight);
    }

    /// <summary>Makes one move, picked by chance.</summary>
    /// <returns>What it was, and how many rows it changed.</returns>
    public (string Name, int Rows) Next()
    {
        var ticket = _goods.Number(1, _totalWeight);
        var move = _moves.First(m => (ticket -= m.Weight) <= 0);
        using var transaction = _connection.BeginTransaction();
        var rows = move.Make(transaction);
        if (move.Make == RollBack)
            transaction.Rollback();
        else
            transaction.Commit();
        return (move.Name, rows);
    }

    private int PlaceOrder(SqliteTransaction transaction)
    {
        var order = _orders.Add();
        var lines = _goods.Number(1, 4);
        var rows = _connection.Execute(
            "INSERT INTO orders VALUES ($order, $customer, 'new', $amount, $note, $day, $now)",
            new { order, customer = _customers.Pick(_goods), amount = _goods.Money(5_000), note = _goods.Note(), day = Now()[..10], now = Now() }, transaction);
        for (var line = 1; line <= lines; line++)
        {
            rows += _connection.Execute(
                "INSERT INTO order_lines VALUES ($order, $line, $sku, $quantity, $price, $discount)",
                new { order, line, sku = _goods.Sku(), quantity = _goods.Number(1, 9), price = _goods.Money(900), discount = _goods.Discount() }, transaction);
        }

        return rows;
    }

    private int RegisterCustomer(SqliteTransaction transaction)
    {
        var id = _customers.Add();
        return _connection.Execute(
            "INSERT INTO customers VALUES ($id, $email, $name, $country, $consent, $now)",
            new { id, email = _goods.Email(id), name = _goods.FullName(), country = _goods.Country(), consent = _goods.OneIn(7) ? 0 : 1, now = Now() }, transaction);
    }

    private int RegisterReturn(SqliteTransaction transaction) => _connection.Execute(
        "INSERT INTO returns VALUES ($id, $order, $reason, $refund, 0, $stamp)",
        new { id = _returns.Add(), order = _orders.Pick(_goods), reason = _goods.Reason(), refund = _goods.Money(900), stamp = OwnStamp(TimeSpan.Zero) }, transaction);

    private int AdvanceOrder(SqliteTransaction transaction) => _connection.Execute(
        "UPDATE orders SET status = $status, note = $note, updated_at = $now WHERE order_id = $order",
        new { status = _goods.Status(), note = _goods.Note(), now = Now(), order = _orders.Pick(_goods) }, transaction);

    private int ChangeLine(SqliteTransaction transaction) => _connection.Execute(
        "UPDATE order_lines SET quantity = $quantity, discount = $discount WHERE order_id = $order",
        new { quantity = _goods.Number(1, 9), discount = _goods.Discount(), order = _orders.Pick(_goods) }, transaction);

    private int ChangeAddress(SqliteTransaction transaction)
    {
        var id = _customers.Pick(_goods);
        return _connection.Execute(
            "UPDATE customers SET email = $email, full_name = $name WHERE customer_id = $id",
            new { email = _goods.Email(id), name = _goods.FullName(), id }, transaction);
    }

    private int WriteSameValuesAgain(SqliteTransaction transaction) => _connection.Execute(
        "UPDATE orders SET status = status, total_amount = total_amount WHERE order_id = $order", new { order = _orders.Pick(_goods) }, transaction);

    /// <summary>From one order to another in one transaction; the sum over all orders stays, and no order falls below zero.</summary>
    private int MoveMoney(SqliteTransaction transaction)
    {
        var from = _orders.Pick(_goods);
        var amount = Math.Round(_connection.ExecuteScalar<double>("SELECT total_amount FROM orders WHERE order_id = $from", new { from }, transaction) * _goods.Fraction(), 2);
        const string sql = "UPDATE orders SET total_amount = round(total_amount + $amount, 2), updated_at = $now WHERE order_id = $order";
        return _connection.Execute(sql, new { amount = -amount, now = Now(), order = from }, transaction)
            + _connection.Execute(sql, new { amount, now = Now(), order = _orders.Pick(_goods) }, transaction);
    }

    private int ChangeReturnLate(SqliteTransaction transaction) => _connection.Execute(
        "UPDATE returns SET restocked = 1 - restocked, refund = $refund, updated_at = $stamp WHERE return_id = $id",
        new { refund = _goods.Money(900), stamp = OwnStamp(_goods.Fraction() * MaxLateness), id = _returns.Pick(_goods) }, transaction);

    private int BackDateOrder(SqliteTransaction transaction) => _connection.Execute(
        "UPDATE orders SET status = $status, updated_at = $past WHERE order_id = $order",
        new { status = _goods.Status(), past = ShopDatabase.Stamp(_goods.PastInstant()), order = _orders.Pick(_goods) }, transaction);

    private int DeleteOrder(SqliteTransaction transaction)
    {
        var order = _orders.Pick(_goods);
        _orders.Remove(order);
        return CountLines(order, transaction) + _connection.Execute("DELETE FROM orders WHERE order_id = $order", new { order }, transaction);
    }

    private int DeleteCustomer(SqliteTransaction transaction)
    {
        var id = _customers.Pick(_goods);
        _customers.Remove(id);
        return _connection.Execute("DELETE FROM customers WHERE customer_id = $id", new { id }, transaction);
    }

    private int RenumberOrder(SqliteTransaction transaction)
    {
        var old = _orders.Pick(_goods);
        _orders.Remove(old);
        var renumbered = _orders.Add();
        return CountLines(old, transaction)
            + _connection.Execute("UPDATE orders SET order_id = $renumbered, updated_at = $now WHERE order_id = $old", new { renumbered, now = Now(), old }, transaction);
    }

    /// <summary>One customer takes another's address: REPLACE removes the other row through the unique e-mail, without a delete trigger.</summary>
    private int TakeOverAddress(SqliteTransaction transaction)
    {
        var id = _customers.Pick(_goods);
        var other = _customers.Pick(_goods);
        if (id == other)
            return 0;
        _customers.Remove(other);
        return 1 + _connection.Execute(
            """
            REPLACE INTO customers (customer_id, email, full_name, country, consent, created_at)
            SELECT $id, email, $name, country, consent, $now FROM customers WHERE customer_id = $other
            """,
            new { id, other, name = _goods.FullName(), now = Now() }, transaction);
    }

    private int ReplaceLine(SqliteTransaction transaction) => _connection.Execute(
        "REPLACE INTO order_lines VALUES ($order, 1, $sku, $quantity, $price, NULL)",
        new { order = _orders.Pick(_goods), sku = _goods.Sku(), quantity = _goods.Number(1, 9), price = _goods.Money(900) }, transaction);

    private int DeleteAndInsertLine(SqliteTransaction transaction)
    {
        var order = _orders.Pick(_goods);
        return _connection.Execute("DELETE FROM order_lines WHERE order_id = $order AND line_no = 1", new { order }, transaction)
            + _connection.Execute(
                "INSERT INTO order_lines VALUES ($order, 1, $sku, 1, $price, NULL)",
                new { order, sku = _goods.Sku(), price = _goods.Money(900) }, transaction);
    }

    private int WithdrawConsent(SqliteTransaction transaction) => _connection.Execute(
        "UPDATE customers SET consent = 0 WHERE customer_id = $id", new { id = _customers.Pick(_goods) }, transaction);

    private int GiveConsent(SqliteTransaction transaction) => _connection.Execute(
        "UPDATE customers SET consent = 1 WHERE customer_id = (SELECT customer_id FROM customers WHERE customer_id >= $id AND consent = 0 LIMIT 1)",
        new { id = _customers.Pick(_goods) }, transaction);

    private int RollBack(SqliteTransaction transaction)
    {
        _connection.Execute("UPDATE orders SET total_amount = 0 WHERE order_id = $order", new { order = _orders.Pick(_goods) }, transaction);
        return 0;
    }

    private int CountLines(long order, SqliteTransaction transaction) =>
        _connection.ExecuteScalar<int>("SELECT count(*) FROM order_lines WHERE order_id = $order", new { order }, transaction);

    private string Now() => ShopDatabase.Stamp(_time.GetUtcNow().UtcDateTime);

    private string OwnStamp(TimeSpan lateness)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        var stamp = new DateTime(now.Ticks - now.Ticks % TimeSpan.TicksPerMillisecond, DateTimeKind.Utc) - TimeSpan.FromMilliseconds((long)lateness.TotalMilliseconds);
        while (!_usedStamps.Add(stamp))
            stamp = stamp.AddMilliseconds(-1);
        return ShopDatabase.Stamp(stamp);
    }

    private sealed record Move(string Name, int Weight, Func<SqliteTransaction, int> Make);
}
