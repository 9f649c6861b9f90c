using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Sources;

/// <summary>A source whose change tracking CdcSync can switch on. The only thing that ever writes to a source, and only when a person asks for it.</summary>
public interface ITrackingSetup
{
    /// <summary>True where changes are kept for the retention; false where they are kept until the pipeline has them.</summary>
    bool KeepsByAge => true;

    /// <summary>The statements that <see cref="EnableTrackingAsync"/> would run.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="retention">How long changes are kept at least.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>The script; empty = all the tables are tracked.</returns>
    /// <exception cref="CdcSyncException">A table is missing, is a view, or has no key.</exception>
    ValueTask<string> TrackingScriptAsync(IReadOnlyList<SourceObject.Table> tables, TimeSpan retention, CancellationToken ct);

    /// <summary>Switches change tracking on for tables, all or none.</summary>
    /// <param name="tables">The tables; those that are tracked already only get the retention.</param>
    /// <param name="retention">How long changes are kept at least; longer than the longest pause of the pipeline.</param>
    /// <param name="ct">Cancels; nothing is changed then.</param>
    /// <exception cref="CdcSyncException">A table is missing, is a view, or has no key. Nothing was changed then.</exception>
    ValueTask EnableTrackingAsync(IReadOnlyList<SourceObject.Table> tables, TimeSpan retention, CancellationToken ct);
}
