using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CdcSync.Cli.Http;
using CdcSync.Cli.Http.Api;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Output;

/// <summary>Every document that <c>--json</c> writes. Fields are only ever added within a <see cref="SchemaVersion"/>.</summary>
[JsonSerializable(typeof(ValidateDocument))]
[JsonSerializable(typeof(InitDocument))]
[JsonSerializable(typeof(MigrateDocument))]
[JsonSerializable(typeof(DiscoverDocument))]
[JsonSerializable(typeof(SyncDocument))]
[JsonSerializable(typeof(RebuildDocument))]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(CheckpointsDocument))]
[JsonSerializable(typeof(HistoryDocument))]
[JsonSerializable(typeof(QuarantineDocument))]
[JsonSerializable(typeof(QuarantineRetryDocument))]
[JsonSerializable(typeof(QuarantineDropDocument))]
[JsonSerializable(typeof(ForgetDocument))]
[JsonSerializable(typeof(PauseDocument))]
[JsonSerializable(typeof(LintDocument))]
[JsonSerializable(typeof(ContractDiffDocument))]
[JsonSerializable(typeof(ContractTestDocument))]
[JsonSerializable(typeof(DoctorDocument))]
[JsonSerializable(typeof(GrantsDocument))]
[JsonSerializable(typeof(ReconcileDocument))]
[JsonSerializable(typeof(OrderDocument))]
[JsonSerializable(typeof(ReconciliationsDocument))]
[JsonSerializable(typeof(WorkerDocument))]
[JsonSerializable(typeof(LagDocument))]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(EndDocument))]
[JsonSerializable(typeof(VersionDocument))]
[JsonSerializable(typeof(HelpDocument))]
internal sealed partial class JsonOutput : JsonSerializerContext
{
    /// <summary>The version of all documents.</summary>
    public const int SchemaVersion = 1;

    // Documents go to files and terminals, not into HTML: names in other scripts stay readable.
    private static readonly JsonOutput Readable = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>A document as text, without a final line end.</summary>
    public static string Write<TDocument>(TDocument document)
        where TDocument : JsonDocumentRoot => JsonSerializer.Serialize(document, typeof(TDocument), Readable);

    /// <summary>Reads what <c>checkpoint export</c> wrote.</summary>
    /// <exception cref="JsonException">It is no such document.</exception>
    public static CheckpointsDocument ReadCheckpoints(Stream stream) => JsonSerializer.Deserialize(stream, Readable.CheckpointsDocument) is { Checkpoints: not null } document ? document
        : throw new JsonException("there are no checkpoints in it");

    /// <summary>A problem as text.</summary>
    public static string Write(ProblemDocument problem) => JsonSerializer.Serialize(problem, Readable.ProblemDocument);
}

/// <summary>What every document begins with: a script reads these three fields first, whatever it asked and however it went.</summary>
internal abstract record JsonDocumentRoot
{
    /// <summary>Rises when a field changes its meaning or goes.</summary>
    [JsonPropertyOrder(-3)]
    public int SchemaVersion => JsonOutput.SchemaVersion;

    /// <summary>The exit code of the process that writes it.</summary>
    [JsonPropertyOrder(-2)]
    public int ExitCode { get; init; }

    /// <summary>What kept the command from answering; null where it answered.</summary>
    [JsonPropertyOrder(-1)]
    public FaultDocument? Error { get; init; }
}

/// <summary>What is left to say where a command ended before its answer.</summary>
internal sealed record EndDocument : JsonDocumentRoot;

internal sealed record VersionDocument(string Version, string Runtime) : JsonDocumentRoot;

/// <summary>The help's text, as people see it.</summary>
internal sealed record HelpDocument(string Help) : JsonDocumentRoot;

/// <summary>What went wrong.</summary>
/// <param name="Code">The registered code.</param>
/// <param name="Message">What, where, found and expected.</param>
/// <param name="Remedy">What to do; null where the message holds it.</param>
/// <param name="IsTransient">True if it may pass by itself; null = not known any more.</param>
internal sealed record FaultDocument(string Code, string Message, string? Remedy, bool? IsTransient)
{
    [return: NotNullIfNotNull(nameof(fault))]
    public static FaultDocument? Of(CdcSyncException? fault) => fault is null ? null : new(fault.Code.Id, fault.Message, fault.Remedy, fault.IsTransient);
}

internal sealed record ValidateDocument(bool IsValid, IReadOnlyList<FindingDocument> Findings) : JsonDocumentRoot;

internal sealed record FindingDocument(string File, int Line, int Column, string Severity, string Code, string Message);

internal sealed record InitDocument(IReadOnlyList<string> Files) : JsonDocumentRoot;

internal sealed record MigrateDocument(string Pipeline, IReadOnlyList<string> Ran) : JsonDocumentRoot;

internal sealed record DiscoverDocument(string Source, IReadOnlyList<ObjectDocument> Objects, string TrackingScript, bool IsApplied) : JsonDocumentRoot;

internal sealed record ObjectDocument(string? Schema, string Name, string Kind, IReadOnlyList<string> Key, bool IsTracked, long? Rows, IReadOnlyList<ColumnDocument> Columns);

internal sealed record ColumnDocument(string Name, string DeclaredType, string? Type, bool IsNullable, string? Problem);

internal sealed record SyncDocument(string Pipeline, bool IsDryRun, IReadOnlyList<OutcomeDocument> Datasets) : JsonDocumentRoot;

internal sealed record OutcomeDocument(string Dataset, string Outcome, long RowsRead, long Inserted, long Updated, long Deleted, long Erased, long Quarantined, FaultDocument? Error);

internal sealed record RebuildDocument(string Pipeline, IReadOnlyList<RebuiltDocument> Datasets) : JsonDocumentRoot;

internal sealed record RebuiltDocument(string Dataset, string Outcome, int Files, long RowsRead, long Inserted, long Updated, long Deleted, long Erased, long Quarantined, IReadOnlyList<string> EmptyColumns, bool IsWithoutDeleted, FaultDocument? Error);

internal sealed record StatusDocument(string Pipeline, IReadOnlyList<DatasetStatusDocument> Datasets) : JsonDocumentRoot
{
    /// <summary>Of some datasets; null = of all.</summary>
    public StatusDocument Only(IReadOnlySet<DatasetId>? chosen) => chosen is null ? this : this with { Datasets = [.. Datasets.Where(d => chosen.Any(c => c.Value == d.Dataset))] };
}

internal sealed record DatasetStatusDocument(string Dataset, string Target, string State, bool IsPaused, bool IsConfigured, string? CompleteUpTo, double? LagSeconds, double? FreshnessTargetSeconds, bool? IsFresh,
    string? LastCommitAt, string? Schedule, string? NextRunAt, long? Generation, SnapshotDocument? Snapshot, long QuarantinedRows, FaultDocument? Error, string? NextAction, ContractDocument Contract)
{
    /// <summary>Checks of the contract that do not hold, or can't be measured.</summary>
    public IReadOnlyList<CheckDocument> FailedChecks { get; init; } = [];

    /// <summary>Columns of the source that the contract neither names nor drops.</summary>
    public IReadOnlyList<string> UnnamedColumns { get; init; } = [];
}

internal sealed record SnapshotDocument(int Ranges, int RemainingRanges);

internal sealed record ContractDocument(string Id, string Version, string Owner);

internal sealed record CheckpointsDocument(string Pipeline, IReadOnlyList<CheckpointDocument> Checkpoints) : JsonDocumentRoot;

internal sealed record CheckpointDocument(string Dataset, long Generation, string Source, string PositionKind, string Position, SnapshotDocument? Snapshot, string? CompleteUpTo);

internal sealed record HistoryDocument(string Pipeline, IReadOnlyList<EntryDocument> Entries) : JsonDocumentRoot;

internal sealed record EntryDocument(string Publication, string Dataset, long Generation, string Kind, int? Range, string? After, string UpTo, long RowsRead, long Inserted, long Updated, long Deleted,
    long Erased, long Quarantined, LandingDocument? Landing, string SourceTime, string? NewestCommit, string CommittedAt, string Holder);

internal sealed record LandingDocument(string Path, string Sha256, long Rows, long Bytes);

internal sealed record QuarantineDocument(string Pipeline, long Rows, IReadOnlyList<QuarantineEntryDocument> Entries) : JsonDocumentRoot;

internal sealed record QuarantineEntryDocument(string Dataset, string Key, string Rule, string Column, string Reason, string Payload, long Generation, string Position, string FirstSeenAt, string LastSeenAt);

internal sealed record QuarantineRetryDocument(string Pipeline, IReadOnlyList<QuarantineRetriedDocument> Datasets) : JsonDocumentRoot;

internal sealed record QuarantineRetriedDocument(string Dataset, long Were, long Left);

internal sealed record QuarantineDropDocument(string Pipeline, string Dataset, long Dropped) : JsonDocumentRoot;

internal sealed record ForgetDocument(string Pipeline, IReadOnlyList<string> Forgotten, IReadOnlyList<string> Removed) : JsonDocumentRoot;

internal sealed record PauseDocument(string Pipeline, bool IsPaused, IReadOnlyList<string> Datasets) : JsonDocumentRoot;

internal sealed record LintDocument(IReadOnlyList<ContractLintDocument> Contracts) : JsonDocumentRoot;

internal sealed record ContractLintDocument(string File, int Tables, int RulesPerValue, int TableChecks, IReadOnlyList<FindingDocument> Findings, IReadOnlyList<NotExecutedDocument> NotExecuted);

internal sealed record NotExecutedDocument(int Line, string Rule);

internal sealed record ContractDiffDocument(string OldVersion, string NewVersion, bool IsBreaking, bool VersionSuffices, IReadOnlyList<ContractChangeDocument> Changes) : JsonDocumentRoot;

internal sealed record ContractChangeDocument(string Table, string? Column, string Kind, bool IsBreaking, string What);

internal sealed record ContractTestDocument(string Pipeline, IReadOnlyList<CheckedDocument> Datasets) : JsonDocumentRoot;

internal sealed record CheckedDocument(string Dataset, IReadOnlyList<CheckDocument> Checks, FaultDocument? Error);

internal sealed record CheckDocument(string Check, string Severity, string Verdict, decimal? Value, string Expected, string? Detail, string CheckedAt);

internal sealed record DoctorDocument(string Pipeline, int Passed, int Warned, int Failed, IReadOnlyList<ExaminationDocument> Examinations) : JsonDocumentRoot;

internal sealed record ExaminationDocument(string Subject, IReadOnlyList<DoctorFindingDocument> Findings);

internal sealed record DoctorFindingDocument(string Level, string Check, string? Dataset, string What, string? Fix, string? Code);

internal sealed record GrantsDocument(string Pipeline, string Login, IReadOnlyList<SystemGrantsDocument> Systems) : JsonDocumentRoot;

internal sealed record SystemGrantsDocument(string System, string Kind, string? Minimal, string? Diagnostic);

internal sealed record ReconcileDocument(string Pipeline, string Mode, string? Range, bool IsRepair, IReadOnlyList<ReconciledDocument> Datasets) : JsonDocumentRoot;

internal sealed record ReconciledDocument(string Dataset, string Outcome, ReconcileReportDocument? Report, FaultDocument? Error);

internal sealed record ReconcileReportDocument(long SourceRows, long TargetRows, long Missing, long Different, long Extra, long Repaired, long Explained, long SoftDeleted, long InFlight,
    long RowsTravelled, bool IsCut, string StartedAt, double Seconds, IReadOnlyList<long> Map, IReadOnlyList<DriftedKeyDocument> Keys, bool IsHashedBySource, IReadOnlyList<TotalDocument> Totals);

internal sealed record TotalDocument(string Name, long Groups, long Differing, IReadOnlyList<TotalDifferenceDocument> Differences);

internal sealed record TotalDifferenceDocument(string Group, long SourceRows, long TargetRows, string? SourceSum, string? TargetSum);

internal sealed record DriftedKeyDocument(string Key, string Kind, bool IsRepaired);
