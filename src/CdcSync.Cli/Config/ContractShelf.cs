using CdcSync.Core.Contracts;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>Reads each contract file once, however many datasets name it, and reports its findings once.</summary>
internal sealed class ContractShelf(string file, string folder)
{
    private readonly Dictionary<string, DataContract?> _read = new(StringComparer.Ordinal);

    /// <summary>The contract a dataset names.</summary>
    /// <param name="dataset">The dataset, whose key <c>contract</c> gets the findings about the path.</param>
    /// <param name="path">The contract's file; relative = to the pipeline file's folder.</param>
    /// <returns>The contract; null where it can't be used, with findings.</returns>
    internal DataContract? Open(FieldReader dataset, string path)
    {
        if (ConfinedPath.Resolve(folder, path) is not { } full)
        {
            dataset.Error("contract", $"'{path}' leaves the folder of the pipeline file: move the contract, or write an absolute path.");
            return null;
        }
        if (_read.TryGetValue(full, out var known)) return known;
        if (!File.Exists(full))
        {
            dataset.Error("contract", $"there is no file '{path}' (looked for {full}).");
            return _read[full] = null;
        }
        // Named as the pipeline file is named, so that the findings of both read alike.
        var result = ContractReader.ReadFile(Path.IsPathRooted(path) ? path : Path.Combine(Path.GetDirectoryName(file) ?? "", path));
        dataset.Context.Diagnostics.AddRange(result.Findings);
        return _read[full] = result.Value;
    }
}
