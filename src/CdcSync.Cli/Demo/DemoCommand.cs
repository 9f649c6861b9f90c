using System.CommandLine;
using System.Security.Cryptography;
using CdcSync.Cli.Commands;
using CdcSync.Cli.Output;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Demo;

/// <summary><c>demo</c>: the whole system on embedded parts, alone.</summary>
internal static class DemoCommand
{
    private static readonly Option<string> Warehouse = new("--warehouse")
    {
        Description = "sqlite, or a PostgreSQL connection string; the demo makes a schema of its own there and removes it afterwards.",
        HelpName = "sqlite|CONNECTION",
        DefaultValueFactory = _ => "sqlite",
    };

    private const int DefaultSeconds = 20;

    private static readonly Option<int?> Seconds = CommonOptions.Number("--seconds", null, "N", $"How long the shop is changed; default {DefaultSeconds}.", 1, 3600);

    private static readonly Option<int?> Seed = CommonOptions.Number("--seed", null, "N", "Makes the same shop and the same kinds of changes again.", 0, int.MaxValue);

    private static readonly Option<string?> Folder = new("--folder") { Description = "Puts everything there, and leaves it.", HelpName = "DIR" };

    private static readonly Option<bool> Keep = new("--keep") { Description = "Goes on after the comparison, with the endpoint, until Ctrl-C; removes nothing." };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("demo", "Watch a changing shop database flow into a warehouse, and compare both.") { Warehouse, Seconds, Seed, Folder, Keep, CommonOptions.JsonLines };
        command.Validators.Add(result =>
        {
            // A connection string has a key with a value, or is an address; anything else is a word, and the wrong one.
            if (result.GetResult(Warehouse) is { Tokens: [{ Value: var warehouse }] }
                && warehouse != "sqlite" && !warehouse.Contains('=', StringComparison.Ordinal) && !warehouse.Contains("://", StringComparison.Ordinal))
                result.AddError($"--warehouse: expected sqlite or a PostgreSQL connection string, found '{warehouse}'.{Suggestion.For(warehouse, ["sqlite"])}");
        });
        command.SetAction(async (parsed, ct) =>
        {
            var warehouse = parsed.GetRequiredValue(Warehouse);
            var options = new DemoOptions(
                warehouse == "sqlite" ? null : warehouse,
                TimeSpan.FromSeconds(parsed.GetValue(Seconds) ?? DefaultSeconds),
                parsed.GetValue(Seed) ?? RandomNumberGenerator.GetInt32(1, 1_000_000),
                parsed.GetValue(Folder),
                parsed.GetValue(Keep))
            { IsJson = parsed.GetValue(CommonOptions.JsonLines) };
            return (int)await new DemoRun(options, terminal, TimeProvider.System).RunAsync(ct);
        });
        return command;
    }
}
