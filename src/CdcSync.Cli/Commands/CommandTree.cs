using System.CommandLine;
using CdcSync.Cli.Demo;
using CdcSync.Cli.Output;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Commands;

/// <summary>All verbs, in the order in which people meet them.</summary>
internal static class CommandTree
{
    public static RootCommand Create(Terminal terminal)
    {
        var root = new RootCommand("Keeps warehouse tables equal to operational ones, in micro-batches that nobody sees half.")
        {
            CommonOptions.Config,
            CommonOptions.RootJson,
            DemoCommand.Create(terminal),
            InitCommand.Create(terminal),
            ValidateCommand.Create(terminal),
            ContractCommand.Create(terminal),
            DoctorCommand.Create(terminal),
            DiscoverCommand.Create(terminal),
            GrantsCommand.Create(terminal),
            MigrateCommand.Create(terminal),
            SyncCommand.Create(terminal),
            RunCommand.Create(terminal),
            StatusCommand.Create(terminal),
            CheckpointCommand.Create(terminal),
            HistoryCommand.Create(terminal),
            ReconcileCommand.Create(terminal),
            BackfillCommand.Create(terminal),
            QuarantineCommand.Create(terminal),
            PauseCommand.Pause(terminal),
            PauseCommand.Resume(terminal),
            ResyncCommand.Create(terminal),
            RebuildCommand.Create(terminal),
            ForgetCommand.Create(terminal),
        };
        HelpExamples.AddTo(root, terminal);
        root.SetAction(parsed =>
        {
            if (CommonOptions.AsksForJson(parsed))
                throw new CdcSyncException(ErrorCodes.WrongUsage, "a command is missing.", "Run: cdcsync --help");
            root.Parse("--help").Invoke();
            return (int)ExitCode.Usage;
        });
        return root;
    }
}
