using Dapper;
using Microsoft.Data.Sqlite;

namespace CdcSync.Cli.Demo;

/// <summary>What the shop's application does, one small transaction each: everything that makes capturing changes hard.</summary>
/// <remarks>Returns are never deleted and never change their key: a high-water mark sees neither. Each change of a return gets a stamp of its own, as the mark tells versions of a row apart by it.</remarks>
internal sealed class ShopMoves
{
    /// <summary>How far in the past a late change of a return is stamped, at the most; stays well within the demo's overlap.</summary>
    public static readonly TimeSpan MaxLateness = TimeSpan.FromSeconds(5);

    private readonly SqliteConnection connection;
    private readonly ShopGoods goods;
    private readonly TimeProvider time;
    private readonly KeyPool customers;
    private readonly KeyPool orders;
    private readonly KeyPool returns;
    private readonly HashSet<DateTime> usedStamps = [];
    private readonly List<Move> moves;
    private readonly int totalWeight;

    public ShopMoves(SqliteConnection connection, int seed, TimeProvider time)
    {
        this.connection = connection;
        this.time = time;
        goods = new ShopGoods(new Random(seed), time.GetUtcNow().UtcDateTime);
        customers = new KeyPool(connection.Query<long>("SELECT customer_id FROM customers ORDER BY 1"));
        orders = new KeyPool(connection.Query<long>("SELECT order_id FROM orders ORDER BY 1"));
        returns = new KeyPool(connection.Query<long>("SELECT return_id FROM returns ORDER BY 1"));
        moves =
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
        totalWeight = moves.Sum(m => m.Weight);
    }

    /// <summary>Makes one move, picked by chance.</summary>
    /// <returns>What it was, and how many rows it changed.</returns>
    public (string Name, int Rows) Next()
    {
        var ticket = goods.Number(1, totalWeight);
        var move = moves.First(m => (ticket -= m.Weight) <= 0);
        using var transaction = connection.BeginTransaction();
        var rows = move.Make(transaction);
        if (move.Make == RollBack)
            transaction.Rollback();
        else
            transaction.Commit();
        return (move.Name, rows);
    }

    private int PlaceOrder(SqliteTransaction transaction)
    {
        var order = orders.Add();
        var lines = goods.Number(1, 4);
        var rows = connection.Execute(
            "INSERT INTO orders VALUES ($order, $customer, 'new', $amount, $note, $day, $now)",
            new { order, customer = customers.Pick(goods), amount = goods.Money(5_000), note = goods.Note(), day = Now()[..10], now = Now() }, transaction);
        for (var line = 1; line <= lines; line++)
        {
            rows += connection.Execute(
                "INSERT INTO order_lines VALUES ($order, $line, $sku, $quantity, $price, $discount)",
                new { order, line, sku = goods.Sku(), quantity = goods.Number(1, 9), price = goods.Money(900), discount = goods.Discount() }, transaction);
        }

        return rows;
    }

    private int RegisterCustomer(SqliteTransaction transaction)
    {
        var id = customers.Add();
        return connection.Execute(
            "INSERT INTO customers VALUES ($id, $email, $name, $country, $consent, $now)",
            new { id, email = goods.Email(id), name = goods.FullName(), country = goods.Country(), consent = goods.OneIn(7) ? 0 : 1, now = Now() }, transaction);
    }

    private int RegisterReturn(SqliteTransaction transaction) => connection.Execute(
        "INSERT INTO returns VALUES ($id, $order, $reason, $refund, 0, $stamp)",
        new { id = returns.Add(), order = orders.Pick(goods), reason = goods.Reason(), refund = goods.Money(900), stamp = OwnStamp(TimeSpan.Zero) }, transaction);

    private int AdvanceOrder(SqliteTransaction transaction) => connection.Execute(
        "UPDATE orders SET status = $status, note = $note, updated_at = $now WHERE order_id = $order",
        new { status = goods.Status(), note = goods.Note(), now = Now(), order = orders.Pick(goods) }, transaction);

    private int ChangeLine(SqliteTransaction transaction) => connection.Execute(
        "UPDATE order_lines SET quantity = $quantity, discount = $discount WHERE order_id = $order",
        new { quantity = goods.Number(1, 9), discount = goods.Discount(), order = orders.Pick(goods) }, transaction);

    private int ChangeAddress(SqliteTransaction transaction)
    {
        var id = customers.Pick(goods);
        return connection.Execute(
            "UPDATE customers SET email = $email, full_name = $name WHERE customer_id = $id",
            new { email = goods.Email(id), name = goods.FullName(), id }, transaction);
    }

    private int WriteSameValuesAgain(SqliteTransaction transaction) => connection.Execute(
        "UPDATE orders SET status = status, total_amount = total_amount WHERE order_id = $order", new { order = orders.Pick(goods) }, transaction);

    private int MoveMoney(SqliteTransaction transaction)
    {
        var amount = goods.Money(50);
        const string sql = "UPDATE orders SET total_amount = round(total_amount + $amount, 2), updated_at = $now WHERE order_id = $order";
        return connection.Execute(sql, new { amount, now = Now(), order = orders.Pick(goods) }, transaction)
            + connection.Execute(sql, new { amount = -amount, now = Now(), order = orders.Pick(goods) }, transaction);
    }

    private int ChangeReturnLate(SqliteTransaction transaction) => connection.Execute(
        "UPDATE returns SET restocked = 1 - restocked, refund = $refund, updated_at = $stamp WHERE return_id = $id",
        new { refund = goods.Money(900), stamp = OwnStamp(goods.Fraction() * MaxLateness), id = returns.Pick(goods) }, transaction);

    private int BackDateOrder(SqliteTransaction transaction) => connection.Execute(
        "UPDATE orders SET status = $status, updated_at = $past WHERE order_id = $order",
        new { status = goods.Status(), past = ShopDatabase.Stamp(goods.PastInstant()), order = orders.Pick(goods) }, transaction);

    private int DeleteOrder(SqliteTransaction transaction)
    {
        var order = orders.Pick(goods);
        orders.Remove(order);
        return CountLines(order, transaction) + connection.Execute("DELETE FROM orders WHERE order_id = $order", new { order }, transaction);
    }

    private int DeleteCustomer(SqliteTransaction transaction)
    {
        var id = customers.Pick(goods);
        customers.Remove(id);
        return connection.Execute("DELETE FROM customers WHERE customer_id = $id", new { id }, transaction);
    }

    private int RenumberOrder(SqliteTransaction transaction)
    {
        var old = orders.Pick(goods);
        orders.Remove(old);
        var renumbered = orders.Add();
        return CountLines(old, transaction)
            + connection.Execute("UPDATE orders SET order_id = $renumbered, updated_at = $now WHERE order_id = $old", new { renumbered, now = Now(), old }, transaction);
    }

    /// <summary>One customer takes another's address: REPLACE removes the other row through the unique e-mail, without a delete trigger.</summary>
    private int TakeOverAddress(SqliteTransaction transaction)
    {
        var id = customers.Pick(goods);
        var other = customers.Pick(goods);
        if (id == other)
            return 0;
        customers.Remove(other);
        return 1 + connection.Execute(
            """
            REPLACE INTO customers (customer_id, email, full_name, country, consent, created_at)
            SELECT $id, email, $name, country, consent, $now FROM customers WHERE customer_id = $other
            """,
            new { id, other, name = goods.FullName(), now = Now() }, transaction);
    }

    private int ReplaceLine(SqliteTransaction transaction) => connection.Execute(
        "REPLACE INTO order_lines VALUES ($order, 1, $sku, $quantity, $price, NULL)",
        new { order = orders.Pick(goods), sku = goods.Sku(), quantity = goods.Number(1, 9), price = goods.Money(900) }, transaction);

    private int DeleteAndInsertLine(SqliteTransaction transaction)
    {
        var order = orders.Pick(goods);
        return connection.Execute("DELETE FROM order_lines WHERE order_id = $order AND line_no = 1", new { order }, transaction)
            + connection.Execute(
                "INSERT INTO order_lines VALUES ($order, 1, $sku, 1, $price, NULL)",
                new { order, sku = goods.Sku(), price = goods.Money(900) }, transaction);
    }

    private int WithdrawConsent(SqliteTransaction transaction) => connection.Execute(
        "UPDATE customers SET consent = 0 WHERE customer_id = $id", new { id = customers.Pick(goods) }, transaction);

    private int GiveConsent(SqliteTransaction transaction) => connection.Execute(
        "UPDATE customers SET consent = 1 WHERE customer_id = (SELECT customer_id FROM customers WHERE customer_id >= $id AND consent = 0 LIMIT 1)",
        new { id = customers.Pick(goods) }, transaction);

    private int RollBack(SqliteTransaction transaction)
    {
        connection.Execute("UPDATE orders SET total_amount = 0 WHERE order_id = $order", new { order = orders.Pick(goods) }, transaction);
        return 0;
    }

    private int CountLines(long order, SqliteTransaction transaction) =>
        connection.ExecuteScalar<int>("SELECT count(*) FROM order_lines WHERE order_id = $order", new { order }, transaction);

    private string Now() => ShopDatabase.Stamp(time.GetUtcNow().UtcDateTime);

    private string OwnStamp(TimeSpan lateness)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var stamp = new DateTime(now.Ticks - now.Ticks % TimeSpan.TicksPerMillisecond, DateTimeKind.Utc) - TimeSpan.FromMilliseconds((long)lateness.TotalMilliseconds);
        while (!usedStamps.Add(stamp))
            stamp = stamp.AddMilliseconds(-1);
        return ShopDatabase.Stamp(stamp);
    }

    private sealed record Move(string Name, int Weight, Func<SqliteTransaction, int> Make);
}
