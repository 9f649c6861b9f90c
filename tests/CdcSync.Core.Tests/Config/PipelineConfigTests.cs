using CdcSync.Cli.Config;
using CdcSync.Cli.Http;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Tests.Contracts;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Tests.Configuration;

public sealed class PipelineConfigTests : IDisposable
{
    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_full_file_is_read()
    {
        var config = _folder.Load("""
            pipeline: shop
            sources:
              shop: { kind: sqlite, path: ./data/shop.db }
            warehouse: { kind: postgres, connection: "${env:WAREHOUSE}", schema: sales }
            landing: { path: /var/lib/cdcsync/landing, keep: 3d, limit: 1GiB }
            keys: { pii: "${env:PII}" }
            http: { listen: "127.0.0.1:0", token: "${env:PII}", metricsToken: "${env:WAREHOUSE}", hosts: [metrics.example.com], certificate: ./server.pem, certificateKey: /run/secrets/server.key, behindProxy: true }
            engine: { lease: 5s, parallel: 2, rowsPerRange: 1000 }
            defaults: { interval: 10s, deletes: soft, gapPolicy: resnapshot, breaker: { ratio: 0.5 } }
            datasets:
              customers: { source: shop, object: customers, contract: shop.odcs.yaml#customers }
              orders:
                source: shop
                object: main.orders
                contract: shop.odcs.yaml#orders
                capture: change-tracking
                target: other.all_orders
                interval: 1s
                deletes: hard
                gapPolicy: fail
                group: order-lines
                breaker: { ratio: 0.2, rows: 5 }
                reconcile: { every: 1h, mode: keys, repair: true }
              returns:
                source: shop
                query: SELECT * FROM returns;
                contract: shop.odcs.yaml#returns
                capture: { highWaterMark: updated_at, kind: timestamp, overlap: 1m, stampedBy: server }
                acceptMissedDeletes: true
            """).OrThrow();

        Assert.Equal("shop", config.Name);
        Assert.Equal(new SystemConfig.Sqlite(Path.Combine(_folder.Folder.FullName, "data", "shop.db")), config.Sources["shop"]);
        var warehouse = Assert.IsType<SystemConfig.Postgres>(config.Warehouse);
        Assert.Equal("Host=db;Username=u;Password=hunter22", warehouse.Connection.Reveal());
        Assert.Equal(new LandingConfig("/var/lib/cdcsync/landing", TimeSpan.FromDays(3), 1L << 30), config.Landing);
        Assert.Equal(["pii"], config.Keys.Names);
        Assert.Equal(("127.0.0.1:0", true), (config.Http.Listen, config.Http.BehindProxy));
        Assert.Equal(("0123456789abcdef", "Host=db;Username=u;Password=hunter22"), (config.Http.Token!.Reveal(), config.Http.MetricsToken!.Reveal()));
        Assert.Equal(new CertificateFiles(Path.Combine(_folder.Folder.FullName, "server.pem"), "/run/secrets/server.key"), config.Http.Certificate);
        Assert.Equal((TimeSpan.FromSeconds(5), 2, 1000L), (config.Engine.LeaseDuration, config.Engine.MaxParallel, config.Engine.SnapshotRowsPerRange));

        var (customers, orders, returns) = (config.Pipeline.Datasets[0], config.Pipeline.Datasets[1], config.Pipeline.Datasets[2]);
        Assert.Equal(new ReconcileSchedule(TimeSpan.FromHours(1), ReconcileMode.Keys, IsRepair: true), orders.Reconcile);
        Assert.Null(customers.Reconcile);
        Assert.Equal(new TargetTable("sales", "customers"), customers.Target);
        Assert.Equal((TimeSpan.FromSeconds(10), DeleteMode.Soft, GapPolicy.Resnapshot, new DeleteBreaker(0.5, 1000)), (customers.Interval, customers.Deletes, customers.GapPolicy, customers.Breaker));
        Assert.IsType<Capture.ChangeTracking>(customers.Capture);
        Assert.Equal("consent", customers.Filter!.SourceColumn);
        Assert.Equal(TimeSpan.FromMinutes(1), customers.FreshnessTarget);

        Assert.Equal(new SourceObject.Table("main", "orders"), orders.Object);
        Assert.Equal(new TargetTable("other", "all_orders"), orders.Target);
        Assert.Equal((TimeSpan.FromSeconds(1), DeleteMode.Hard, GapPolicy.Fail, new DeleteBreaker(0.2, 5)), (orders.Interval, orders.Deletes, orders.GapPolicy, orders.Breaker));
        Assert.Equal("order-lines", orders.Group);

        Assert.Equal(new SourceObject.Query("SELECT * FROM returns"), returns.Object);
        Assert.Equal(new Capture.HighWaterMark("updated_at", MarkKind.Timestamp, TimeSpan.FromMinutes(1)) { IsStampedByServer = true }, returns.Capture);
    }

    [Fact]
    public void A_short_file_has_defaults()
    {
        var config = _folder.LoadRoot("defaults: {}").OrThrow();

        Assert.Equal(new LandingConfig(Path.Combine(_folder.Folder.FullName, "landing"), TimeSpan.FromDays(7), 10L << 30), config.Landing);
        Assert.Equal("127.0.0.1:9464", config.Http.Listen);
        Assert.Null(config.Http.Token);
        var orders = Assert.Single(config.Pipeline.Datasets);
        Assert.Equal(new TargetTable(null, "orders"), orders.Target);
        Assert.Equal((TimeSpan.FromMinutes(1), DeleteMode.Hard, GapPolicy.Fail, DeleteBreaker.Default), (orders.Interval, orders.Deletes, orders.GapPolicy, orders.Breaker));
        Assert.Null(orders.Group);
    }

    [Fact]
    public void All_problems_of_file_and_contract_are_reported_at_once()
    {
        File.WriteAllText(Path.Combine(_folder.Folder.FullName, "bad.yaml"), "apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: one\nstatus: active\n");
        var result = _folder.Load("""
            pipeline: Shop
            sources: { shop: { kind: sqlit, path: shop.db } }
            warehouse: { kind: sqlite, path: ../../warehouse.db }
            landing: { keep: 7 }
            dataset: {}
            datasets:
              a: { source: shp, object: orders, contract: bad.yaml#orders, intervall: 5s }
              b: { source: shop, object: orders, contract: shop.odcs.yaml#ordres }
              c: { source: shop, object: orders, contract: missing.yaml }
              d: { source: shop, object: orders, contract: ../x.yaml }
            """);

        Assert.Null(result.Value);
        var folder = _folder.Folder.FullName;
        Assert.Equal(
            [
                $"{folder}/bad.yaml:1:1: CDC1003 team: nobody owns the contract: a member with role Owner, without dateOut, is required.",
                $"{folder}/bad.yaml:4:10: CDC1003 version: expected three numbers such as 1.2.0, found 'one'.",
                $"{folder}/cdcsync.yaml:1:11: CDC1001 pipeline 'Shop': expected 1 to 63 of a-z 0-9 _ - . starting with a letter or digit.",
                $"{folder}/cdcsync.yaml:2:26: CDC1002 sources.shop.kind: unknown kind 'sqlit'. Did you mean 'sqlite'?",
                $"{folder}/cdcsync.yaml:3:34: CDC1002 warehouse.path: '../../warehouse.db' leaves the folder of the pipeline file: write an absolute path.",
                $"{folder}/cdcsync.yaml:4:18: CDC1002 landing.keep: expected a duration such as 500ms, 10s, 5m, 1h or 7d, found the number 7.",
                $"{folder}/cdcsync.yaml:5:1: CDC1002 unknown key 'dataset'. Did you mean 'datasets'?",
                $"{folder}/cdcsync.yaml:7:16: CDC1002 datasets.a.source: there is no source 'shp'. Did you mean 'shop'?",
                $"{folder}/cdcsync.yaml:7:64: CDC1002 datasets.a: unknown key 'intervall'. Did you mean 'interval'?",
                $"{folder}/cdcsync.yaml:8:48: CDC1002 datasets.b.contract: the contract has no object 'ordres'. Did you mean 'orders'?",
                $"{folder}/cdcsync.yaml:9:48: CDC1002 datasets.c.contract: there is no file 'missing.yaml' (looked for {folder}/missing.yaml).",
                $"{folder}/cdcsync.yaml:10:48: CDC1002 datasets.d.contract: '../x.yaml' leaves the folder of the pipeline file: move the contract, or write an absolute path.",
            ],
            result.Findings.Select(f => f.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("- a")]
    [InlineData("just text")]
    [InlineData("a: [")]
    public void What_is_no_pipeline_file_is_an_error(string text) => Assert.True(_folder.Load(text).Messages().Length is 1);

    [Theory]
    [InlineData("")]
    [InlineData("datasets: {}")]
    public void A_file_without_datasets_is_enough_to_look_into_its_sources(string datasets)
    {
        var text = $"pipeline: shop\nsources: {{shop: {{kind: sqlite, path: shop.db}}}}\nwarehouse: {{kind: sqlite, path: warehouse.db}}\n{datasets}";
        Assert.NotEmpty(_folder.Load(text).Messages());
        Assert.Equal(["shop"], PipelineConfig.Load(_folder.File, need: DatasetNeed.None).OrThrow().Sources.Keys);
    }

    [Fact]
    public void A_missing_file_is_an_error() => Assert.Equal("there is no such file.", Assert.Single(PipelineConfig.Load(Path.Combine(_folder.Folder.FullName, "no.yaml")).Messages()));

    [Theory]
    [InlineData("datasets: {}", "datasets: expected at least one dataset.")]
    [InlineData("datasets: []", "datasets: expected a mapping, found a list.")]
    [InlineData("sources: {S: {kind: sqlite, path: x}}", "source 'S': expected 1 to 63")]
    [InlineData("warehouse: {kind: sqlite}", "warehouse: 'path' is missing.")]
    [InlineData("warehouse: {kind: postgres}", "warehouse: 'connection' is missing.")]
    [InlineData("warehouse: {kind: sqlite, path: x, schema: y}", "warehouse: unknown key 'schema'.")]
    [InlineData("sources: {shop: {kind: oracle, connection: x}}", "sources.shop.kind: unknown kind 'oracle'. Known: postgres, sqlite, sqlserver.")]
    [InlineData("sources: {shop: {kind: postgres, connection: 'Host=db;Database=shop;Password=x'}}", "sources.shop.connection: a secret stands in the file.")]
    [InlineData("sources: {shop: {kind: postgres, connection: 'Host=db;Database=shop', schema: sales}}", "sources.shop.schema: is a warehouse's: in a source each object names its schema")]
    [InlineData("sources: {shop: {kind: sqlserver, connection: 'Server=db;Database=shop;Password=x'}}", "sources.shop.connection: a secret stands in the file.")]
    [InlineData("sources: {shop: {kind: sqlserver, connection: 'Server=db;Database=shop', schema: sales}}", "sources.shop.schema: is a warehouse's: in a source each object names its schema")]
    [InlineData("defaults: {delets: hard}", "defaults: unknown key 'delets'. Did you mean 'deletes'?")]
    [InlineData("defaults: {breaker: {ratio: 2}}", "defaults.breaker.ratio: must be from 0 to 1.")]
    [InlineData("http: {listen: 9464}", "http.listen: expected a text (in quotes), found the number 9464.")]
    [InlineData("http: {certificate: a.pem}", "http.certificate: certificate and certificateKey go together.")]
    [InlineData("http: {certificate: ../a.pem, certificateKey: a.key}", "http.certificate: '../a.pem' leaves the folder of the pipeline file: write an absolute path.")]
    [InlineData("http: {metricsToken: canary-secret}", "http.metricsToken: a secret stands in the file. Write a reference such as ${env:NAME} or ${file:/run/secrets/name}, or set allowInlineSecrets: true.")]
    [InlineData("engine: {lease: 500ms}", "engine.lease: expected at least 1s")]
    [InlineData("engine: {parallel: 0}", "engine.parallel: must be from 1 to 64.")]
    [InlineData("engine: {rowsPerRange: 0}", "engine.rowsPerRange: must be at least 1.")]
    [InlineData("landing: {path: ../out}", "landing.path: '../out' leaves the folder")]
    public void Root_keys_are_checked(string keys, string message) => Assert.Contains(_folder.LoadRoot(keys).Messages(), m => m.StartsWith(message, StringComparison.Ordinal));

    [Theory]
    [InlineData("object: orders, query: SELECT 1", "datasets.d: expected either object (a table or view) or query (a SELECT).")]
    [InlineData("object: a.b.c", "datasets.d.object: expected name or schema.name")]
    [InlineData("query: SELECT 1", "datasets.d.query: a query has no change tracking")]
    [InlineData("query: \" ; \", capture: full-refresh", "datasets.d.query: must not be empty.")]
    [InlineData("target: sales.orders", "datasets.d.target: SQLite has no schemas")]
    [InlineData("contract: shop.odcs.yaml", "datasets.d.contract: expected shop.odcs.yaml#OBJECT: the contract has 4 objects. Known: customers, order_lines, orders, returns.")]
    [InlineData("capture: cdc", "datasets.d.capture: expected one of change-tracking, full-refresh, found 'cdc'.")]
    [InlineData("capture: high-water-mark", "datasets.d.capture: expected { highWaterMark: COLUMN")]
    [InlineData("capture: {highWaterMark: updated_at}, acceptMissedDeletes: true", "datasets.d.capture: 'kind' is missing.")]
    [InlineData("capture: {highWaterMark: updated_at, kind: timestamp}", "datasets.d.capture: a high-water mark sees no hard deletes")]
    [InlineData("capture: {highWaterMark: rv, kind: rowversion, overlap: 5m}, acceptMissedDeletes: true", "datasets.d.capture.overlap: a rowversion has no overlap.")]
    [InlineData("capture: {highWaterMark: rv, kind: rowversion}", "datasets.d.capture: a high-water mark sees no hard deletes")]
    [InlineData("capture: {highWaterMark: updated_at, kind: timestamp}, acceptMissedDeletes: false", "datasets.d.capture: a high-water mark sees no hard deletes")]
    [InlineData("capture: {highWaterMark: updatedat, kind: timestamp}, acceptMissedDeletes: true", "datasets.d.capture: the mark 'updatedat' is no source column of the contract's object 'orders'. Did you mean 'updated_at'?")]
    [InlineData("capture: {highWaterMark: status, kind: timestamp}, acceptMissedDeletes: true", "datasets.d.capture: the mark 'status' is read as utf8: kind timestamp needs a timestamp.")]
    [InlineData("capture: {highWaterMark: updated_at, kind: sequence}, acceptMissedDeletes: true", "datasets.d.capture: the mark 'updated_at' is read as timestamp[ms]: kind sequence needs an integer.")]
    [InlineData("capture: {highWaterMark: order_id, kind: sequence, overlap: 5m}, acceptMissedDeletes: true", "datasets.d.capture.overlap: a sequence has no overlap.")]
    [InlineData("capture: {highWaterMark: order_id, kind: sequence, stampedBy: server}, acceptMissedDeletes: true", "datasets.d.capture.stampedBy: is for timestamps only.")]
    [InlineData("acceptMissedDeletes: true", "datasets.d.acceptMissedDeletes: this capture misses no deletes")]
    [InlineData("interval: 0s", "datasets.d.interval: must be longer than nothing.")]
    [InlineData("reconcile: {every: 1h, mode: sums}", "datasets.d.reconcile.mode: expected one of digest, keys, full, totals")]
    [InlineData("reconcile: {every: 1h, mode: totals, repair: true}", "datasets.d.reconcile.repair: totals say that something differs")]
    [InlineData("reconcile: {every: 1h, mode: totals}", "datasets.d.reconcile: the object 'orders' declares no controlTotals")]
    [InlineData("gapPolicy: ignore", "datasets.d.gapPolicy: expected one of fail, resnapshot, reconcile")]
    [InlineData("contract: shop.odcs.yaml#customers", "datasets.d.contract: the property 'email' is masked with the key 'pii', which is not among keys.")]
    public void Dataset_keys_are_checked(string keys, string message) => Assert.Contains(_folder.LoadDataset(keys).Messages(), m => m.StartsWith(message, StringComparison.Ordinal));

    [Fact]
    public void Two_datasets_into_one_table_are_an_error()
    {
        var finding = Assert.Single(_folder.LoadRoot("""
            datasets:
              a: {source: shop, object: orders, contract: shop.odcs.yaml#orders}
              b: {source: shop, object: orders, contract: shop.odcs.yaml#orders, target: ORDERS}
            """).Findings);
        Assert.Same(ErrorCodes.DuplicateTarget, finding.Code);
        Assert.Equal("datasets.b.target: 'ORDERS' is written by the dataset 'a' already.", finding.Message);
    }

    [Theory]
    [InlineData("shop", "1s", null)]
    [InlineData("other", "1s", "datasets.b.group: 'g' is read from the source 'shop' (a): a group has one source.")]
    [InlineData("shop", "2s", "datasets.b.group: 'g' has another schedule in a: what publishes together is polled together.")]
    public void A_group_has_one_source_and_one_interval(string source, string interval, string? message) =>
        Assert.Equal(message, _folder.LoadRoot($$"""
            sources: {shop: {kind: sqlite, path: a}, other: {kind: sqlite, path: b} }
            datasets:
              a: {source: shop, object: orders, contract: shop.odcs.yaml#orders, group: g, interval: 1s}
              b: {source: {{source}}, object: orders, contract: shop.odcs.yaml#orders, target: b, group: g, interval: {{interval}}}
            """).Messages().FirstOrDefault());

    [Fact]
    public void A_table_without_a_key_can_only_be_refreshed_in_full()
    {
        File.WriteAllText(Path.Combine(_folder.Folder.FullName, "nokey.yaml"),
            "apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\nteam: [{username: a, role: owner}]\nschema: [{name: t, properties: [{name: a, physicalType: text}]}]\n");
        Assert.Contains("has no key", Assert.Single(_folder.LoadDataset("contract: nokey.yaml").Messages()), StringComparison.Ordinal);
        Assert.Empty(Assert.Single(_folder.LoadDataset("contract: nokey.yaml, capture: full-refresh").OrThrow().Pipeline.Datasets).Key);
    }

    [Fact]
    public void A_cast_that_the_shape_lacks_is_found_offline()
    {
        File.WriteAllText(Path.Combine(_folder.Folder.FullName, "cast.yaml"),
            "apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\nteam: [{username: a, role: owner}]\nschema: [{name: t, properties: [{name: a, primaryKey: true, physicalType: date, customProperties: [{property: readAs, value: bytea}]}]}]\n");
        var finding = Assert.Single(_folder.LoadDataset("contract: cast.yaml").Findings);
        Assert.Same(ErrorCodes.CastNotSupported, finding.Code);
    }

    [Fact]
    public void An_interval_longer_than_the_promise_is_a_warning()
    {
        var result = _folder.LoadDataset("interval: 1h");
        Assert.NotNull(result.Value);
        Assert.Equal(2, result.Findings.Count);
        Assert.All(result.Findings, f => Assert.Equal(DiagnosticSeverity.Warning, f.Severity));
    }
}
