-- The shop's daily life: new orders with their lines, changes of status, late corrections, deletes, consent given and withdrawn. Runs until it is stopped.
USE shop;
GO
SET NOCOUNT ON;
WHILE 1 = 1
BEGIN
    BEGIN TRANSACTION;
        DECLARE @order bigint = (SELECT MAX(order_id) + 1 FROM dbo.orders);
        INSERT INTO dbo.orders (order_id, customer_id, status, total_amount, note, ordered_on, updated_at)
        VALUES (@order, @order % 10000 + 1, 'open', @order % 5000 + 0.5, N'please ring twice', SYSUTCDATETIME(), SYSUTCDATETIME());
        INSERT INTO dbo.order_lines (order_id, line_no, sku, quantity, unit_price, discount)
        VALUES (@order, 1, 'SKU-1', 2, 9.99, NULL), (@order, 2, 'SKU-2', 1, 4.5, 0.1);
    COMMIT TRANSACTION;

    UPDATE dbo.orders SET status = 'paid', updated_at = SYSUTCDATETIME() WHERE order_id = @order - 3;
    UPDATE dbo.orders SET note = N'corrected', updated_at = DATEADD(day, -2, SYSUTCDATETIME()) WHERE order_id = ABS(CHECKSUM(NEWID())) % 50000 + 1;
    UPDATE dbo.customers SET consent = 1 - consent WHERE customer_id = ABS(CHECKSUM(NEWID())) % 10000 + 1;
    DELETE FROM dbo.orders WHERE order_id = ABS(CHECKSUM(NEWID())) % 50000 + 1;
    IF @order % 10 = 0
        INSERT INTO dbo.returns (return_id, order_id, reason, refund, restocked, updated_at)
        VALUES (@order, @order - 5, 'changed my mind', 4.5, 0, SYSUTCDATETIME());
    WAITFOR DELAY '00:00:00.200';
END;
GO
