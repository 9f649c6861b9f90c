using System.CommandLine;
using System.Security.Cryptography;
using CdcSync.Cli.Commands;
using CdcSync.Cli.Output;

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

    private static readonly Option<int> Seconds = new("--seconds")
    {
        Description = "How long the shop is changed.",
        HelpName = "N",
        DefaultValueFactory = _ => 20,
        Validators = { CommonOptions.Between(1, 3600) },
    };

    private static readonly Option<int?> Seed = new("--seed") { Description = "Makes the same shop and the same kinds of changes again.", HelpName = "N" };

    private static readonly Option<string?> Folder = new("--folder") { Description = "Puts everything there, and leaves it.", HelpName = "DIR" };

    private static readonly Option<bool> Keep = new("--keep") { Description = "Goes on after the comparison, with the endpoint, until Ctrl-C; removes nothing." };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("demo", "Watch a changing shop database flow into a warehouse, and compare both.") { Warehouse, Seconds, Seed, Folder, Keep };
        command.SetAction(async (parsed, ct) =>
        {
            var warehouse = parsed.GetRequiredValue(Warehouse);
            var options = new DemoOptions(
                warehouse == "sqlite" ? null : warehouse,
                TimeSpan.FromSeconds(parsed.GetRequiredValue(Seconds)),
                parsed.GetValue(Seed) ?? RandomNumberGenerator.GetInt32(1, 1_000_000),
                parsed.GetValue(Folder),
                parsed.GetValue(Keep));
            return (int)await new DemoRun(options, terminal, TimeProvider.System).RunAsync(ct);
        });
        return command;
    }
}
