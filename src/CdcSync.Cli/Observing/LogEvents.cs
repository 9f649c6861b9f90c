using Microsoft.Extensions.Logging;

namespace CdcSync.Cli.Observing;

/// <summary>Every log event there is. 1xxx: what goes on; 2xxx: what went wrong. A <c>tail</c> is words for people, of what a program finds in fields.</summary>
internal static partial class LogEvents
{
    [LoggerMessage(1001, LogLevel.Information, "{dataset}: {kind} {generation} committed: {read} read, {inserted} inserted, {updated} updated, {deleted} deleted, {erased} erased, {quarantined} quarantined in {took} ms (read {readMs}, land {landMs}, stage {stageMs}, publish {publishMs}){tail}")]
    public static partial void BatchCommitted(this ILogger log, string dataset, string kind, long generation, long read, long inserted, long updated, long deleted, long erased, long quarantined,
        long took, long readMs, long landMs, long stageMs, long publishMs, string tail);

    [LoggerMessage(1002, LogLevel.Information, "{dataset}: first load, {remaining} of {total} ranges to do")]
    public static partial void SnapshotProgressed(this ILogger log, string dataset, int remaining, int total);

    [LoggerMessage(1003, LogLevel.Information, "{dataset}: {phase}")]
    public static partial void PhaseChanged(this ILogger log, string dataset, string phase);

    [LoggerMessage(1004, LogLevel.Information, "lease taken, working")]
    public static partial void LeaseTaken(this ILogger log);

    [LoggerMessage(1005, LogLevel.Information, "lease given back or lost")]
    public static partial void LeaseGone(this ILogger log);

    [LoggerMessage(1006, LogLevel.Information, "another worker holds the lease, standing by")]
    public static partial void StandingBy(this ILogger log);

    [LoggerMessage(1007, LogLevel.Information, "{dataset}: compared in {took}: {source} rows in the source, {target} in the target, {missing} missing, {different} different, {extra} extra, {repaired} repaired")]
    public static partial void Reconciled(this ILogger log, string dataset, string took, long source, long target, long missing, long different, long extra, long repaired);

    [LoggerMessage(1008, LogLevel.Information, "{dataset}: paused; it is not read until: cdcsync resume {dataset}")]
    public static partial void Paused(this ILogger log, string dataset);

    [LoggerMessage(1009, LogLevel.Information, "{dataset}: goes on")]
    public static partial void Resumed(this ILogger log, string dataset);

    [LoggerMessage(1010, LogLevel.Information, "{subject}: works again, after {failures} more failures")]
    public static partial void WorksAgain(this ILogger log, string subject, int failures);

    [LoggerMessage(1012, LogLevel.Information, "metrics are exported again")]
    public static partial void ExportWorksAgain(this ILogger log);

    [LoggerMessage(1020, LogLevel.Information, "{dataset}: {order} was ordered from {address}: {outlook}")]
    public static partial void OrderTaken(this ILogger log, string order, string dataset, string outlook, string address);

    [LoggerMessage(1021, LogLevel.Information, "{dataset}: {order} is done")]
    public static partial void OrderDone(this ILogger log, string order, string dataset);

    [LoggerMessage(1030, LogLevel.Information, "{dataset}: check {check} holds again")]
    public static partial void CheckHolds(this ILogger log, string dataset, string check);

    [LoggerMessage(2001, LogLevel.Warning, "{dataset}: failed, again in {wait}: {code} {fault}{tail}")]
    public static partial void BatchFailedForNow(this ILogger log, string dataset, string wait, string code, string fault, string tail);

    [LoggerMessage(2002, LogLevel.Error, "{dataset}: stopped until someone acts: {code} {fault}")]
    public static partial void BatchFailedForGood(this ILogger log, string dataset, string code, string fault);

    [LoggerMessage(2003, LogLevel.Warning, "{side} failed, again in {wait}: {code} {fault}{tail}")]
    public static partial void WorkerFailed(this ILogger log, string side, string wait, string code, string fault, string tail);

    [LoggerMessage(2004, LogLevel.Warning, "{dataset}: {rows} rows in quarantine")]
    public static partial void QuarantineGrew(this ILogger log, string dataset, long rows);

    [LoggerMessage(2005, LogLevel.Warning, "{dataset}: the warehouse refuses {rows} rows of a batch (found in {attempts} attempts); they go to quarantine, the rest is published")]
    public static partial void RowsIsolated(this ILogger log, string dataset, long rows, int attempts);

    [LoggerMessage(2006, LogLevel.Warning, "{dataset}: unusual, and published: {verdict}")]
    public static partial void GateWarned(this ILogger log, string dataset, string verdict);

    [LoggerMessage(2007, LogLevel.Warning, "{dataset}: the columns of the source changed: {changes}{unnamed}")]
    public static partial void SchemaChanged(this ILogger log, string dataset, string changes, string unnamed);

    [LoggerMessage(2010, LogLevel.Warning, "{dataset}: check {check} of severity {severity} does not hold: found {found}, expected {expected}")]
    public static partial void CheckFailed(this ILogger log, string dataset, string check, string severity, string found, string expected);

    [LoggerMessage(2011, LogLevel.Warning, "{dataset}: the deadline {check} of {at} was missed")]
    public static partial void DeadlineMissed(this ILogger log, string dataset, string check, string at);

    [LoggerMessage(2020, LogLevel.Error, "{dataset}: {order} failed: {code} {fault}")]
    public static partial void OrderFailed(this ILogger log, string order, string dataset, string code, string fault);

    [LoggerMessage(2021, LogLevel.Warning, "request from {address} for {asked} refused: {reason}{tail}")]
    public static partial void RequestRefused(this ILogger log, string address, string asked, string reason, string tail);

    [LoggerMessage(2030, LogLevel.Warning, "webhook {webhook} {problem}; it is told again")]
    public static partial void WebhookFailed(this ILogger log, string webhook, string problem);

    [LoggerMessage(2031, LogLevel.Warning, "webhook {webhook}: one document is dropped: {problem}")]
    public static partial void WebhookDropped(this ILogger log, string webhook, string problem);

    [LoggerMessage(2032, LogLevel.Warning, "metrics are not exported: {problem}; it is tried again at each interval")]
    public static partial void ExportFailed(this ILogger log, string problem);
}
