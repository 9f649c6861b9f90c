using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Diagnosis;

/// <summary>A source or a warehouse that knows what to look at in itself, beyond what any of its kind can be asked.</summary>
public interface IDiagnosable
{
    /// <summary>Looks, and changes nothing. What a login may not see is a finding, not an error.</summary>
    /// <param name="datasets">The datasets it serves.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>What was found, in the order in which people would look: the system, then its datasets.</returns>
    /// <exception cref="CdcSyncException">It can't be asked at all.</exception>
    ValueTask<IReadOnlyList<Finding>> DiagnoseAsync(IReadOnlyList<Dataset> datasets, CancellationToken ct);
}
