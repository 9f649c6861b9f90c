using System.Security.Cryptography;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Demo;

/// <summary>The demo's folder: a pipeline as anyone would write it, its contract, its secrets, its databases. Every command works in it.</summary>
internal sealed class DemoFolder : IDisposable
{
    /// <summary>What the names of temporary folders begin with.</summary>
    public const string Prefix = "cdcsync-demo-";

    /// <summary>The pipeline file's name.</summary>
    public const string PipelineFile = "cdcsync.yaml";

    /// <summary>The file with the connection string of a warehouse that is not a file.</summary>
    public const string WarehouseSecret = "secrets/warehouse";

    private readonly FileStream? _lock;

    private DemoFolder(string path, bool stays)
    {
        Path = path;
        Stays = stays;
        // Held as long as the process lives: says to the sweep that this folder is in use, and that it goes.
        _lock = stays ? null : new FileStream(In(DemoSweep.LockFile), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
    }

    /// <summary>True if it is left behind, with all that is in it.</summary>
    public bool Stays { get; }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The pipeline file.</summary>
    public string Config => In(PipelineFile);

    /// <summary>The shop's database.</summary>
    public string Shop => In("shop.db");

    /// <summary>The warehouse, where it is a SQLite file.</summary>
    public string Warehouse => In("warehouse.db");

    /// <summary>The key of the masked e-mail addresses, as bytes.</summary>
    public byte[] MaskKey => File.ReadAllBytes(In("secrets/pii.key"));

    /// <summary>Makes the folder and writes the pipeline into it.</summary>
    /// <param name="options">What the demo was asked for.</param>
    /// <param name="pipeline">The pipeline's name, and the schema's on PostgreSQL.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.WrongUsage"/>: the folder has something in it.</exception>
    public static DemoFolder Create(DemoOptions options, string pipeline)
    {
        var path = options.Folder is { } given ? System.IO.Path.GetFullPath(given) : Directory.CreateTempSubdirectory(Prefix).FullName;
        if (options.Folder is not null && Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
            throw new CdcSyncException(ErrorCodes.WrongUsage, $"the folder {path} is not empty.", "Name another one, or none for a temporary one. Run: cdcsync demo --folder DIR");
        var folder = new DemoFolder(path, options.Keep || options.Folder is not null);
        Directory.CreateDirectory(folder.In("contracts"));
        Directory.CreateDirectory(folder.In("secrets"));
        File.WriteAllText(folder.Config, PipelineYaml(pipeline, options.Warehouse is null ? SqliteYaml : PostgresYaml(pipeline)));
        File.WriteAllText(folder.In("contracts/shop.odcs.yaml"), ContractYaml());
        WriteSecret(folder.In("secrets/pii.key"), RandomNumberGenerator.GetHexString(64, lowercase: true));
        if (options.Warehouse is not null)
            WriteSecret(folder.In(WarehouseSecret), options.Warehouse);
        return folder;
    }

    /// <summary>Removes it, unless it stays.</summary>
    public void Dispose()
    {
        if (Stays)
            return;
        Directory.Delete(Path, recursive: true);
        _lock!.Dispose();
    }

    private const string SqliteYaml = "{ kind: sqlite, path: ./warehouse.db }";

    private static string PostgresYaml(string schema) => $$"""{ kind: postgres, connection: "${file:{{WarehouseSecret}}}", schema: {{schema}} }""";

    private static string PipelineYaml(string pipeline, string warehouse) => $$"""
        # The pipeline of `cdcsync demo`. In this folder every command works on it: cdcsync status, history, checkpoint show …
        pipeline: {{pipeline}}

        sources:
          shop: { kind: sqlite, path: ./shop.db }

        warehouse: {{warehouse}}

        # The key of the masked e-mail addresses stands in a file of its own, never here.
        keys: { pii: "${file:secrets/pii.key}" }

        defaults: { interval: 1s }

        datasets:
          # Only customers who consented; a withdrawal travels as an erase.
          customers: { source: shop, object: customers, contract: contracts/shop.odcs.yaml#customers }

          # No order without its lines, no line without its order: both publish in one transaction.
          orders: { source: shop, object: orders, contract: contracts/shop.odcs.yaml#orders, group: sales }
          order_lines: { source: shop, object: order_lines, contract: contracts/shop.odcs.yaml#order_lines, group: sales }

          # Found by their updated_at, which may be stamped a few seconds late: within the overlap none is missed, and nothing
          # younger is promised to be complete.
          # A mark never sees a hard delete; the shop deletes no returns, and that is accepted here in so many words.
          returns:
            source: shop
            object: returns
            contract: contracts/shop.odcs.yaml#returns
            capture: { highWaterMark: updated_at, kind: timestamp, overlap: 10s }
            acceptMissedDeletes: true
        """;

    private static string ContractYaml()
    {
        using var reader = new StreamReader(typeof(DemoFolder).Assembly.GetManifestResourceStream("shop.odcs.yaml")!);
        return reader.ReadToEnd();
    }

    private static void WriteSecret(string path, string secret)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(path, options);
        writer.Write(secret);
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
