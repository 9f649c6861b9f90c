using System.Diagnostics.Metrics;
using CdcSync.Core.Checks;
using CdcSync.Core.Errors;
using CdcSync.Core.Metrics;
using CdcSync.Core.Sources.Pacing;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Metrics;

public sealed class MetricsObserverTests : IDisposable
{
    private readonly MetricsWorld _world = new();

    [Fact]
    public void Every_series_exists_from_the_start_and_none_is_added_later()
    {
        var before = SeriesNames();
        foreach (var code in ErrorCodes.All)
            _world.Observer.BatchFailed(_world.Orders, MetricsWorld.Fault(code), TimeSpan.Zero);
        foreach (var phase in Enum.GetValues<DatasetPhase>())
            _world.Observer.PhaseChanged(_world.Orders, phase);
        _world.Observer.LeaseChanged(true);
        _world.Observer.Polled("erp", MetricsWorld.Noon, TimeSpan.Zero, [_world.Orders]);
        _world.CommitOneBatch(kind: BatchKind.Refresh, resync: ResyncCause.Expired, newestCommit: MetricsWorld.Noon);
        Assert.Equal(before, SeriesNames());
        foreach (var family in _world.Metrics.Registry.Families.Where(f => f.LabelNames.Contains("dataset")))
            Assert.True(before.Count(n => n.StartsWith(family.Name, StringComparison.Ordinal) && n.Contains("dataset=returns", StringComparison.Ordinal)) >= 1, family.Name);
    }

    [Theory]
    [InlineData(ExpositionFormat.PrometheusText)]
    [InlineData(ExpositionFormat.OpenMetrics)]
    public void Both_formats_hold_what_their_specifications_demand(ExpositionFormat format)
    {
        _world.CommitOneBatch();
        var text = Exposition.Write(_world.Metrics.Registry, format);
        var families = format == ExpositionFormat.OpenMetrics ? StrictExpositionParser.ParseOpenMetrics(text) : StrictExpositionParser.ParsePrometheusText(text);
        Assert.Equal(_world.Metrics.Registry.Families.Count, families.Count);
    }

    [Fact]
    public void The_series_that_operations_name_are_there()
    {
        string[] named =
        [
            "cdcsync_build_info", "cdcsync_watermark_timestamp_seconds", "cdcsync_freshness_target_seconds", "cdcsync_lag_seconds", "cdcsync_last_poll_success_timestamp_seconds",
            "cdcsync_poll_interval_seconds", "cdcsync_last_commit_timestamp_seconds", "cdcsync_pipeline_state", "cdcsync_dataset_state", "cdcsync_connected", "cdcsync_lease_held",
            "cdcsync_batches_total", "cdcsync_batches_failed_total", "cdcsync_rows_total", "cdcsync_read_bytes_total", "cdcsync_retries_total", "cdcsync_rows_quarantined_total",
            "cdcsync_dataset_paused", "cdcsync_dataset_blackout", "cdcsync_next_run_timestamp_seconds", "cdcsync_quarantine_rows", "cdcsync_contract_check_failed", "cdcsync_contract_check_timestamp_seconds", "cdcsync_deadline_cut_timestamp_seconds", "cdcsync_deadlines_missed_total", "cdcsync_frequency_target_seconds", "cdcsync_batches_late_total", "cdcsync_resyncs_total", "cdcsync_schema_changes_total", "cdcsync_batch_stage_duration_seconds", "cdcsync_end_to_end_latency_seconds", "cdcsync_source_clock_offset_seconds", "cdcsync_source_retained_bytes",
            "cdcsync_source_retention_seconds", "cdcsync_source_retention_headroom_seconds", "cdcsync_source_retention_headroom_ratio", "cdcsync_source_read_transaction_seconds", "cdcsync_source_oldest_writer_seconds",
            "cdcsync_source_connections", "cdcsync_source_connections_limit", "cdcsync_source_connections_waiting",
            "cdcsync_landing_bytes", "cdcsync_landing_limit_bytes", "process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds",
        ];
        Assert.Empty(named.Except(_world.Metrics.Registry.Families.Select(f => f.Name)));
    }

    [Fact]
    public async Task Connections_to_a_source_are_counted_as_they_are_now()
    {
        var budget = new ConnectionBudget(3, new ConnectionNeed(1, 1, 0));
        _world.Metrics.Show("erp", budget);
        _world.Metrics.Show("of no dataset", budget);
        using var table = await budget.ForTableAsync(default);
        var second = budget.ForTableAsync(default).AsTask();
        Assert.Equal((1, 3, 1), (ReadSource("cdcsync_source_connections"), ReadSource("cdcsync_source_connections_limit"), ReadSource("cdcsync_source_connections_waiting")));
        table.Dispose();
        using var session = await budget.ForSessionAsync(1, default);
        Assert.Equal((3, 0), (ReadSource("cdcsync_source_connections"), ReadSource("cdcsync_source_connections_waiting")));
        (await second).Dispose();

        double ReadSource(string name) => _world.Read(name, ("source", "erp"));
    }

    [Fact]
    public void The_next_run_is_what_the_schedule_says_and_0_while_another_dataset_is_waited_for()
    {
        _world.Observer.Planned(_world.Orders, MetricsWorld.Noon.AddHours(2));
        Assert.Equal(MetricsWorld.Noon.AddHours(2).ToUnixTimeSeconds(), _world.ReadOrders("cdcsync_next_run_timestamp_seconds"));
        _world.Observer.Planned(_world.Orders, null);
        Assert.Equal(0, _world.ReadOrders("cdcsync_next_run_timestamp_seconds"));
    }

    [Fact]
    public void What_is_not_known_yet_is_0_and_lag_is_not_a_number()
    {
        Assert.Equal(0, _world.ReadOrders("cdcsync_watermark_timestamp_seconds"));
        Assert.Equal(0, _world.ReadOrders("cdcsync_last_commit_timestamp_seconds"));
        Assert.True(double.IsNaN(_world.ReadOrders("cdcsync_lag_seconds")));
        Assert.Equal(900, _world.ReadOrders("cdcsync_freshness_target_seconds"));
        Assert.Equal(5, _world.ReadOrders("cdcsync_poll_interval_seconds"));
    }

    [Fact]
    public void Retention_headroom_falls_with_each_scrape_until_the_changes_are_gone()
    {
        _world.Observer.IdleAdvanced(_world.Orders, MetricsWorld.Noon);
        Assert.True(double.IsNaN(_world.ReadOrders("cdcsync_source_retention_headroom_ratio")));
        _world.Observer.RetentionKnown(_world.Orders, TimeSpan.FromHours(4));
        Assert.Equal(4 * 3600, _world.ReadOrders("cdcsync_source_retention_seconds"));
        Assert.Equal(1, _world.ReadOrders("cdcsync_source_retention_headroom_ratio"));
        _world.Clock.Now += TimeSpan.FromHours(3);
        Assert.Equal(3600, _world.ReadOrders("cdcsync_source_retention_headroom_seconds"));
        Assert.Equal(0.25, _world.ReadOrders("cdcsync_source_retention_headroom_ratio"));
        _world.Clock.Now += TimeSpan.FromHours(2);
        Assert.Equal(0, _world.ReadOrders("cdcsync_source_retention_headroom_seconds"));
    }

    [Fact]
    public void How_long_a_source_was_held_open_and_what_holds_it_back_is_told()
    {
        _world.Observer.ReadEnded(_world.Orders.SourceName, TimeSpan.FromSeconds(1.5), TimeSpan.FromMinutes(2));
        Assert.Equal((1.5, 120), (ReadSource("cdcsync_source_read_transaction_seconds"), ReadSource("cdcsync_source_oldest_writer_seconds")));
        _world.Observer.ReadEnded(_world.Orders.SourceName, TimeSpan.FromSeconds(0.5), null);
        Assert.Equal((0.5, 0), (ReadSource("cdcsync_source_read_transaction_seconds"), ReadSource("cdcsync_source_oldest_writer_seconds")));

        double ReadSource(string name) => _world.Read(name, ("source", _world.Orders.SourceName));
    }

    [Fact]
    public void Lag_is_computed_when_it_is_scraped()
    {
        _world.Observer.IdleAdvanced(_world.Orders, MetricsWorld.Noon);
        Assert.Equal(0, _world.ReadOrders("cdcsync_lag_seconds"));
        _world.Clock.Now += TimeSpan.FromSeconds(42);
        Assert.Equal(42, _world.ReadOrders("cdcsync_lag_seconds"));
        _world.Clock.Now -= TimeSpan.FromHours(1);
        Assert.Equal(0, _world.ReadOrders("cdcsync_lag_seconds"));
    }

    [Theory]
    [InlineData("2026-03-01T06:00:00Z", "2026-03-01T00:00:00Z")]
    [InlineData("2026-03-02T05:59:59Z", "2026-03-01T00:00:00Z")]
    [InlineData("2026-03-02T06:00:00Z", "2026-03-02T00:00:00Z")]
    public void The_cut_of_a_deadline_is_that_of_the_newest_that_has_come(string now, string cut)
    {
        _world.Clock.Now = DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(DateTimeOffset.Parse(cut, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeSeconds(), _world.Read("cdcsync_deadline_cut_timestamp_seconds", ("dataset", "orders"), ("check", "ready_by_0600"), ("severity", "warning")));
    }

    [Fact]
    public void What_a_contract_promises_of_time_is_exported_and_a_batch_that_took_longer_is_late()
    {
        Assert.Equal((3_600, 0), (_world.ReadOrders("cdcsync_frequency_target_seconds"), _world.Read("cdcsync_frequency_target_seconds", ("dataset", "returns"))));
        _world.CommitOneBatch(newestCommit: MetricsWorld.Noon - TimeSpan.FromSeconds(60));
        _world.CommitOneBatch();
        Assert.Equal(0, _world.ReadOrders("cdcsync_batches_late_total"));
        _world.CommitOneBatch(newestCommit: MetricsWorld.Noon - TimeSpan.FromSeconds(61));
        Assert.Equal(1, _world.ReadOrders("cdcsync_batches_late_total"));
    }

    [Fact]
    public void Deadlines_that_were_missed_are_counted()
    {
        var (dataset, check) = (from d in _world.Pipeline.Datasets from c in d.Checks where c.Measure is DeadlineMeasure select (d, c)).First();
        foreach (var day in Enumerable.Range(1, 2)) _world.Observer.DeadlineMissed(dataset, check, MetricsWorld.Noon.AddDays(day));
        Assert.Equal(2, _world.Read("cdcsync_deadlines_missed_total", ("dataset", dataset.Id.Value), ("check", check.Id), ("severity", "warning")));
    }

    [Fact]
    public void A_gate_that_warns_is_counted_by_what_it_would_have_blocked_with()
    {
        _world.Observer.GateWarned(_world.Orders, MetricsWorld.Fault(ErrorCodes.VolumeGate));
        Assert.Equal((1, 0), (_world.Read("cdcsync_gate_warnings_total", ("dataset", "orders"), ("reason", "CDC5005")), _world.Read("cdcsync_gate_warnings_total", ("dataset", "returns"), ("reason", "CDC5005"))));
    }

    [Fact]
    public void A_committed_batch_is_counted()
    {
        _world.Observer.RowsRead(_world.Orders, 11, 1_000);
        _world.CommitOneBatch(newestCommit: MetricsWorld.Noon - TimeSpan.FromSeconds(3));
        Assert.Equal(1, _world.ReadOrders("cdcsync_batches_total"));
        Assert.Equal(1_000, _world.ReadOrders("cdcsync_read_bytes_total"));
        Assert.Equal([1, 2, 3, 4], new[] { "insert", "update", "delete", "erase" }.Select(op => _world.Read("cdcsync_rows_total", ("dataset", "orders"), ("op", op))));
        Assert.Equal(1, _world.ReadOrders("cdcsync_rows_quarantined_total"));
        Assert.Equal(MetricsWorld.Noon.ToUnixTimeSeconds(), _world.ReadOrders("cdcsync_last_commit_timestamp_seconds"));
        Assert.Equal(MetricsWorld.Noon.ToUnixTimeSeconds(), _world.ReadOrders("cdcsync_watermark_timestamp_seconds"));
        Assert.Equal(2, _world.Read("cdcsync_batch_stage_duration_seconds_sum", ("dataset", "orders"), ("stage", "publish")));
        Assert.Equal(3, _world.ReadOrders("cdcsync_end_to_end_latency_seconds_sum"));
        Assert.Equal(0, _world.Read("cdcsync_batches_total", ("dataset", "returns")));
        Assert.Equal(0, _world.Read("cdcsync_resyncs_total", ("dataset", "orders"), ("cause", "expired")));
    }

    [Theory]
    [InlineData(ResyncCause.Expired, "expired")]
    [InlineData(ResyncCause.Requested, "requested")]
    [InlineData(ResyncCause.Contract, "contract")]
    public void A_dataset_loaded_anew_is_a_resync_with_its_cause(ResyncCause cause, string label)
    {
        _world.CommitOneBatch(kind: BatchKind.Refresh, resync: cause);
        Assert.Equal(1, _world.Read("cdcsync_resyncs_total", ("dataset", "orders"), ("cause", label)));
        Assert.Equal(1, Enum.GetValues<ResyncCause>().Sum(c => _world.Read("cdcsync_resyncs_total", ("dataset", "orders"), ("cause", Name(c)))));
    }

    [Fact]
    public void A_first_load_is_read_without_error_range_by_range()
    {
        _world.CommitOneBatch(kind: BatchKind.Range);
        Assert.Equal(MetricsWorld.Noon.ToUnixTimeSeconds(), _world.ReadOrders("cdcsync_last_poll_success_timestamp_seconds"));
    }

    [Fact]
    public void A_watermark_is_exported_by_the_workers_clock()
    {
        var sourceNow = MetricsWorld.Noon + TimeSpan.FromMinutes(10);                // the source's clock is fast
        _world.Observer.CheckpointRead(_world.Orders, MetricsWorld.Checkpoint(sourceNow - TimeSpan.FromMinutes(1)));
        _world.Observer.Polled("erp", sourceNow, sourceNow - MetricsWorld.Noon, [_world.Orders]);
        Assert.Equal(600, _world.Read("cdcsync_source_clock_offset_seconds", ("source", "erp")));
        Assert.Equal(60, _world.ReadOrders("cdcsync_lag_seconds"));
        _world.Observer.IdleAdvanced(_world.Orders, sourceNow);
        Assert.Equal(0, _world.ReadOrders("cdcsync_lag_seconds"));
        Assert.Equal(MetricsWorld.Noon.ToUnixTimeSeconds(), _world.ReadOrders("cdcsync_watermark_timestamp_seconds"));
    }

    [Fact]
    public void A_checkpoint_read_back_older_than_what_was_told_does_not_lower_the_watermark()
    {
        _world.Observer.IdleAdvanced(_world.Orders, MetricsWorld.Noon);
        _world.Observer.CheckpointRead(_world.Orders, MetricsWorld.Checkpoint(MetricsWorld.Noon - TimeSpan.FromSeconds(30)));
        Assert.Equal(0, _world.ReadOrders("cdcsync_lag_seconds"));
        _world.Observer.CheckpointRead(_world.Orders, MetricsWorld.Checkpoint(null));
        Assert.Equal(0, _world.ReadOrders("cdcsync_watermark_timestamp_seconds"));
    }

    [Fact]
    public void A_failure_is_counted_by_code_and_side_and_tells_of_the_connection()
    {
        _world.Observer.Polled("erp", MetricsWorld.Noon, TimeSpan.Zero, []);
        Assert.Equal(1, _world.Read("cdcsync_connected", ("side", "source")));
        _world.Observer.BatchFailed(_world.Orders, MetricsWorld.Fault(ErrorCodes.SourceUnavailable), TimeSpan.FromSeconds(1));
        _world.Observer.BatchFailed(_world.Orders, MetricsWorld.Fault(ErrorCodes.ChangesExpired), null);
        Assert.Equal(1, _world.Read("cdcsync_batches_failed_total", ("dataset", "orders"), ("reason", "CDC2001")));
        Assert.Equal(1, _world.Read("cdcsync_batches_failed_total", ("dataset", "orders"), ("reason", "CDC2003")));
        Assert.Equal(0, _world.Read("cdcsync_connected", ("side", "source")));
        Assert.Equal(1, _world.Read("cdcsync_retries_total", ("side", "source")));
    }

    [Fact]
    public void The_warehouse_is_connected_until_it_fails()
    {
        Assert.Equal(0, _world.Read("cdcsync_connected", ("side", "warehouse")));
        _world.Observer.LeaseChanged(true);
        Assert.Equal(1, _world.Read("cdcsync_connected", ("side", "warehouse")));
        _world.Observer.WorkerFailed("warehouse", MetricsWorld.Fault(ErrorCodes.WarehouseUnavailable), TimeSpan.FromSeconds(1));
        _world.Observer.LeaseChanged(false);
        Assert.Equal(0, _world.Read("cdcsync_connected", ("side", "warehouse")));
        Assert.Equal(1, _world.Read("cdcsync_retries_total", ("side", "warehouse")));
        _world.Observer.LeaseChanged(false);                                         // asked again, and another worker has it
        Assert.Equal(1, _world.Read("cdcsync_connected", ("side", "warehouse")));
    }

    [Fact]
    public void Exactly_one_state_is_1()
    {
        _world.Observer.PhaseChanged(_world.Orders, DatasetPhase.Snapshot);
        _world.Observer.PhaseChanged(_world.Orders, DatasetPhase.ResyncRequired);
        var states = Enum.GetValues<DatasetPhase>().Length;
        Assert.Equal(1, _world.Read("cdcsync_dataset_state", ("dataset", "orders"), ("state", "resync_required")));
        Assert.Equal(1, _world.Metrics[_world.Orders.Id].Batches.State.Values.Sum(g => g.Value));
        Assert.Equal(states, _world.Metrics[_world.Orders.Id].Batches.State.Count);

        _world.Metrics.SetState(WorkerState.Starting);
        _world.Observer.LeaseChanged(false);
        Assert.Equal(1, _world.Read("cdcsync_pipeline_state", ("state", "standby")));
        _world.Observer.LeaseChanged(true);
        Assert.Equal(1, _world.Read("cdcsync_pipeline_state", ("state", "active")));
        Assert.Equal(1, _world.Read("cdcsync_lease_held"));
        _world.Metrics.SetState(WorkerState.Stopping);
        _world.Observer.LeaseChanged(false);
        Assert.Equal(1, _world.Read("cdcsync_pipeline_state", ("state", "stopping")));
        Assert.Equal(0, _world.Read("cdcsync_pipeline_state", ("state", "standby")));
    }

    [Fact]
    public void The_meter_tells_the_same_numbers()
    {
        var seen = new Dictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, me) =>
            {
                if (instrument.Meter.Name == MetricRegistry.MeterName)
                    me.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            if (tags.ToArray().Any(t => t is { Key: "pipeline", Value: "meter-test" }) && tags.ToArray().Any(t => t is { Key: "dataset", Value: "orders" }))
                seen[instrument.Name] = value;
        });
        listener.Start();
        using var metrics = new SyncMetrics(_world.Pipeline with { Name = "meter-test" }, "1", _world.Clock);
        metrics[_world.Orders.Id].Batches.Committed.Add(3);
        metrics[_world.Orders.Id].Batches.Latency.Observe(TimeSpan.FromSeconds(2));
        listener.RecordObservableInstruments();
        Assert.Equal(3, seen["cdcsync_batches_total"]);
        Assert.Equal(900, seen["cdcsync_freshness_target_seconds"]);
        Assert.Equal(2, seen["cdcsync_end_to_end_latency_seconds"]);
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    public void A_comparison_leaves_its_drift_what_it_mended_and_when()
    {
        var report = Compared(9, 9) with { FinishedAt = _world.Clock.Now.AddSeconds(2), Found = new(3, 2, 1), Repaired = new(1, 2, 0) };
        _world.Observer.Reconciled(_world.Orders, report);
        _world.Observer.Reconciled(_world.Orders, report);
        Assert.Equal((2, 0, 1), (Drift("missing"), Drift("different"), Drift("extra")));
        Assert.Equal((2, 4, 0), (Repaired("missing"), Repaired("different"), Repaired("extra")));
        Assert.Equal(MetricsWorld.Noon.AddSeconds(2).ToUnixTimeSeconds(), _world.ReadOrders("cdcsync_reconcile_last_success_timestamp_seconds"));
        Assert.Equal(0, _world.ReadOrders("cdcsync_reconcile_interval_seconds"));

        double Drift(string kind) => _world.Read("cdcsync_reconcile_drift_rows", ("dataset", "orders"), ("kind", kind));
        double Repaired(string kind) => _world.Read("cdcsync_reconcile_repaired_rows_total", ("dataset", "orders"), ("kind", kind));
    }

    [Theory]
    [InlineData(200, 190, -0.05)]
    [InlineData(190, 200, 0.05)]
    [InlineData(0, 3, 1)]
    [InlineData(3, 0, -1)]
    [InlineData(0, 0, 0)]
    public void A_comparison_leaves_by_how_much_the_numbers_of_rows_differ(long source, long target, double expected)
    {
        Assert.Equal(double.NaN, Variance());
        _world.Observer.Reconciled(_world.Orders, Compared(source, target) with { Request = new(Core.Reconciliation.ReconcileMode.Digest, IsRepair: false) { Range = Core.Reconciliation.RowRange.Parse(_world.Orders, "id=1..2") } });
        Assert.Equal(double.NaN, Variance());                            // a part says nothing of the whole
        _world.Observer.Reconciled(_world.Orders, Compared(source, target));
        Assert.Equal(expected, Variance());

        double Variance() => _world.ReadOrders("cdcsync_row_count_variance_ratio");
    }

    [Fact]
    public void A_comparison_of_totals_leaves_the_groups_that_differ_and_says_nothing_of_rows()
    {
        Assert.Equal(0, Groups());
        _world.Observer.Reconciled(_world.Orders, Totals(4, inFlight: 0));
        Assert.Equal((4, 0), (Groups(), _world.Read("cdcsync_reconcile_drift_rows", ("dataset", "orders"), ("kind", "missing"))));
        _world.Observer.Reconciled(_world.Orders, Totals(2, inFlight: 2));
        Assert.Equal(4, Groups());
        // What is scheduled is a comparison of rows: it is still waited for.
        Assert.Equal(0, _world.ReadOrders("cdcsync_reconcile_last_success_timestamp_seconds"));
        _world.Observer.Reconciled(_world.Orders with { Reconcile = new(TimeSpan.FromHours(1), Core.Reconciliation.ReconcileMode.Totals) }, Totals(0, inFlight: 0));
        Assert.Equal((0, MetricsWorld.Noon.ToUnixTimeSeconds()), (Groups(), _world.ReadOrders("cdcsync_reconcile_last_success_timestamp_seconds")));

        double Groups() => _world.Read("cdcsync_reconcile_drift_groups", ("dataset", "orders"), ("total", "revenue"));
        Core.Reconciliation.ReconcileReport Totals(long differing, long inFlight) =>
            Compared(9, 9) with { Request = new(Core.Reconciliation.ReconcileMode.Totals, IsRepair: false), InFlight = inFlight, Totals = [new("revenue", 9, differing, [])] };
    }

    [Theory]
    [InlineData(CheckVerdict.Passed, 0, 7.5)]
    [InlineData(CheckVerdict.Failed, 1, 0.0)]
    [InlineData(CheckVerdict.Unanswered, 1, null)]
    [InlineData(CheckVerdict.Waiting, 0, 2.0)]
    public void A_check_that_does_not_hold_or_can_t_be_measured_is_1(CheckVerdict verdict, int failed, double? value)
    {
        Assert.Equal((0, double.NaN), (At(), Value()));
        _world.Observer.Checked(_world.Orders, [new CheckResult("present", CheckSeverity.Error, verdict, (decimal?)value, "not 0", null, MetricsWorld.Noon), new CheckResult("gated", CheckSeverity.Error, CheckVerdict.Failed, 0, "not 0", null, MetricsWorld.Noon)]);
        Assert.Equal(failed, _world.Read("cdcsync_contract_check_failed", ("dataset", "orders"), ("check", "present"), ("severity", "error")));
        Assert.Equal((MetricsWorld.Noon.ToUnixTimeSeconds(), value ?? double.NaN), (At(), Value()));
        Assert.Equal(0, _world.Read("cdcsync_contract_check_failed", ("dataset", "returns"), ("check", "present")));

        double At() => _world.Read("cdcsync_contract_check_timestamp_seconds", ("dataset", "orders"), ("check", "present"));
        double Value() => _world.Read("cdcsync_contract_check_value", ("dataset", "orders"), ("check", "present"));
    }

    private Core.Reconciliation.ReconcileReport Compared(long source, long target) => new()
    {
        Id = Guid.CreateVersion7(),
        Dataset = _world.Orders.Id,
        Request = new(Core.Reconciliation.ReconcileMode.Digest, IsRepair: true),
        StartedAt = _world.Clock.Now,
        FinishedAt = _world.Clock.Now,
        SourceRows = source,
        TargetRows = target,
        SoftDeleted = 0,
        Explained = 0,
        InFlight = 0,
        Found = default,
        Repaired = default,
        RowsTravelled = 12,
        IsCut = false,
        Keys = [],
        Map = [],
    };

    private List<string> SeriesNames() =>
        [.. StrictExpositionParser.ParsePrometheusText(Exposition.Write(_world.Metrics.Registry, ExpositionFormat.PrometheusText)).Values
            .SelectMany(f => f.Samples).Select(s => $"{s.Name} {string.Join(' ', s.Labels.Select(l => $"{l.Key}={l.Value}"))}")];

    private static string Name(ResyncCause cause) => cause.ToString().ToLowerInvariant();
}
