using CdcSync.Core.Datasets;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>Reads a dataset's <c>capture</c>: a word, or a mapping for a high-water mark.</summary>
internal sealed class CaptureReader(FieldReader dataset)
{
    // The read begins this far below the last mark, and finds what longer transactions committed late.
    private static readonly TimeSpan DefaultOverlap = TimeSpan.FromMinutes(5);

    internal Capture? Read()
    {
        var accepts = dataset.Flag("acceptMissedDeletes");
        var capture = dataset.Node("capture") switch
        {
            null => new Capture.ChangeTracking(),
            YamlMap map => HighWaterMark(new FieldReader(map, dataset.Context, dataset.PathOf("capture")), accepts),
            _ => Word(),
        };
        if (accepts is not null && capture is Capture.ChangeTracking or Capture.FullRefresh) dataset.Error("acceptMissedDeletes", "this capture misses no deletes: remove the key.");
        return capture;
    }

    private Capture? Word()
    {
        if (dataset.Node("capture") is YamlScalar { Value: "high-water-mark" or "highWaterMark" })
        {
            dataset.Error("capture", "expected { highWaterMark: COLUMN, kind: KIND } with timestamp, sequence or rowversion.");
            return null;
        }
        return dataset.Choice("capture", ("change-tracking", 't'), ("full-refresh", 'f')) switch
        {
            't' => new Capture.ChangeTracking(),
            'f' => new Capture.FullRefresh(),
            _ => null,
        };
    }

    private Capture.HighWaterMark? HighWaterMark(FieldReader mark, bool? accepts)
    {
        var column = mark.RequiredText("highWaterMark");
        mark.RequiredNode("kind");
        var kind = mark.Choice("kind", ("timestamp", MarkKind.Timestamp), ("sequence", MarkKind.Sequence), ("rowversion", MarkKind.RowVersion));
        var overlap = mark.Node("overlap") is null ? (TimeSpan?)null : mark.Context.Duration(mark.Node("overlap")!, mark.PathOf("overlap"));
        if (kind is MarkKind.Sequence or MarkKind.RowVersion && overlap is not null) mark.Error("overlap", $"a {(kind is MarkKind.Sequence ? "sequence" : "rowversion")} has no overlap.");
        var stampedBy = mark.Choice("stampedBy", ("application", false), ("server", true));
        if (kind is not MarkKind.Timestamp && mark.Node("stampedBy") is not null) mark.Error("stampedBy", "is for timestamps only.");
        mark.End();
        if (accepts is not true)
            dataset.Context.Diagnostics.Error(mark.At, $"{mark.Path}: a high-water mark sees no hard deletes and no back-dated updates. Say acceptMissedDeletes: true, or use change-tracking or full-refresh.");
        return kind is { } k ? new Capture.HighWaterMark(column, k, k is MarkKind.Timestamp ? overlap ?? DefaultOverlap : TimeSpan.Zero) { IsStampedByServer = stampedBy is true } : null;
    }
}
