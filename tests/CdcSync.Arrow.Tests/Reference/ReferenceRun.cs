using System.Diagnostics;
using CdcSync.Arrow.Tests.Ipc;

namespace CdcSync.Arrow.Tests.Reference;

/// <summary>
/// One conversation with the reference JavaScript implementation: what we wrote of every type, read there; what was written there, for us to read. Skipped where
/// node or the packages are missing; on the build server (CI=true) that is a failure.
/// </summary>
public sealed class ReferenceRun : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"arrow-{Guid.CreateVersion7()}");
    private readonly Lazy<string?> _missing;

    public ReferenceRun() => _missing = new(Talk);

    /// <summary>What is sent in both directions: values of every type with nulls, a slice that starts inside a byte, no rows at all, and everything side by side.</summary>
    internal static IReadOnlyList<(string Name, Schema Schema, RecordBatch[] Batches)> Samples { get; } =
    [
        .. Columns.AllTypes.Select(type => Sample($"{type}", new([new("value", type, nullable: true, new Dictionary<string, string> { ["unit"] = "€" })]), seed: 17)),
        Sample("all types", IpcFiles.OfAllTypes, seed: 23),
    ];

    /// <summary>A file of the run, by name; skips the test where there is no node.</summary>
    internal string PathTo(string file)
    {
        if (_missing.Value is { } missing)
        {
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(missing);
            Assert.Skip(missing);
        }
        return Path.Combine(_folder, file);
    }

    internal static string FileOf(string sample) => $"type-{Samples.Select(s => s.Name).ToList().IndexOf(sample)}";

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private static (string, Schema, RecordBatch[]) Sample(string name, Schema schema, int seed)
    {
        var batch = IpcFiles.Sample(schema, 61, seed);
        return (name, schema, [batch, batch.Slice(0, 0), batch.Slice(3, 20)]);
    }

    private string? Talk()
    {
        var script = Path.Combine(Scripts(), "reference.mjs");
        if (!Directory.Exists(Path.Combine(Scripts(), "node_modules", "apache-arrow"))) return "The reference implementation is not installed: run npm ci in tests/CdcSync.Arrow.Tests/Reference.";
        Directory.CreateDirectory(Path.Combine(_folder, "theirs"));
        foreach (var (name, schema, batches) in Samples)
        {
            var file = Path.Combine(_folder, FileOf(name));
            File.WriteAllBytes(file + ".stream", IpcFiles.ToStream(schema, batches));
            File.WriteAllBytes(file + ".arrow", IpcFiles.ToFile(schema, batches));
            File.WriteAllLines(Path.Combine(_folder, "theirs", FileOf(name) + ".jsonl"), Texts.Lines(schema, batches));
        }
        var theirs = Path.Combine(_folder, "theirs");
        return Node(script, "read", _folder) ?? Node(script, "write", theirs) ?? Node(script, "dictionaries", theirs) ?? Node(script, "compressed", theirs);
    }

    private static string? Node(string script, string command, string folder)
    {
        try
        {
            using var node = Process.Start(new ProcessStartInfo("node", [script, command, folder]) { RedirectStandardError = true })!;
            var errors = node.StandardError.ReadToEndAsync();
            if (!node.WaitForExit(TimeSpan.FromMinutes(2)))
            {
                node.Kill(entireProcessTree: true);
                throw new TimeoutException($"node {command} did not end within two minutes.");
            }
            return node.ExitCode == 0 ? null : throw new InvalidOperationException($"node {command} failed: {errors.Result}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "node is not installed.";
        }
    }

    private static string Scripts() => Path.Combine(IpcFiles.Repository, "tests", "CdcSync.Arrow.Tests", "Reference");
}
