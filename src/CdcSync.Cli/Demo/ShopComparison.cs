namespace CdcSync.Cli.Demo;

/// <summary>What equal means for the shop: the four tables, the contract's filter and mask written out as SQL once more.</summary>
internal static class ShopComparison
{
    /// <summary>The comparisons.</summary>
    /// <param name="schema">The quoted schema of the warehouse's tables with its dot, or nothing.</param>
    public static IReadOnlyList<ComparedTable> Tables(string schema) =>
    [
        new(
            "customers",
            "SELECT customer_id, email, full_name, country, created_at FROM customers WHERE consent = 1",
            $"SELECT customer_id, email_hmac, full_name, country, created_at FROM {schema}customers",
            1,
            [ColumnForm.Integer, ColumnForm.Masked, ColumnForm.Text, ColumnForm.Text, ColumnForm.Instant]),
        new(
            "orders",
            "SELECT order_id, customer_id, status, total_amount, note, ordered_on, updated_at FROM orders",
            $"SELECT order_id, customer_id, status, total_amount, note, ordered_on, updated_at FROM {schema}orders",
            1,
            [ColumnForm.Integer, ColumnForm.Integer, ColumnForm.Text, ColumnForm.Amount, ColumnForm.Text, ColumnForm.Day, ColumnForm.Instant]),
        new(
            "order_lines",
            "SELECT order_id, line_no, sku, quantity, unit_price, discount FROM order_lines",
            $"SELECT order_id, line_no, sku, quantity, unit_price, discount FROM {schema}order_lines",
            2,
            [ColumnForm.Integer, ColumnForm.Integer, ColumnForm.Text, ColumnForm.Integer, ColumnForm.Amount, ColumnForm.Number]),
        new(
            "returns",
            "SELECT return_id, order_id, reason, refund, restocked, updated_at FROM returns",
            $"SELECT return_id, order_id, reason, refund, restocked, updated_at FROM {schema}returns",
            1,
            [ColumnForm.Integer, ColumnForm.Integer, ColumnForm.Text, ColumnForm.Amount, ColumnForm.Flag, ColumnForm.Instant]),
    ];
}
