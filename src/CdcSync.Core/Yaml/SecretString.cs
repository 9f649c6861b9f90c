using System.Diagnostics;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Yaml;

/// <summary>A value that is never shown. Knows the reference it came from and prints that.</summary>
[DebuggerDisplay("{_shown}")]
public sealed class SecretString
{
    private readonly ReferenceText _text;
    private readonly References _references;
    private readonly string _shown;

    /// <summary>Creates a secret.</summary>
    /// <param name="text">The text with references.</param>
    /// <param name="references">Resolves them.</param>
    /// <param name="shown">What people may see: the text with its references unresolved and everything else that is secret replaced.</param>
    public SecretString(ReferenceText text, References references, string shown)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(references);
        ArgumentNullException.ThrowIfNull(shown);
        _text = text;
        _references = references;
        _shown = shown;
    }

    /// <summary>The value itself, resolved anew at each call. Hand it to the driver; store, log and format it nowhere.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.UnresolvedReference"/>: the reference no longer resolves.</exception>
    public string Reveal() => _references.Resolve(_text);

    /// <summary>The reference, as in <c>${env:WAREHOUSE}</c>; never the value.</summary>
    public override string ToString() => _shown;
}
