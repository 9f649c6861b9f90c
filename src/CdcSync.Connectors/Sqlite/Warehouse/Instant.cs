using System.Globalization;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>Instants as the control tables hold them: <c>2026-01-31T13:05:00.123456Z</c>, so that their order is the order of their text.</summary>
internal static class Instant
{
    /// <summary>SQLite's clock in that form. SQLite counts milliseconds.</summary>
    public const string Now = "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')";

    /// <summary>SQLite's clock moved by the seconds that parameter <paramref name="parameter"/> holds.</summary>
    public static string NowPlus(string parameter) => $"strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', printf('%+.3f seconds', {parameter}))";

    public static string Of(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static string? Of(DateTimeOffset? instant) => instant is { } value ? Of(value) : null;

    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.StateCorrupt"/> if the text has another form.</exception>
    public static DateTimeOffset Read(string text) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var instant)
            ? instant
            : throw new CdcSyncException(ErrorCodes.StateCorrupt, "an instant in the control tables has another form than YYYY-MM-DDTHH:MM:SS.ffffffZ.", "See docs/state.md for what belongs there. Run: cdcsync checkpoint show");

    public static DateTimeOffset? ReadOrNull(string? text) => text is null ? null : Read(text);
}
