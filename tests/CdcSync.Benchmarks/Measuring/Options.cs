namespace CdcSync.Benchmarks.Measuring;

/// <summary>What was asked for on the command line.</summary>
/// <param name="Names">The benchmarks to run, in order.</param>
/// <param name="Runs">How often each side is measured.</param>
/// <param name="Cdcsync">The published executable that is measured as a process.</param>
/// <param name="Rows">Rows of the first load.</param>
/// <param name="Minutes">How long what goes on for a time goes on.</param>
internal sealed record Options(IReadOnlyList<string> Names, int Runs, string Cdcsync, int Rows, int Minutes)
{
    private const string Usage = "usage: ./bench.sh [NAME ...] [--runs N] [--rows N] [--minutes N]";

    /// <summary>Reads the arguments.</summary>
    /// <returns>Null where they are wrong; the reason has been written.</returns>
    public static Options? Parse(string[] args, IReadOnlyCollection<string> known)
    {
        var options = new Options([], 5, "cdcsync", 2_000_000, 1);
        var names = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : "";
            switch (args[i])
            {
                case "--runs" when int.TryParse(value, out var runs) && runs > 0:
                    options = options with { Runs = runs };
                    i++;
                    break;
                case "--rows" when int.TryParse(value, out var rows) && rows > 0:
                    options = options with { Rows = rows };
                    i++;
                    break;
                case "--minutes" when int.TryParse(value, out var minutes) && minutes > 0:
                    options = options with { Minutes = minutes };
                    i++;
                    break;
                case "--cdcsync":
                    options = options with { Cdcsync = value };
                    i++;
                    break;
                case var name when known.Contains(name):
                    names.Add(name);
                    break;
                default:
                    Console.Error.WriteLine($"'{args[i]}' is none of: {string.Join(", ", known)}\n{Usage}");
                    return null;
            }
        }
        return options with { Names = names.Count > 0 ? names : [.. known] };
    }
}
