namespace CdcSync.Core.Sources;

/// <summary>A source in which change tracking leaves something behind that costs when nobody reads it any more: a slot keeps the server's log for ever.</summary>
public interface ITrackingRemoval
{
    /// <summary>The statements that <see cref="RemoveTrackingAsync"/> would run.</summary>
    /// <param name="ct">Cancels.</param>
    /// <returns>The script; empty = there is nothing to remove.</returns>
    ValueTask<string> RemovalScriptAsync(CancellationToken ct);

    /// <summary>Removes what <see cref="ITrackingSetup.EnableTrackingAsync"/> made for this pipeline. Its datasets have to be loaded anew afterwards.</summary>
    /// <param name="ct">Cancels.</param>
    ValueTask RemoveTrackingAsync(CancellationToken ct);
}
