using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Source.Ranges;

/// <summary>
/// A key as SQLite has it, type and bytes kept: the bound of a range. As text a JSON array: <c>5</c> an integer, <c>"a"</c> a text, <c>{"real":"1.5"}</c>,
/// <c>{"blob":"00ff"}</c>, <c>{"text":"ff"}</c> for a text that is not valid UTF-8.
/// </summary>
/// <param name="Parts">The key's parts; never NULL.</param>
internal sealed record KeyBound(IReadOnlyList<KeyPart> Parts)
{
    /// <summary>The key in some columns of a statement's row.</summary>
    /// <param name="row">The statement; none of the columns is NULL.</param>
    /// <param name="first">The first column.</param>
    /// <param name="count">How many.</param>
    public static KeyBound Of(Statement row, int first, int count) => new([.. Enumerable.Range(first, count).Select(column => row.Type(column) switch
    {
        raw.SQLITE_INTEGER => (KeyPart)new KeyPart.Integer(row.Integer(column)),
        raw.SQLITE_FLOAT => new KeyPart.Real(row.Real(column)),
        raw.SQLITE_TEXT => new KeyPart.Text(row.Bytes(column).ToArray()),
        raw.SQLITE_BLOB => new KeyPart.Blob(row.Bytes(column).ToArray()),
        _ => throw new InvalidOperationException("NULL is no bound"),
    })]);

    /// <summary>Binds the parts as parameters.</summary>
    /// <param name="to">The statement.</param>
    /// <param name="first">The first parameter, from 1.</param>
    public void Bind(Statement to, int first)
    {
        for (var i = 0; i < Parts.Count; i++)
            Parts[i].Bind(to, first + i);
    }

    /// <summary>The text form; equal keys have equal text.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartArray();
            foreach (var part in Parts) part.Write(json);
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads the text form.</summary>
    /// <param name="json">What <see cref="ToJson"/> wrote.</param>
    /// <param name="count">How many parts the key has.</param>
    /// <returns>Null if it is another, or has another number of parts.</returns>
    public static KeyBound? Parse(string json, int count)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var parts = document.RootElement.EnumerateArray().Select(Part).ToList();
            return parts.Count == count && !parts.Contains(null) ? new KeyBound(parts!) : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    private static KeyPart? Part(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Number) return new KeyPart.Integer(json.GetInt64());
        if (json.ValueKind == JsonValueKind.String) return new KeyPart.Text(Encoding.UTF8.GetBytes(json.GetString()!));
        var typed = json.EnumerateObject().Single();
        var value = typed.Value.GetString()!;
        return typed.Name switch
        {
            "real" => new KeyPart.Real(double.Parse(value, CultureInfo.InvariantCulture)),
            "blob" => new KeyPart.Blob(Convert.FromHexString(value)),
            "text" => new KeyPart.Text(Convert.FromHexString(value)),
            _ => null,
        };
    }
}

/// <summary>A value in a key.</summary>
internal abstract record KeyPart
{
    /// <summary>Binds it as a parameter of its own type.</summary>
    public abstract void Bind(Statement to, int parameter);

    /// <summary>Writes it as JSON.</summary>
    public abstract void Write(Utf8JsonWriter json);

    /// <summary>A 64-bit integer.</summary>
    public sealed record Integer(long Value) : KeyPart
    {
        public override void Bind(Statement to, int parameter) => to.Bind(parameter, Value);

        public override void Write(Utf8JsonWriter json) => json.WriteNumberValue(Value);
    }

    /// <summary>A real number.</summary>
    public sealed record Real(double Value) : KeyPart
    {
        public override void Bind(Statement to, int parameter) => to.Bind(parameter, Value);

        public override void Write(Utf8JsonWriter json) => Typed(json, "real", Value.ToString("R", CultureInfo.InvariantCulture));
    }

    /// <summary>A text.</summary>
    public sealed record Text(byte[] Utf8Bytes) : KeyPart
    {
        public override void Bind(Statement to, int parameter) => to.BindText(parameter, Utf8Bytes);

        public override void Write(Utf8JsonWriter json)
        {
            if (Utf8.IsValid(Utf8Bytes)) json.WriteStringValue(Utf8Bytes);
            else Typed(json, "text", Convert.ToHexStringLower(Utf8Bytes));
        }
    }

    /// <summary>A blob.</summary>
    public sealed record Blob(byte[] Bytes) : KeyPart
    {
        public override void Bind(Statement to, int parameter) => to.BindBlob(parameter, Bytes);

        public override void Write(Utf8JsonWriter json) => Typed(json, "blob", Convert.ToHexStringLower(Bytes));
    }

    private static void Typed(Utf8JsonWriter json, string type, string value)
    {
        json.WriteStartObject();
        json.WriteString(type, value);
        json.WriteEndObject();
    }
}
