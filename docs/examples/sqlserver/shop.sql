-- The sample shop on SQL Server: tables, rows, change tracking, and a login with the rights that reading needs and no more.
-- Run by docker-compose.yml with sqlcmd; $(READER_PASSWORD) comes from the environment. Running it again changes nothing.
IF DB_ID(N'shop') IS NULL CREATE DATABASE shop;
GO
ALTER DATABASE shop SET ALLOW_SNAPSHOT_ISOLATION ON;
GO
USE shop;
GO
IF NOT EXISTS (SELECT 1 FROM sys.change_tracking_databases WHERE database_id = DB_ID())
    ALTER DATABASE shop SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 7 DAYS, AUTO_CLEANUP = ON);
GO
IF OBJECT_ID(N'dbo.customers') IS NULL
BEGIN
    CREATE TABLE dbo.customers (
        customer_id bigint NOT NULL PRIMARY KEY,
        email nvarchar(320) NOT NULL UNIQUE,
        full_name nvarchar(120) NOT NULL,
        country char(2) NOT NULL,
        consent bit NOT NULL,
        created_at datetime2(3) NOT NULL);
    CREATE TABLE dbo.orders (
        order_id bigint NOT NULL PRIMARY KEY,
        customer_id bigint NOT NULL,
        status varchar(20) NOT NULL,
        total_amount decimal(12, 2) NOT NULL,
        note nvarchar(max) NULL,
        ordered_on date NOT NULL,
        updated_at datetime2(3) NOT NULL);
    CREATE TABLE dbo.order_lines (
        order_id bigint NOT NULL REFERENCES dbo.orders (order_id) ON DELETE CASCADE,
        line_no int NOT NULL,
        sku varchar(20) NOT NULL,
        quantity int NOT NULL,
        unit_price decimal(10, 2) NOT NULL,
        discount float NULL,
        PRIMARY KEY (order_id, line_no));
    CREATE TABLE dbo.returns (
        return_id bigint NOT NULL PRIMARY KEY,
        order_id bigint NOT NULL,
        reason varchar(40) NOT NULL,
        refund decimal(10, 2) NOT NULL,
        restocked bit NOT NULL,
        updated_at datetime2(3) NOT NULL);
    CREATE INDEX returns_updated_at ON dbo.returns (updated_at);
    ALTER TABLE dbo.customers ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
    ALTER TABLE dbo.orders ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
    ALTER TABLE dbo.order_lines ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
END;
GO
IF NOT EXISTS (SELECT 1 FROM dbo.customers)
BEGIN
    INSERT INTO dbo.customers (customer_id, email, full_name, country, consent, created_at)
    SELECT TOP (10000) n.i, CONCAT(N'customer', n.i, N'@example.com'), CONCAT(N'Customer ', n.i), CASE n.i % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' ELSE 'US' END,
           CASE n.i % 7 WHEN 0 THEN 0 ELSE 1 END, DATEADD(minute, -n.i, SYSUTCDATETIME())
      FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id, b.object_id) AS i FROM sys.all_objects AS a CROSS JOIN sys.all_objects AS b) AS n;
    INSERT INTO dbo.orders (order_id, customer_id, status, total_amount, note, ordered_on, updated_at)
    SELECT TOP (50000) n.i, n.i % 10000 + 1, 'shipped', n.i % 5000 + 0.99, NULL, DATEADD(day, -(n.i % 365), SYSUTCDATETIME()), DATEADD(minute, -n.i, SYSUTCDATETIME())
      FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id, b.object_id) AS i FROM sys.all_objects AS a CROSS JOIN sys.all_objects AS b) AS n;
    INSERT INTO dbo.order_lines (order_id, line_no, sku, quantity, unit_price, discount)
    SELECT o.order_id, l.line_no, CONCAT('SKU-', o.order_id % 900), l.line_no + 1, o.total_amount / 2, NULL
      FROM dbo.orders AS o CROSS JOIN (VALUES (1), (2)) AS l (line_no);
    INSERT INTO dbo.returns (return_id, order_id, reason, refund, restocked, updated_at)
    SELECT o.order_id / 10, o.order_id, 'too small', o.total_amount / 2, 1, o.updated_at FROM dbo.orders AS o WHERE o.order_id % 10 = 0;
END;
GO
IF SUSER_ID(N'cdcsync_reader') IS NULL CREATE LOGIN cdcsync_reader WITH PASSWORD = N'$(READER_PASSWORD)';
IF USER_ID(N'cdcsync_reader') IS NULL CREATE USER cdcsync_reader FOR LOGIN cdcsync_reader;
GRANT SELECT, VIEW CHANGE TRACKING ON OBJECT::dbo.customers TO cdcsync_reader;
GRANT SELECT, VIEW CHANGE TRACKING ON OBJECT::dbo.orders TO cdcsync_reader;
GRANT SELECT, VIEW CHANGE TRACKING ON OBJECT::dbo.order_lines TO cdcsync_reader;
GRANT SELECT ON OBJECT::dbo.returns TO cdcsync_reader;
GO
